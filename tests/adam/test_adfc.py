"""Categorical findings: normal, abnormal or not done, the baseline, and no row lost without a word."""

import pandas as pd
import pytest

from crf2csr import dates
from crf2csr.adam import adfc
from crf2csr.errors import Cause

pytestmark = pytest.mark.req("URS-ADA-11")

SPEC = {
    "variables": {"SAFFL": {}},
    "parameters": [
        {
            "code": "PREG",
            "label": "Pregnancy Test",
            "category": "PREGNANCY TEST",
            "of": "lb",
            "where": {"LBTESTCD": "HCG"},
            "normal": ["NEGATIVE"],
        },
    ],
}


def made(*results, spec=SPEC):
    rows = [("S", n, "HCG", result, on) for n, (result, on) in enumerate(results, start=1)]
    lb = pd.DataFrame(
        [*rows, ("S", 9, "ALT", "30", "2026-03-01")],
        columns=["USUBJID", "LBSEQ", "LBTESTCD", "LBSTRESC", "LBDTC"],
    ).astype({"LBTESTCD": "str", "LBSTRESC": "str", "LBDTC": "str", "USUBJID": "str"})
    lb = lb.where(lb.notna()).assign(VISIT="V", VISITNUM=1.0)
    day = dates.to_day(pd.Series(["2026-03-01"], dtype="str"))
    adsl = pd.DataFrame({"USUBJID": pd.Series(["S"], dtype="str"), "TRTSDT": day, "SAFFL": "Y"})
    return adfc.derive(adsl, lb=lb, spec=spec, page={}, lists={})


def test_a_result_is_normal_abnormal_or_not_done():
    data = made(("NEGATIVE", "2026-02-20"), ("POSITIVE", "2026-03-30"), (None, "2026-04-30")).data
    assert data["AVALCAT1"].tolist() == ["NORMAL", "ABNORMAL", "NOT DONE"]


@pytest.mark.req("URS-ADA-03")
def test_the_baseline_is_the_last_result_on_or_before_the_first_dose():
    data = made(("NEGATIVE", "2026-02-20"), ("POSITIVE", "2026-03-01"), ("NEGATIVE", "2026-03-02")).data
    assert data["ABLFL"].fillna("").tolist() == ["", "Y", ""]
    assert data["ONTRTFL"].fillna("").tolist() == ["", "", "Y"]


@pytest.mark.req("URS-ACC-02")
def test_rows_that_are_no_parameter_are_in_the_ledger():
    lost = made(("NEGATIVE", "2026-02-20")).ledger.frame().query("ROWS_LOST > 0")
    assert lost[["REASON", "ROWS_LOST"]].values.tolist() == [["not a parameter of ADFC", 1]]


def test_a_domain_that_is_no_source_is_refused():
    strange = SPEC | {"parameters": [SPEC["parameters"][0] | {"of": "mb"}]}
    with pytest.raises(Cause, match="not among the sources"):
        made(("NEGATIVE", "2026-02-20"), spec=strange)
