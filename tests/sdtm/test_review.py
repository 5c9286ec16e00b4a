"""The review of a form, on small tables: which cells are asked about, as what."""

from __future__ import annotations

import pandas as pd
import pytest

from crf2csr.checks import expanded
from crf2csr.sdtm import calendar
from crf2csr.sdtm.review import _fields, _verbs

pytestmark = pytest.mark.req("URS-ACC-03")

CODES = {"Y", "N", "NR"}
VERDICTS = [
    # contract, text, rule (None: nothing to ask), severity
    ({"type": "int", "lo": 0, "hi": 4}, "4", None, None),
    ({"type": "int", "lo": 0, "hi": 4}, "5", "P32", "major"),
    ({"type": "int", "lo": 0, "hi": 4}, "2.5", "P32", "major"),
    ({"type": "int", "lo": 0, "hi": 4}, "４", "P15", "info"),
    ({"type": "num", "lo": 120, "hi": 210, "unit": "cm"}, "1.48", "P12", "minor"),
    (
        {"type": "num", "hi": 4, "unit": "mg", "out_of_bounds": {"rule": "P30", "severity": "major"}},
        "40",
        "P30",
        "major",
    ),
    ({"type": "num"}, "68,2", "P14", "minor"),
    ({"type": "num"}, "1,234", "P14", "minor"),
    ({"type": "num", "decimal": ","}, "68,2", None, None),
    ({"type": "num", "decimal": ","}, "６８，２", "P15", "info"),
    ({"type": "num", "decimal": ",", "hi": 60, "unit": "kg"}, "68,2", "P12", "minor"),
    ({"type": "num", "decimal": ","}, "68.2", "P14", "minor"),
    ({"type": "num", "decimal": ","}, "1.234,5", "P14", "minor"),
    ({"type": "num"}, "120/80", "P16", "minor"),
    ({"type": "num"}, "NaN", "P16", "minor"),
    ({"type": "num"}, "1_000", "P17", "minor"),
    ({"type": "num"}, "inf", "P17", "minor"),
    ({"type": "num"}, "٣", "P17", "minor"),
    ({"type": "code"}, "Y", None, None),
    ({"type": "code"}, "Ｙ", "P15", "info"),
    ({"type": "code"}, "Y\u200b", "P15", "info"),
    ({"type": "code"}, "Y|N", "P36", "info"),
    ({"type": "multi"}, "Y|N", None, None),
    ({"type": "code"}, "7", "P32", "major"),
    ({"type": "code"}, "maybe", "R-CODE", "minor"),
    ({"type": "pdate"}, "2026-03", None, None),
    ({"type": "pdate"}, "UN-MAR-2026", "P01", "info"),
    ({"type": "date"}, "2026-03", "P01", "minor"),
    ({"type": "date"}, "2026/03/05", "P02", "minor"),
    ({"type": "date"}, "03/05/2026", "P02", "minor"),
    ({"type": "date"}, "2026-02-30", "P03", "major"),
    ({"type": "date"}, "2026\u201103\u201105", "P15", "info"),
    ({"type": "time"}, "24:00", "P04", "info"),
    ({"type": "time"}, "8h", "P16", "minor"),
    ({"type": "text"}, "NA", None, None),
]


@pytest.mark.parametrize(("field", "text", "rule", "severity"), VERDICTS)
def test_a_cell_against_the_contract_of_its_field(field, text, rule, severity):
    found = _fields.verdict(text, field, CODES)
    assert (found[:2] if found else (None, None)) == (rule, severity)


def frame(**columns: list[str]) -> pd.DataFrame:
    size = len(next(iter(columns.values())))
    base = {
        "REC": [f"F:{n + 2}" for n in range(size)],
        "SUBJID": ["1"] * size,
        "USUBJID": ["1"] * size,
        "EVENT": ["W1"] * size,
    }
    return pd.DataFrame(base | columns).astype("str")


def asked(check: dict, rows: pd.DataFrame, fields: dict | None = None, **others: pd.DataFrame) -> list[list[str]]:
    said = {"rule": "P37", "severity": "minor", "message": "m"}
    records = _verbs.Records(rows, {"f": {"fields": fields or {}}}, others, "F")
    return [
        cell for table in _verbs.run([said | check], records) for cell in table[["REC", "FIELD"]].to_numpy().tolist()
    ]


def test_never_reads_numbers_as_numbers():
    rows = frame(DOSE=["0", "0.0", "4", "ND"], TAKEN=["Y", "Y", "Y", "Y"])
    assert asked({"never": {"TAKEN": "Y", "DOSE": 0}, "field": "DOSE"}, rows, {"DOSE": {"type": "num"}}) == [
        ["F:2", "DOSE"],
        ["F:3", "DOSE"],
    ]


def test_order_asks_only_what_is_wrong_on_every_day_that_a_partial_date_can_mean():
    rows = frame(FROM=["2026-03-10", "2026-03-10", "2026-04-01"], TO=["2026-03-09", "2026-03", "2026-03"])
    assert asked({"order": {"first": "FROM", "last": "TO"}}, rows) == [["F:2", "TO"], ["F:4", "TO"]]


def test_order_takes_a_date_of_another_form_of_the_same_person():
    rows = frame(DAY=["2026-03-01", "2026-03-03"], USUBJID=["1", "2"])
    other = frame(SIGNED=["2026-03-02", "2026-03-04", "2026-03-01"], USUBJID=["1", "2", "2"])
    check = {"order": {"first": {"field": "SIGNED", "of": "G"}, "last": "DAY"}}
    assert asked(check, rows, G=other) == [["F:2", "DAY"]]


def test_exists_and_unless_look_at_the_person():
    rows = frame(A=["x", "x"], USUBJID=["1", "2"])
    other = frame(KIND=["MAIN", "PHOTO"], USUBJID=["1", "2"])
    assert asked({"exists": {"of": "G", "where": {"KIND": "MAIN"}}, "field": "A"}, rows, G=other) == [["F:3", "A"]]
    assert asked(
        {"never": {"A": "x"}, "unless": {"of": "G", "where": {"KIND": "MAIN"}}, "field": "A"}, rows, G=other
    ) == [["F:3", "A"]]


def test_shared_asks_about_different_persons_and_full_dates_only():
    rows = frame(BORN=["1980-01-02", "1980-01-02", "1980-01-02", "1980", "1980"], USUBJID=["1", "2", "2", "3", "4"])
    assert asked({"shared": {"fields": ["BORN"]}, "field": "BORN"}, rows, {"BORN": {"type": "pdate"}}) == [
        ["F:2", "BORN"],
        ["F:3", "BORN"],
        ["F:4", "BORN"],
    ]


def test_in_force_asks_about_another_version_than_the_one_of_the_day():
    rows = frame(DAY=["2026-03-31", "2026-04-01", "2026-04-01", "2026-03"], V=["V1", "V1", "V2", "V1"])
    check = {"in_force": {"date": "DAY", "from": {"V2": "2026-04-01", "V1": "2026-01-01"}}, "field": "V"}
    assert asked(check, rows) == [["F:3", "V"]]


def test_factor_asks_about_a_value_in_another_unit():
    rows = frame(KG=["70", "71", "140.5", "90", "69"])
    assert asked({"factor": {"by": ["USUBJID"], "units": {"jin": 2}}, "field": "KG"}, rows) == [["F:4", "KG"]]


def test_supply_must_last_to_the_next_visit():
    rows = frame(DAY=["2026-03-01", "2026-03-29", "2026-04-26"], OUT=["4", "28", "0"])
    assert asked({"supply": {"date": "DAY", "amount": "OUT", "per_day": 1, "least": 0.8}}, rows) == [["F:2", "OUT"]]


def test_determines_asks_about_the_minority():
    rows = frame(PT=["Acne", "Acne", "Acne", "Rash"], SOC=["Skin", "Nerves", "Skin", "Skin"])
    assert asked({"determines": {"by": ["PT"], "fields": ["SOC"]}, "field": "PT"}, rows) == [["F:3", "PT"]]


def test_one_declaration_stands_for_every_form_and_every_value():
    check = {"forms": ["A", "B"], "each": {"R": ["L", "R"]}, "never": {"{R}ARE": 0}, "field": "{date}"}
    made = expanded(check, "A", {"date": "ADAT"})
    assert made == [{"never": {f"{r}ARE": 0}, "field": "ADAT", "form": "A"} for r in "LR"]
    assert expanded(check, "C", None) == []


PAGE = {
    "visit_form": {"form": "SV", "date": "DAY", "done": {"DONE": "Y"}},
    "visits": [{"event": "W1", "number": 1, "name": "Week 1"}, {"event": "W2", "number": 2, "name": "Week 2"}],
}
CRF = {"sv": {"fields": {}}, "vs": {"fields": {"VSDAT": {"format": "YYYY-MM-DD"}}, "date": "VSDAT"}}


def test_a_visit_without_a_date_takes_the_first_date_of_its_forms_and_is_asked_about():
    visits = frame(DAY=["", "", "2026-03-09"], DONE=["Y", "N", "Y"], SUBJID=["1", "2", "3"]).assign(EVENTREP="1")
    signs = frame(
        VSDAT=["2026-03-08", "2026-03-07", "2026-03-08", "2026-03-10", "2026-03-20"], SUBJID=["1", "1", "2", "3", "3"]
    ).assign(EVENTREP="1")
    signs["REC"] = ["VS:2", "VS:3", "VS:4", "VS:5", "VS:6"]
    signs.loc[4, "EVENT"] = "W2"
    made = calendar.tabulate({"SV": visits, "VS": signs}, PAGE, CRF)
    table = made.data.set_index(["SUBJID", "EVENT"])
    assert table["DATE"].fillna("").to_dict() == {
        ("1", "W1"): "2026-03-07",
        ("2", "W1"): "",
        ("3", "W1"): "2026-03-09",
        ("3", "W2"): "2026-03-20",
    }
    assert made.query_table()[["REC", "FIELD"]].to_numpy().tolist() == [["F:2", "DAY"], ["VS:6", "DAY"]]
