"""ADAE on small tables."""

import pandas as pd
import pytest

from crf2csr import dates, specs
from crf2csr.adam import _interest, adae

pytestmark = pytest.mark.req("URS-ADA-07")

FIRST, LAST = "2026-03-15", "2026-06-06"
COLUMNS = ["AETERM", "AEDECOD", "AEBODSYS", "AEHLT", "AEHLGT", "AESTDTC", "AEENDTC", "AEREL", "AETOXGR", "AESER"]


def _adsl(**more):
    row = {
        "USUBJID": "S-1",
        "SUBJID": "1",
        "TRT01A": "Drug",
        "SAFFL": "Y",
        "TRTSDT": _day(FIRST),
        "TRTEDT": _day(LAST),
        "LSTCNDT": _day("2026-07-20"),
        "DTHDT": pd.NA,
    } | more
    days = ["TRTSDT", "TRTEDT", "LSTCNDT", "DTHDT"]
    return pd.DataFrame([row]).astype(dict.fromkeys(days, "Int64"))


def _day(iso):
    return int(dates.to_day(pd.Series([iso], dtype="str")).iloc[0])


def _ae(*events):
    rows = [
        dict.fromkeys(COLUMNS)
        | {
            "AETERM": "x",
            "AEDECOD": "Nausea",
            "AEBODSYS": "Gastrointestinal disorders",
            "AETOXGR": "1",
            "AEREL": "POSSIBLE",
            "AESER": "N",
            "AESTDTC": "2026-04-01",
        }
        | e
        for e in events
    ]
    frame = pd.DataFrame(rows, columns=COLUMNS).astype("str")
    frame = frame.where(frame != "None")
    return frame.assign(USUBJID="S-1", AESEQ=pd.array(range(1, len(rows) + 1), dtype="Int64"))


def _made(*events, days=28, groups=(), adsl=None):
    spec = {"variables": {"SAFFL": {}, "TRT01A": {}}}
    page = {
        "study": {"cutoff": "2026-10-15"},
        "treatment_emergent_days": days,
        "adverse_events": {
            "related": ["POSSIBLE", "PROBABLE", "DEFINITE"],
            "severity_grades": {"MILD": 1, "SEVERE": 3},
        },
    }
    lists = {"aesi": {"groups": list(groups)}}
    return adae.derive(adsl if adsl is not None else _adsl(), _ae(*events), spec=spec, page=page, lists=lists).data


EMERGENCE = [
    # start, end, emergent, before, after
    ("2026-03-14", "", None, "Y", None),
    ("2026-03-15", "", "Y", None, None),  # the day of the first dose
    ("2026-07-04", "", "Y", None, None),  # 28 days after the last dose
    ("2026-07-05", "", None, None, "Y"),
    ("2026-03", "", "Y", None, None),  # may have started after the first dose
    ("2026-03", "2026-03-10", None, "Y", None),  # cannot: it ended before
    ("2026-02", "", None, "Y", None),
    ("2026", "", "Y", None, None),
    ("", "", "Y", None, None),  # nothing known
    ("", "2026-03-01", None, "Y", None),  # nothing known but an end before the first dose
    ("2026-07", "", "Y", None, None),  # may have started within 28 days
    ("2026-08-01", "2026-05-01", "Y", None, None),  # the dates contradict each other: cannot be excluded
]


@pytest.mark.parametrize(("start", "end", "emergent", "before", "after"), EMERGENCE)
def test_an_event_is_emergent_unless_its_dates_exclude_it(start, end, emergent, before, after):
    row = _made({"AESTDTC": start or None, "AEENDTC": end or None}).iloc[0]
    assert [None if pd.isna(row[n]) else row[n] for n in ("TRTEMFL", "PREFL", "FUPFL")] == [emergent, before, after]


def test_without_a_cap_a_late_event_is_emergent():
    assert _made({"AESTDTC": "2026-10-01"}, days=None)["TRTEMFL"].tolist() == ["Y"]


def test_events_of_a_subject_who_was_not_treated_are_kept_and_not_emergent():
    rows = _made({}, {"AESTDTC": None}, adsl=_adsl(TRTSDT=pd.NA, TRTEDT=pd.NA, SAFFL="N"))
    assert len(rows) == 2 and rows["TRTEMFL"].isna().all() and rows["ASTDT"].isna().tolist() == [False, True]


def test_a_missing_relation_counts_as_related():
    rows = _made({"AEREL": "POSSIBLE"}, {"AEREL": "UNLIKELY"}, {"AEREL": None})
    assert rows["AREL"].tolist() == ["RELATED", "NOT RELATED", "RELATED"]


def test_an_event_without_a_code_is_shown_by_its_verbatim():
    rows = _made({"AETERM": "腿肿", "AEDECOD": None, "AEBODSYS": None})
    assert rows[["ADECOD", "ABODSYS"]].to_numpy().tolist() == [["Uncoded: 腿肿", "Uncoded"]]
    assert rows["AEDECOD"].isna().all()


def test_duration_counts_both_days_and_is_missing_where_the_dates_do_not_allow_it():
    rows = _made(
        {"AESTDTC": "2026-04-01", "AEENDTC": "2026-04-03"},
        {"AEENDTC": "2026-03-20"},
        {},
        {"AESTDTC": None, "AEENDTC": "2026-05-01"},
    )
    assert rows["ADURN"].fillna(-1).tolist() == [3, -1, -1, -1]


def test_first_and_worst_occurrences():
    rows = _made(
        {"AESTDTC": "2026-03-01", "AETOXGR": "4"},  # before treatment: never flagged
        {"AESTDTC": "2026-04-02", "AETOXGR": "1"},
        {"AESTDTC": "2026-04-01", "AETOXGR": "2", "AEDECOD": "Vomiting"},
        {"AESTDTC": "2026-05-01", "AETOXGR": "3"},
        {"AESTDTC": "2026-05-01", "AETOXGR": "3"},
    )
    flags = {
        name: rows.index[rows[name] == "Y"].tolist()
        for name in ("AOCCFL", "AOCCSFL", "AOCCPFL", "AOCCIFL", "AOCCSIFL", "AOCCPIFL")
    }
    assert flags == {
        "AOCCFL": [2],
        "AOCCSFL": [2],
        "AOCCPFL": [1, 2],
        "AOCCIFL": [3],
        "AOCCSIFL": [3],
        "AOCCPIFL": [2, 3],
    }


def test_grade_comes_from_severity_only_where_there_is_no_grade():
    rows = pd.DataFrame({"AETOXGR": ["2", None, "7"], "AESEV": ["SEVERE", "SEVERE", None]}).astype("str")
    rows = rows.where(rows != "None")
    assert adae.grade(rows, {"MILD": 1, "SEVERE": 3}).fillna(0).tolist() == [2, 3, 0]


@pytest.mark.req("URS-ADA-13")
def test_a_group_is_found_by_terms_classes_and_the_verbatim_of_uncoded_events():
    groups = [
        {
            "id": "GI",
            "label": "Gastrointestinal",
            "set": "registry",
            "classes": ["gastrointestinal disorders"],
            "except_group_terms": ["Dental"],
            "verbatim": ["胃"],
        },
        {"id": "SER", "label": "Serious", "set": "class", "terms": ["NAUSEA"], "where": {"AESER": "Y"}},
        {"id": "CLOT", "label": "Clot", "set": "class", "contains": ["Thromb"]},
    ]
    rows = _ae(
        {"AESER": "Y"},
        {"AEDECOD": "Toothache", "AEHLGT": "Dental"},
        {"AEDECOD": None, "AEBODSYS": None, "AETERM": "胃痛"},
        {"AEDECOD": "Deep vein thrombosis", "AEBODSYS": "Vascular disorders", "AETERM": "胃"},
    )
    found = _interest.names(rows, groups)
    assert found.fillna("").to_numpy().tolist() == [
        ["Gastrointestinal", "Serious", ""],
        ["", "", ""],
        ["Gastrointestinal", "", ""],
        ["", "", "Clot"],
    ]


@pytest.mark.req("URS-ADA-13")
def test_the_groups_of_the_study_have_a_variable_each():
    spec, groups = specs.read_yaml("config/adam/adae.yaml"), specs.read_yaml("config/aesi.yaml")["groups"]
    wanted = [f"CQ{n:02d}NAM" for n in range(1, len(groups) + 1)]
    assert [name for name in spec["variables"] if name.startswith("CQ")] == wanted
    assert [g["label"] for g in groups if g["set"] == "registry"] == [
        "Infections",
        "Blood clots",
        "Gastrointestinal complaints",
        "Headache",
    ]


@pytest.mark.req("URS-ADA-13")
def test_a_term_about_the_skin_or_the_bones_is_no_event_of_interest_by_accident():
    groups = specs.read_yaml("config/aesi.yaml")["groups"]
    rows = _ae(
        *[
            {"AEDECOD": None, "AEBODSYS": None, "AETERM": t}
            for t in ("breast pain", "altered taste", "osteopenia", "皮疹")
        ]
    )
    found = _interest.names(rows, groups)
    assert found.isna().all().all()


def test_collected_severity_is_kept_beside_its_rank_and_ranks_the_worst_event():
    events = [("MILD", "2026-04-01"), ("SEVERE", "2026-05-01")]
    rows = _ae(*({"AETOXGR": None, "AESTDTC": start} for _, start in events)).assign(AESEV=[s for s, _ in events])
    spec = {"variables": {"SAFFL": {}, "TRT01A": {}}}
    page = {
        "study": {},
        "treatment_emergent_days": None,
        "adverse_events": {"related": [], "severity_grades": {"MILD": 1, "SEVERE": 3}},
    }
    made = adae.derive(_adsl(), rows, spec=spec, page=page, lists={}).data
    assert made["ASEV"].tolist() == ["MILD", "SEVERE"] and made["ASEVN"].tolist() == [1, 3]
    assert made["AOCCFL"].fillna("").tolist() == ["Y", ""] and made["AOCCIFL"].fillna("").tolist() == ["", "Y"]


OTHER_DAYS = [
    # start, end, what the other possible days would make of it
    ("2026-04-01", "2026-04-03", None),
    ("2026-03", "", "N at the earliest possible start"),  # before or after the first dose of 15 March
    ("2026-04", "", "Unchanged"),
    ("2026-07", "", "N at the latest possible start"),  # the 28 days end on 4 July
    ("2026", "", "N at the earliest possible start; N at the latest possible start"),
    ("", "", "N at the earliest possible start; N at the latest possible start"),
    ("", "2026-05-01", "N at the earliest possible start"),
    ("", "2026-03-01", "Unchanged"),  # over before the first dose, whenever it began
    ("2026-04-01", "2026-05", "Unchanged"),
    (
        "2026-08-01",
        "2026-07",
        "Y at the earliest possible end",
    ),  # contradictory: either date may place it, and July 1 would
]


@pytest.mark.req("URS-ADA-08")
@pytest.mark.parametrize(("start", "end", "expected"), OTHER_DAYS)
def test_an_imputed_date_says_whether_another_possible_day_changes_emergence(start, end, expected):
    found = _made({"AESTDTC": start or None, "AEENDTC": end or None})["TRTEMALT"].iloc[0]
    assert (None if pd.isna(found) else found) == expected
