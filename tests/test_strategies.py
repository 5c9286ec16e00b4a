"""A strategy changed in the configuration of the shipped study changes its analyses, and changes them as it should."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from crf2csr import io
from crf2csr.plan import Plan
from crf2csr.specs import Study
from tests.climb import DOORS, ROOT, copy_config, inside

pytestmark = pytest.mark.req("URS-ADA-05")

EVENT = "PROHIB"
ANALYSES = ("primary", "locf", "treatment_policy", "how_reached", "response_nri", "time_to_50")


def altered(shipped: Path, folder: Path, old: str, new: str) -> Path:
    """The study with another strategy for the event wherever it was ``old``, climbed anew from there on."""
    copy_config(ROOT, folder)
    (folder / "data").symlink_to(ROOT / "data")
    (folder / "results").mkdir()
    (folder / "results/sdtm").symlink_to(shipped / "results/sdtm")
    shutil.copytree(shipped / "results/adam", folder / "results/adam")
    file = folder / "config/estimands.yaml"
    text = file.read_text(encoding="utf-8")
    assert f"{EVENT}: {old}\n" in text
    file.write_text(text.replace(f"{EVENT}: {old}\n", f"{EVENT}: {new}\n"), encoding="utf-8")
    with inside(folder):
        plan = Plan(Study(".", ROOT / "workflow" / "schemas"))
        for name in ("adice", "adrs", "adtte"):
            DOORS["adam"](plan.adam[name])
        chapter = plan.ard["efficacy"].slice["spec"]
        chapter["analyses"] = [a for a in chapter["analyses"] if a["id"] in ANALYSES]
        DOORS["ard"](plan.ard["efficacy"])
    return folder


def table(folder: Path, name: str) -> pd.DataFrame:
    return io.read_table(str(folder / "results" / f"{name}.parquet"))


def responders(folder: Path, analysis: str, visit: str | None = None) -> float:
    facts = table(folder, "ard/efficacy")
    mine = facts[(facts["analysis"] == analysis) & (facts["stat_name"] == "n")]
    if visit:
        mine = mine[(mine["group2_level"] == "PPPASI-50 Response") & (mine["group3_level"] == visit)]
    return mine["stat"].item()


def cells(folder: Path, flag: str = "ANL03FL") -> pd.DataFrame:
    """The PPPASI-50 response of each subject of the full analysis set and visit that the flag takes."""
    rows = table(folder, "adam/adrs")
    rows = rows[(rows["PARAMCD"] == "PPASI50") & (rows[flag] == "Y") & (rows["FASFL"] == "Y")]
    return rows.set_index(["USUBJID", "AVISIT"])


def struck(folder: Path) -> pd.Index:
    """Cells that the event strikes in the study as shipped."""
    made = cells(folder)
    event = made["RSPREAS"].str.contains("Prohibited medication", regex=False).fillna(False)
    return made.index[(made["RSPCAT"] == "COMPOSITE") & event.astype(bool)]


@pytest.fixture(scope="module")
def touched(shipped) -> pd.Index:
    found = struck(shipped)
    assert len(found) >= 10 and len(found.get_level_values(0).unique()) == 7
    return found


def test_from_composite_to_treatment_policy_what_was_observed_counts(shipped, touched, tmp_path):
    made = altered(shipped, tmp_path, "composite", "treatment policy")
    before, after = cells(shipped), cells(made)
    changed = before.index[(before[["AVAL", "RSPCAT"]] != after.loc[before.index, ["AVAL", "RSPCAT"]]).any(axis=1)]
    assert set(changed) <= set(touched) and len(changed) > 0
    observed = after.loc[touched][after.loc[touched, "RSPCAT"] == "OBSERVED"]
    raw = table(made, "adam/adrs").query("PARAMCD == 'PPASI50' and ANL01FL == 'Y'").set_index(["USUBJID", "AVISIT"])
    assert len(observed) >= 10 and observed["AVAL"].equals(raw.loc[observed.index, "AVAL"])
    gained = observed["AVAL"].groupby(level=1).sum()
    for visit in ("Week 8", "Week 12"):
        assert responders(made, "response_nri", visit) == responders(shipped, "response_nri", visit) + gained[visit]
    assert gained["Week 8"] == 1
    assert responders(made, "treatment_policy") == responders(shipped, "treatment_policy")


def test_from_composite_to_hypothetical_what_was_observed_is_missing_and_no_non_response(shipped, touched, tmp_path):
    made = altered(shipped, tmp_path, "composite", "hypothetical")
    after = cells(made).loc[touched]
    assert after["RSPCAT"].eq("MISSING").all()
    assert after["RSPREAS"].str.startswith("Missing: set aside after Prohibited").all()
    # Non-response is now the rule for missing values, and another rule takes them otherwise.
    assert responders(made, "primary") == responders(shipped, "primary")
    carried = cells(made, "ANL04FL").loc[touched]
    assert (
        carried["DTYPE"].isin(["LOCF", "BOCF"]).all()
        and cells(shipped, "ANL04FL").loc[touched, "DTYPE"].eq("NRI").all()
    )
    late = carried[carried.index.get_level_values(1) == "Week 12"]
    assert responders(made, "locf") == responders(shipped, "locf") + late["AVAL"].sum() > responders(shipped, "locf")


def test_from_composite_to_while_on_treatment_the_last_value_before_the_event_stands(shipped, touched, tmp_path):
    made = altered(shipped, tmp_path, "composite", "while on treatment")
    after = cells(made).loc[touched]
    assert after["RSPCAT"].eq("WHILE ON TREATMENT").all()
    rows = table(made, "adam/adrs").query("PARAMCD == 'PPASI50' and ANL01FL == 'Y'")
    days = table(made, "adam/adice").query(f"ICECD == '{EVENT}'").groupby("USUBJID")["ASTDT"].min()
    before = rows[rows["ADT"] < rows["USUBJID"].map(days)].sort_values("ADT").groupby("USUBJID")["AVAL"].last()
    wanted = after.index.get_level_values(0).map(before).fillna(0)
    assert after["AVAL"].tolist() == wanted.tolist()
    late = after[after.index.get_level_values(1) == "Week 12"]
    assert (
        responders(made, "primary")
        == responders(shipped, "primary") + late["AVAL"].sum()
        > responders(shipped, "primary")
    )


def test_from_hypothetical_to_treatment_policy_scores_count_and_times_go_on(shipped, touched, tmp_path):
    made = altered(shipped, tmp_path, "hypothetical", "treatment policy")
    scores = [table(folder, "adam/adrs").query("PARAMCD == 'PPPASI'") for folder in (shipped, made)]
    used = [s[s["ANL03FL"] == "Y"].set_index(["USUBJID", "AVISIT"]) for s in scores]
    gained = used[1].index.difference(used[0].index)
    assert len(gained) >= 10 and set(gained) <= set(touched)
    assert cells(made)["RSPCAT"].tolist() == cells(shipped)["RSPCAT"].tolist()
    times = [
        table(folder, "adam/adtte").query("PARAMCD == 'TTPP50'").set_index("USUBJID") for folder in (shipped, made)
    ]
    longer = times[1]["AVAL"] > times[0]["AVAL"]
    assert longer.any() and set(longer.index[longer]) <= set(touched.get_level_values(0))
