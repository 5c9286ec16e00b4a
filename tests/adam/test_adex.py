"""ADEX on small tables."""

import pandas as pd
import pytest

from crf2csr import dates, specs
from crf2csr.adam import _exposure, adex

pytestmark = pytest.mark.req("URS-ADA-10")

ARMS = [{"code": "A", "label": "Drug", "dose": {"a_day": 4, "unit": "mg", "units_a_day": 1}}]


def _adsl(first="2026-03-01", last="2026-03-28"):
    day = dates.to_day(pd.Series([first, last], dtype="str"))
    return pd.DataFrame(
        {
            "USUBJID": ["S"],
            "SUBJID": ["1"],
            "SAFFL": ["Y"],
            "TRT01A": ["Drug"],
            "TRTSDT": day[:1].to_numpy(),
            "TRTEDT": day[1:].to_numpy(),
        }
    ).astype({"TRTSDT": "Int64", "TRTEDT": "Int64"})


def _ex(*intervals):
    rows = [{"EXSTDTC": s, "EXENDTC": e, "EXDOSE": d, "EXDOSFRQ": f} for s, e, d, f in intervals]
    return (
        pd.DataFrame(rows)
        .astype({"EXSTDTC": "str", "EXENDTC": "str"})
        .assign(USUBJID="S", EXSEQ=range(1, len(rows) + 1))
    )


def _da(*visits):
    rows = [
        {"VISITNUM": n, "DADTC": day, "DATESTCD": code, "DASTRESN": float(value)}
        for n, (day, given, back) in enumerate(visits)
        for code, value in (("DISPAMT", given), ("RETAMT", back))
        if value is not None
    ]
    columns = ["VISITNUM", "DADTC", "DATESTCD", "DASTRESN"]
    return pd.DataFrame(rows, columns=columns).assign(USUBJID="S", DASEQ=range(1, len(rows) + 1), _REC="DA:2")


ALL = [("2026-03-01", "2026-03-28", 4.0, "QD")]
COUNTS = [("2026-03-01", 28, 0), ("2026-03-15", 14, 14), ("2026-03-29", 0, 0)]


def _made(intervals=ALL, visits=COUNTS, **adsl):
    spec = specs.read_yaml("config/adam/adex.yaml")
    made = adex.derive(
        _adsl(**adsl),
        _ex(*intervals),
        _da(*visits),
        spec=spec,
        page={"arms": ARMS, "compliance": {"from": 80, "to": 120}},
        lists={},
    )
    return made, made.data.set_index("PARAMCD")


def test_full_exposure():
    _, rows = _made()
    want = {
        "TDUR": 28,
        "DDUR": 28,
        "NINTR": 0,
        "DINTR": 0,
        "TDOSE": 112,
        "ADOSE": 4,
        "RDI": 100,
        "NADJ": 0,
        "TDISP": 42,
        "TRET": 14,
        "TSCHED": 28,
        "COMPL": 100,
    }
    assert rows["AVAL"].to_dict() == want and rows["AREAS"].isna().all()


def test_a_gap_is_an_interruption_whether_recorded_or_not():
    _, rows = _made([("2026-03-01", "2026-03-10", 4.0, "QD"), ("2026-03-14", "2026-03-28", 4.0, "QD")])
    assert rows.loc[["DDUR", "NINTR", "DINTR", "TDOSE"], "AVAL"].tolist() == [25, 1, 3, 100]


def test_a_day_in_two_intervals_counts_once_as_a_day_and_twice_as_dose():
    _, rows = _made([("2026-03-01", "2026-03-20", 4.0, "QD"), ("2026-03-19", "2026-03-28", 4.0, "QD")])
    assert rows.loc[["DDUR", "NINTR", "TDOSE"], "AVAL"].tolist() == [28, 0, 120]


def test_an_interval_inside_another_does_not_make_a_gap():
    _, rows = _made(
        [
            ("2026-03-01", "2026-03-27", 4.0, "QD"),
            ("2026-03-05", "2026-03-06", 4.0, "QD"),
            ("2026-03-28", "2026-03-28", 4.0, "QD"),
        ]
    )
    assert rows.loc[["DDUR", "NINTR"], "AVAL"].tolist() == [28, 0]


def test_an_interval_of_dose_zero_at_the_end_is_an_interruption():
    _, rows = _made([("2026-03-01", "2026-03-20", 4.0, "QD"), ("2026-03-21", "2026-03-28", 0.0, "QD")])
    assert rows.loc[["DDUR", "NINTR", "DINTR", "NADJ", "TDOSE"], "AVAL"].tolist() == [20, 1, 8, 1, 80]


def test_every_other_day_takes_half_the_tablets():
    _, rows = _made([("2026-03-01", "2026-03-07", 4.0, "QOD"), ("2026-03-08", "2026-03-28", 4.0, "QD")])
    assert rows.loc["TDOSE", "AVAL"] == 4 * 4 + 21 * 4


def test_an_open_interval_ends_before_the_next_or_with_the_last_dose():
    made = _exposure.intervals(
        _ex(("2026-03-01", None, 4.0, "QD"), ("2026-03-11", None, 4.0, "QD")),
        pd.Series([20540], index=["S"], dtype="Int64"),
    )
    assert dates.to_iso(made["END"]).tolist() == ["2026-03-10", dates.to_iso(pd.Series([20540], dtype="Int64")).iloc[0]]


def test_an_unknown_dose_leaves_the_cumulative_dose_missing_with_its_reason():
    _, rows = _made([("2026-03-01", "2026-03-28", float("nan"), "QD")])
    assert rows.loc[["TDOSE", "RDI"], "AVAL"].isna().all()
    assert rows.loc[["TDOSE", "RDI"], "AREAS"].tolist() == ["Dose, frequency or dates of an interval are not known"] * 2


def test_compliance_above_120_is_flagged_asked_and_not_truncated():
    made, rows = _made(visits=[("2026-03-01", 56, 0), ("2026-03-29", 0, 14)])
    assert rows.loc["COMPL", "AVAL"] == 150 and rows.loc["COMPL", "CRIT1FL"] == "N"
    assert made.query_table()[["RULE", "REC", "VALUE"]].to_numpy().tolist() == [["P30", "DA:2", "150.0 %"]]


def test_more_tablets_returned_than_dispensed_is_negative():
    made, rows = _made(visits=[("2026-03-01", 28, 0), ("2026-03-29", 0, 42)])
    assert rows.loc["COMPL", "AVAL"] == -50 and len(made.query_table()) == 1


def test_compliance_at_the_limit_is_within():
    _, rows = _made(last="2026-03-25", visits=[("2026-03-01", 30, 0), ("2026-03-26", 0, 0)])
    assert rows.loc["COMPL", ["AVAL", "CRIT1FL"]].tolist() == [120, "Y"]


def test_compliance_is_missing_where_tablets_were_never_counted_again():
    _, rows = _made(visits=[("2026-03-01", 28, 0), ("2026-03-15", 28, 14)])
    assert (
        pd.isna(rows.loc["COMPL", "AVAL"])
        and rows.loc["COMPL", "AREAS"] == "No tablets were counted after the last were dispensed"
    )


def test_compliance_is_missing_where_a_count_is_missing():
    _, rows = _made(visits=[("2026-03-01", 28, 0), ("2026-03-15", 14, None), ("2026-03-29", 0, 0)])
    assert rows.loc["COMPL", "AREAS"] == "Tablets dispensed or returned were not counted at a visit"


def test_without_accountability_there_is_no_compliance():
    _, rows = _made(visits=[])
    assert rows.loc["COMPL", "AREAS"] == "No tablets were counted"


def test_each_value_names_the_rows_that_it_was_computed_from():
    made, _ = _made()
    edges = made.edges[made.edges["KEY"] == "COMPL|S"]
    assert edges.groupby("SRCDOM").size().to_dict() == {"ADSL": 1, "DA": 6}
    assert set(made.edges["KEY"]) == set(made.data["_KEY"])
