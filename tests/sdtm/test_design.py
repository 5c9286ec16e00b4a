"""Trial design, subject elements, comments and related records."""

import pandas as pd
import pytest

from crf2csr.errors import Cause
from crf2csr.sdtm import _design, co, relrec, se
from tests.sdtm.rooms import asked, context, people, records

pytestmark = pytest.mark.req("URS-SDT-08")


def design(name, forms=None, change=None):
    made_of = context(name, forms or {}, lists=["trial_design"])
    if change:
        made_of.lists["trial_design"].update(change)
    return _design.tabulate(made_of)


def test_every_arm_has_its_elements_in_order_with_their_epoch():
    rows = design("ta").data
    assert rows[["ARMCD", "TAETORD", "ETCD", "EPOCH"]].values.tolist() == [
        ["IVA4", 1, "SCRN", "SCREENING"],
        ["IVA4", 2, "IVA4", "TREATMENT"],
        ["IVA4", 3, "FU", "FOLLOW-UP"],
    ]


def test_an_arm_without_a_path_and_a_step_without_an_element_are_refused():
    with pytest.raises(Cause, match="one path"):
        design("ta", change={"paths": []})
    with pytest.raises(Cause, match="not an element"):
        design("ta", change={"paths": [{"arm": "IVA4", "elements": [{"code": "WASHOUT"}]}]})


def test_planned_visits_name_their_window_and_unscheduled_ones_are_not_planned():
    rows = design("tv").data.set_index("VISIT")
    assert rows.loc["Week 12", "TVSTRL"] == "Study day 85, window from day 78 to day 92"
    assert "Unscheduled" not in rows.index and rows["TVSTRL"].notna().all()


def test_each_criterion_stands_once_per_version_and_an_unknown_version_is_asked():
    made = design("ti", {"IE": records("IE", {"IEVER": "V1.1"}, {"IEVER": "V9"}, {"IEVER": ""})})
    assert not made.data.duplicated(["IETESTCD", "TIVERS"]).any()
    assert set(made.data["TIVERS"]) == {"V1.0", "V1.1"} and made.data["IETESTCD"].nunique() == 13
    assert asked(made) == [["R-VERSION", "IE:3", "IEVER"]]


def test_a_summary_parameter_has_a_value_or_the_reason_why_not_never_both():
    rows = design("ts").data
    assert (rows["TSVAL"].notna() ^ rows["TSVALNF"].notna()).all()
    by_code = rows.set_index("TSPARMCD")
    assert by_code.loc["SSTDTC", "TSVAL"] == "2026-01-15" and by_code.loc["SENDTC", "TSVAL"] == "2026-05-20"
    assert by_code.loc["ACTSUB", "TSVAL"] == "1" and by_code.loc["SPONSOR", "TSVALNF"] == "UNK"
    assert by_code.loc["TTYPE", "TSSEQ"].tolist() == [1, 2]


def elements(*persons):
    return se.tabulate(context("se", {}, domains={"dm": people(*persons)}, lists=["trial_design"]))


def test_a_treated_subject_goes_through_every_element_and_each_starts_where_the_one_before_ended():
    rows = elements({}).data
    assert rows[["SESEQ", "ETCD", "SESTDTC", "SEENDTC", "SESTDY"]].values.tolist() == [
        [1, "SCRN", "2026-01-15", "2026-02-03", -19],
        [2, "IVA4", "2026-02-03", "2026-04-28", 1],
        [3, "FU", "2026-04-28", "2026-05-20", 85],
    ]


def test_a_screen_failure_has_only_screening_up_to_last_contact():
    none = dict.fromkeys(["RFSTDTC", "RFXSTDTC", "RFXENDTC", "ACTARMCD"])
    rows = elements(none | {"RFPENDTC": "2026-01-21"}).data
    assert rows[["ETCD", "SEENDTC"]].values.tolist() == [["SCRN", "2026-01-21"]]


def test_an_element_that_would_end_before_it_starts_is_counted_not_written():
    made = elements({"RFPENDTC": "2026-04-01"})
    assert made.data["ETCD"].tolist() == ["SCRN", "IVA4"]
    lost = made.ledger.frame().query("REASON == 'ends before it starts'")
    assert lost[["STEP", "ROWS_LOST"]].values.tolist() == [["SE: Follow-up", 1]]


def comments(text="short", description="短"):
    forms = {
        "CO": records("CO", {"EVENT": "W4", "COVAL": text}),
        "CXR": records("CXR", {"CXRDESC": description, "CXRDAT": "2026-01-20"}),
    }
    described = pd.DataFrame(
        {"_REC": ["CXR:2 SV:2", "CXR:2 SV:2"], "_FLD": ["CXRRES", "CXRDESC"], "RESEQ": [1, 2], "USUBJID": "S-1"}
    )
    return co.tabulate(context("co", forms, domains={"re": described}))


def test_a_comment_over_200_characters_is_cut_and_joins_to_itself():
    text = "患者诉皮疹。" * 70
    row = comments(text).data.iloc[0]
    assert [len(row[name]) for name in ("COVAL", "COVAL1", "COVAL2")] == [200, 200, 20]
    assert row["COVAL"] + row["COVAL1"] + row["COVAL2"] == text and pd.isna(row["COVAL3"])
    assert row["COREF"] == "Week 4" and pd.isna(row["RDOMAIN"])


def test_a_long_description_is_a_comment_on_its_finding_and_a_short_one_is_not():
    assert len(comments().data) == 1
    rows = comments(description="影" * 250).data
    related = rows[rows["RDOMAIN"] == "RE"].iloc[0]
    assert (related["IDVAR"], related["IDVARVAL"], len(related["COVAL"] + related["COVAL1"])) == ("RESEQ", "2", 250)


def test_a_comment_that_fits_no_number_of_variables_stops_the_run():
    with pytest.raises(Cause, match="6 pieces"):
        comments("x" * 1100)


def test_a_drug_is_related_to_the_event_it_treats_by_the_number_on_its_form():
    forms = {
        "AE": records("AE", {"AESPID": "1"}, {"AESPID": "2"}),
        "CM": records("CM", {"CMAENO": "2"}, {"CMAENO": "7"}, {"CMAENO": ""}),
        "EX": records("EX", {"EXAENO": ""}),
    }
    domains = {
        "ae": pd.DataFrame({"USUBJID": "S-1", "_REC": ["AE:2", "AE:3"], "AESEQ": [1, 2]}),
        "cm": pd.DataFrame({"USUBJID": "S-1", "_REC": ["CM:2", "CM:3", "CM:4"], "CMSEQ": [3, 4, 5]}),
        "ec": pd.DataFrame({"USUBJID": ["S-1"], "_REC": ["EX:2"], "ECSEQ": [1]}),
        "ex": pd.DataFrame({"USUBJID": ["S-1"], "_REC": ["EX:2"], "EXSEQ": [1]}),
    }
    made = relrec.tabulate(context("relrec", forms, domains=domains))
    assert made.data[["RDOMAIN", "IDVARVAL", "RELID"]].values.tolist() == [
        ["AE", "2", "AE-CM-1"],
        ["CM", "3", "AE-CM-1"],
    ]
    assert asked(made) == [["P37", "CM:3", "CMAENO"]]
