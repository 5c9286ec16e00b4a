import numpy as np
import pandas as pd
import pytest

from crf2csr.ard import rates
from tests.ard._tables import data, members, oracle, run, stat, subjects

pytestmark = pytest.mark.req("URS-ARD-13")

ORACLE = oracle("02_poisson")
WHERE = {"any": {}, "related": {"AEREL": "Y"}, "severe": {"AESEV": "SEVERE"}, "headache": {"AEDECOD": "HEADACHE"}}
PAGE = {"arms": [{"label": "A"}], "study": {"cutoff": "2026-10-15"}, "days": 28}


@pytest.mark.parametrize("case", ["zero", "large"])
def test_the_exact_interval_agrees_with_r(case):
    want = ORACLE[case]
    np.testing.assert_allclose(np.array(rates.garwood(want["x"], 0.95)) / want["T"], want["ci95"], rtol=1e-12)


def test_the_exact_interval_agrees_with_the_published_one():
    want = ORACLE["published"]["a"]
    np.testing.assert_allclose(np.array(rates.garwood(137, 0.95)) / want["T"], want["ci95"], rtol=1e-12)


@pytest.mark.parametrize("case", list(ORACLE["first_occurrence"]))
def test_time_to_the_first_event_gives_the_rates_of_r(case):
    people = data("data/subjects").assign(TRT01P="A", TRTSDT=pd.array([1] * 60, dtype="Int64"))
    people["END"] = people["ENDDY"].astype("Int64")
    ae = data("data/ae").assign(ASTDT=lambda d: d["AESTDY"].astype("Int64"))
    spec = {"dataset": "adae", "options": {"ends": {"END": 0}, "lines": [{"id": "x", "where": WHERE[case]}]}}
    facts, _, _ = run(rates, spec, {"adsl": people, "adae": ae}, PAGE)
    want = ORACLE["first_occurrence"][case]
    assert stat(facts, "n") == want["x"]
    np.testing.assert_allclose(stat(facts, "years"), want["T"], rtol=1e-12)
    got = [stat(facts, "rate"), stat(facts, "rate_low"), stat(facts, "rate_high")]
    np.testing.assert_allclose(got, [want["per100"], *want["per100_ci"]], rtol=1e-11)


def test_without_an_event_the_upper_limit_is_shown():
    facts, _, _ = one_subject([])
    assert (stat(facts, "rate"), stat(facts, "rate_low")) == (0, 0)
    assert stat(facts, "rate_high") > 0


def one_subject(dates, **columns):
    adsl = subjects(2, TRTSDT=pd.array([100, 100], dtype="Int64"), TRTEDT=pd.array([150, None], dtype="Int64")).assign(
        **columns
    )
    adae = pd.DataFrame(
        {"USUBJID": pd.Series(["1"] * len(dates), dtype="str"), "ASTDT": pd.array(dates, dtype="Int64")}
    )
    spec = {"dataset": "adae", "options": {"ends": {"TRTEDT": "days", "cutoff": 0}, "lines": [{"id": "x"}]}}
    return run(rates, spec, {"adsl": adsl, "adae": adae}, PAGE)


def test_risk_ends_at_the_earliest_known_end():
    facts, _, _ = one_subject([110])
    cutoff = 20741  # 2026-10-15, the only end of the second subject
    assert stat(facts, "years") == pytest.approx((11 + cutoff - 100 + 1) / 365.25)


def test_an_event_without_a_date_counts_with_time_to_the_end_and_is_said():
    facts, sets, _ = one_subject([None])
    assert (stat(facts, "n"), stat(facts, "n_undated")) == (1, 1)
    assert members(facts, sets, "n_undated") == ("adsl", [0])


def test_a_subject_without_a_first_dose_has_no_time_and_is_counted():
    facts, _, _ = one_subject([], TRTSDT=pd.array([100, None], dtype="Int64"))
    assert (stat(facts, "N"), stat(facts, "n_no_time")) == (1, 1)
