import pandas as pd
import pytest

from crf2csr.ard import narrative
from crf2csr.errors import Cause
from tests.ard._tables import run, subjects

pytestmark = pytest.mark.req("URS-ARD-15")


def text(*values):
    return pd.Series(list(values), dtype="str")


def days(*values):
    return pd.array(list(values), dtype="Int64")


ADSL = subjects(
    3, SEX=text("F", "M", None), TRTSDT=days(100, 100, None), RFICDT=days(90, 90, 95), AGE=[54.0, 40.0, 61.0]
)
ADAE = pd.DataFrame(
    {
        "USUBJID": text("1", "1", "3"),
        "ADECOD": text("Pneumonia", "Acne", "Stroke"),
        "AESER": text("Y", "N", "Y"),
        "ATOXGR": text("3", None, "4"),
        "ASTDT": days(110, 105, None),
        "AENDT": days(None, 107, None),
    }
)
ADCM = pd.DataFrame(
    {
        "USUBJID": text("1", "1", "1", "1", "1"),
        "ADECOD": text("before", "over", "later", "undated", "ongoing"),
        "ASTDT": days(80, 80, 111, None, 110),
        "AENDT": days(120, 109, 130, None, None),
    }
)
EVENT = {
    "of": "adae",
    "chosen": True,
    "head": "Event: {ADECOD}",
    "show": ["{ADECOD}, grade {ATOXGR|unknown}", {"show": ", serious", "when": {"AESER": "Y"}}, "."],
}
MEDICATION = {
    "of": "adcm",
    "dates": ["ASTDT", "AENDT"],
    "lead": "At {ADECOD}: ",
    "show": "{ADECOD}",
    "join": ", ",
    "none": "None at {ADECOD}.",
}


def made(*sentences, adae=ADAE, adcm=ADCM, **options):
    spec = {
        "dataset": "adae",
        "beside": {"adcm": {"dataset": "adcm"}},
        "options": {
            "reasons": [{"label": "Serious", "of": "adae", "where": {"AESER": "Y"}}],
            "words": {"SEX": {"F": "woman"}},
            "sentences": list(sentences),
            **options,
        },
    }
    return run(narrative, spec, {"adsl": ADSL, "adae": adae, "adcm": adcm})


def said(facts, subject):
    mine = facts[(facts["stat_name"] == "sentence") & (facts["group3_level"] == subject)]
    return list(mine["stat_text"])


def behind(facts, sets, text):
    number = facts.loc[facts["stat_text"] == text, "member_set"].iloc[0]
    one = sets.set_index("SET").loc[number]
    return one["DATASET"], list(one["ROWS"])


def test_who_has_a_row_that_meets_a_reason_has_a_narrative_and_the_reason_leads_to_the_row():
    facts, sets, _ = made(EVENT)
    assert set(facts["group3_level"].dropna()) == {"1", "3"}
    assert behind(facts, sets, "Serious") == ("adae", [0])


def test_a_missing_value_is_said_and_never_blank():
    subject = {"of": "adsl", "head": "Subject", "show": "A {AGE}-year-old {SEX|person} from {TRTSDT|no dose}, {RFICDT}"}
    facts, _, _ = made(subject)
    assert said(facts, "1") == ["A 54-year-old woman from 1970-04-11, 1970-04-01"]
    assert said(facts, "3") == ["A 61-year-old person from no dose, 1970-04-06"]


def test_a_sentence_about_a_row_leads_to_this_row_alone():
    facts, sets, _ = made(EVENT)
    assert said(facts, "1") == ["Pneumonia, grade 3, serious."]
    assert behind(facts, sets, "Pneumonia, grade 3, serious.") == ("adae", [0])


def test_the_other_rows_are_enumerated_and_a_missing_grade_is_said():
    others = {
        "of": "adae",
        "chosen": False,
        "head": "Others",
        "show": "{ADECOD}, grade {ATOXGR}",
        "join": "; ",
        "none": "None.",
    }
    facts, sets, _ = made(others)
    assert said(facts, "1") == ["Acne, grade not known."]
    assert said(facts, "3") == ["None."]
    assert behind(facts, sets, "None.") == ("adae", [])


def test_medication_at_an_event_had_started_and_not_ended_and_an_unknown_date_does_not_exclude_it():
    facts, sets, _ = made(EVENT | {"beside": [MEDICATION]})
    assert said(facts, "1")[1] == "At Pneumonia: before, undated, ongoing."
    assert behind(facts, sets, "At Pneumonia: before, undated, ongoing.") == ("adcm", [0, 3, 4])


def test_days_around_an_event_widen_what_stands_beside_it():
    facts, _, _ = made(EVENT | {"beside": [MEDICATION | {"before": 1, "after": 1, "at_most": 3}]})
    assert said(facts, "1")[1] == "At Pneumonia: before, over, later, and 2 more."


def test_what_stands_beside_an_event_without_a_start_cannot_be_told_and_this_is_said():
    facts, _, _ = made(EVENT | {"beside": [MEDICATION]})
    assert said(facts, "3") == [
        "Stroke, grade 4, serious.",
        "At Stroke: not told, since the start of the event is not known.",
    ]


def test_the_axis_starts_at_the_first_known_day_and_an_undated_end_is_not_dropped():
    lane = {"id": "Events", "of": "adae", "from": "ASTDT", "to": "AENDT", "label": "{ADECOD}"}
    facts, _, _ = made(EVENT, axis={"start": {"TRTSDT": "first dose", "RFICDT": "consent"}, "lanes": [lane]})
    drawn = facts[facts["group2_level"] == "Events"]
    assert list(drawn.loc[drawn["stat_name"] == "label", "stat_text"]) == ["Pneumonia", "Acne", "Stroke"]
    ends = drawn[drawn["stat_name"].isin(["from", "to"])]
    assert [None if pd.isna(v) else v for v in ends["stat"]] == [11, None, 6, 8, None, None]
    assert list(ends["warning"].fillna("")) == ["", "not known", "", "", "not known", "not known"]
    assert list(facts.loc[facts["stat_name"] == "reference", "stat_text"]) == ["first dose", "consent"]


@pytest.mark.parametrize(
    ("sentence", "named"),
    [
        (EVENT | {"show": "{NONE}"}, "is not a variable of these rows"),
        (EVENT | {"of": "adlb"}, "does not name this data set"),
        (EVENT | {"sort": ["NONE"]}, "is not a variable to sort by"),
    ],
)
def test_what_is_not_there_is_named(sentence, named):
    with pytest.raises(Cause, match=named):
        made(sentence)


def test_a_study_without_a_reason_has_no_narrative():
    facts, _, _ = made(EVENT, adae=ADAE.assign(AESER=text("N", "N", "N")))
    assert list(facts["stat_name"]) == ["N", "n"]
    assert list(facts["stat"]) == [3, 0]


def test_no_more_sheets_than_declared_are_made_for_the_gravest_reasons_and_the_others_are_counted():
    reasons = [
        {"label": "Serious, grade 4", "of": "adae", "where": {"ATOXGR": "4"}},
        {"label": "Serious", "of": "adae", "where": {"AESER": "Y"}},
    ]
    found = {}
    for limit in (1, 2):
        facts, sets, _ = made(EVENT, reasons=reasons, at_most=limit)
        counts = facts.set_index("stat_name")["stat"]
        sheets = facts.loc[facts["stat_name"] == "reason", "group3_level"].drop_duplicates().tolist()
        found[limit] = (sheets, counts["n"], counts["left_out"], counts["N"])
    assert found == {1: (["3"], 1, 1, 3), 2: (["1", "3"], 2, 0, 3)}
    facts, sets, _ = made(EVENT, reasons=reasons, at_most=1)
    number = facts.loc[facts["stat_name"] == "left_out", "member_set"].iloc[0]
    assert [int(row) for row in sets.set_index("SET").loc[number, "ROWS"]] == [0]
