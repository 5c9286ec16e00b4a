"""The mean cumulative function against R's survfit of recurrent events, by hand, and by properties."""

import json
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crf2csr.ard import mean_cumulative
from crf2csr.errors import Cause
from tests.ard._tables import members, run, stat, subjects

pytestmark = pytest.mark.req("URS-ARD-13")

R = """
library(survival)
d <- jsonlite::fromJSON(file("stdin"))
rows <- do.call(rbind, lapply(seq_along(d$end), function(i) {
  days <- sort(unlist(d$day)[unlist(d$subject) == i - 1])
  data.frame(id = i, t1 = c(0, days), t2 = c(days, d$end[i] + 0.5), event = c(rep(1, length(days)), 0))
}))
rows <- rows[rows$t2 > rows$t1, ]
fit <- survfit(Surv(t1, t2, event) ~ 1, data = rows, id = id)
keep <- fit$n.event > 0
cat(jsonlite::toJSON(list(mcf = fit$cumhaz[keep], se = fit$std.chaz[keep]), digits = 15))
"""


def test_the_curve_and_its_robust_standard_error_agree_with_r():
    end = [84.0, 30.0, 112.0, 60.0, 98.0, 14.0]
    subject, day = [0, 0, 1, 2, 2, 2, 4, 5], [3.0, 50.0, 12.0, 5.0, 12.0, 100.0, 77.0, 2.0]
    command = shutil.which("Rscript")
    assert command, "Rscript is needed for this test (Debian packages r-base-core, r-cran-survival, r-cran-jsonlite)"
    said = subprocess.run(
        [command, "-e", R],
        input=json.dumps({"end": end, "subject": subject, "day": day}),
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(said.stdout)
    made = mean_cumulative.curve(np.array(end), np.array(subject), np.array(day))
    np.testing.assert_allclose(made.mcf, found["mcf"], rtol=1e-12)
    np.testing.assert_allclose(made.se, found["se"], rtol=1e-10)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=1, max_size=12))
def test_with_one_end_for_all_the_mean_is_the_number_of_events_over_subjects(counts):
    subject = np.repeat(np.arange(len(counts)), counts)
    day = np.concatenate([np.arange(1.0, n + 1) for n in counts]) if sum(counts) else np.zeros(0)
    made = mean_cumulative.curve(np.full(len(counts), 50.0), subject, day)
    if sum(counts):
        assert made.mcf[-1] == pytest.approx(sum(counts) / len(counts))
        assert made.se[-1] == pytest.approx(np.std(counts) / np.sqrt(len(counts)), abs=1e-12)
        assert (np.diff(made.mcf) > 0).all()


def analysed(days, **options):
    adsl = subjects(
        3, TRTSDT=pd.array([100, 100, None], dtype="Int64"), RISKEDT=pd.array([149, 119, 119], dtype="Int64")
    )
    adae = pd.DataFrame({"USUBJID": [s for s, _ in days], "ASTDT": pd.array([d for _, d in days], dtype="Int64")})
    spec = {"dataset": "adae", "options": {"end": "RISKEDT", "grid": {"Day 10": 10, "Day 90": 90}, **options}}
    return run(mean_cumulative, spec, {"adsl": adsl, "adae": adae.astype({"USUBJID": "str"})})


def test_events_without_a_date_or_outside_the_time_at_risk_are_counted_apart():
    facts, sets, _ = analysed([("1", 100), ("1", 105), ("2", None), ("2", 140), ("3", 101)])
    assert stat(facts, "N") == 2 and stat(facts, "n_no_time") == 1
    assert members(facts, sets, "events") == ("adae", [0, 1])
    assert members(facts, sets, "n_undated") == ("adae", [2]) and members(facts, sets, "n_outside") == ("adae", [3])
    assert stat(facts, "mcf", variable_level="Day 10") == 1.0


def test_beyond_the_last_follow_up_the_mean_is_undefined_with_a_warning():
    facts, _, _ = analysed([("1", 100)])
    late = facts[(facts["stat_name"] == "mcf") & (facts["variable_level"] == "Day 90")]
    assert late["stat"].isna().all() and late["warning"].tolist() == ["nobody was followed so long"]


def test_no_event_gives_a_mean_of_zero_without_an_interval():
    facts, _, _ = analysed([])
    assert stat(facts, "mcf", variable_level="Day 10") == 0
    assert np.isnan(stat(facts, "mcf_low", variable_level="Day 10"))


def test_an_unknown_date_is_refused():
    with pytest.raises(Cause, match="not a variable of ADSL"):
        analysed([], end="NOSUCH")
