"""Peaks, quadrants and Hy's law on small tables: each case is the results of one subject after baseline."""

import pandas as pd
import pytest

from crf2csr.adam import _hepatic

pytestmark = pytest.mark.req("URS-ADA-09")

RULE = {
    "enzymes": ["ALT", "AST"],
    "enzyme_times": 3,
    "bilirubin": "BILI",
    "bilirubin_times": 2,
    "alp": "ALP",
    "alp_times": 2,
    "days": 30,
    "peak_enzyme": "PKENZ",
    "peak_bilirubin": "PKBILI",
    "quadrant": "LIVQUAD",
    "candidate": "HYSLAW",
}


def derived(*results):
    """Results are (test, day, ratio); a ratio of None is a result whose limit is missing."""
    rows = pd.DataFrame(results, columns=["PARAMCD", "ADT", "R2A1HI"]).astype({"R2A1HI": "float64", "ADT": "Int64"})
    rows = rows.assign(USUBJID="S", AVAL=1.0, POST=True)
    rows["_KEY"] = "L" + rows.index.astype("str")
    people = pd.DataFrame(index=pd.Index(["S"], name="USUBJID"))
    made, edges = _hepatic.derive(rows, people, rows["ADT"] > 200, RULE)
    return made.set_index("PARAMCD"), edges


@pytest.mark.parametrize(
    "results, quadrant, candidate",
    [
        ([("ALT", 10, 1.0), ("BILI", 10, 1.0)], "Normal or near normal", "No"),
        ([("ALT", 10, 3.0), ("BILI", 10, 1.9)], "Aminotransferase alone (Temple's corollary)", "No"),
        ([("ALT", 10, 2.9), ("BILI", 10, 2.0)], "Bilirubin alone (cholestasis)", "No"),
        (
            [("AST", 10, 3.0), ("BILI", 10, 2.0), ("ALP", 10, 1.9)],
            "Both (Hy's law quadrant)",
            "Yes, alkaline phosphatase < 2 x ULN",
        ),
        (
            [("AST", 10, 3.0), ("BILI", 40, 2.0), ("ALP", 40, 2.0)],
            "Both (Hy's law quadrant)",
            "Yes, alkaline phosphatase >= 2 x ULN",
        ),
        ([("AST", 10, 3.0), ("BILI", 40, 2.0)], "Both (Hy's law quadrant)", "Yes, alkaline phosphatase not known"),
        (
            [("AST", 10, 3.0), ("BILI", 40, 2.0), ("ALP", 40, None)],
            "Both (Hy's law quadrant)",
            "Yes, alkaline phosphatase not known",
        ),
        ([("AST", 10, 3.0), ("BILI", 41, 2.0), ("ALP", 41, 1.0)], "Both (Hy's law quadrant)", "No"),
        ([("AST", 10, 3.0), ("BILI", 9, 2.0), ("ALP", 9, 1.0)], "Both (Hy's law quadrant)", "No"),
        ([("AST", 300, 5.0), ("AST", 10, 1.0), ("BILI", 10, 1.0)], "Normal or near normal", "No"),
    ],
)
def test_the_quadrant_and_the_candidate_follow_the_peaks_and_their_days(results, quadrant, candidate):
    made, _ = derived(*results)
    assert made.loc["LIVQUAD", "AVALC"] == quadrant
    assert made.loc["HYSLAW", "AVALC"] == candidate


@pytest.mark.parametrize(
    "results, reason",
    [
        ([("BILI", 10, 1.0)], _hepatic.NOT_SEEN),
        ([("ALT", 10, None), ("BILI", 10, 1.0)], _hepatic.NO_LIMIT),
        ([("ALT", 10, 5.0), ("BILI", 10, None)], _hepatic.NO_LIMIT),
    ],
)
def test_who_cannot_be_judged_is_counted_with_the_reason(results, reason):
    made, _ = derived(*results)
    assert pd.isna(made.loc["LIVQUAD", "AVAL"]) and made.loc["LIVQUAD", "AREAS"] == reason
    assert pd.isna(made.loc["HYSLAW", "AVAL"]) and made.loc["HYSLAW", "AREAS"] == reason


def test_a_peak_is_the_highest_ratio_of_its_tests_and_leads_to_its_result():
    made, edges = derived(("ALT", 10, 1.5), ("AST", 20, 2.5), ("BILI", 20, 0.5), ("ALP", 20, 0.4))
    assert made.loc["PKENZ", "AVAL"] == 2.5 and made.loc["PKENZ", "ADT"] == 20
    of = edges.groupby("KEY")["SRCKEY"].agg(sorted)
    assert of["PKENZ|S"] == ["L1"]
    assert of["HYSLAW|S"] == ["L0", "L1", "L2", "L3"]
