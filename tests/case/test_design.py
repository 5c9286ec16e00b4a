"""A report of one patient describes: who asks it to infer is told so before the first job."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crf2csr import design, references
from crf2csr.errors import Cause
from crf2csr.specs import Study
from tests.case import world
from tests.climb import ROOT, inside

pytestmark = pytest.mark.req("URS-STU-05")

# Methods that estimate, test or model; with those that describe they are all methods of the house.
INFERS = {
    "ancova",
    "cox",
    "cumulative_incidence",
    "difference",
    "firth",
    "gray",
    "logrank",
    "mcnemar",
    "mean_cumulative",
    "mmrm",
    "multiple_imputation",
    "npmle",
    "paired",
    "proportion",
    "rates",
    "subgroup",
    "survival",
    "tipping",
}


def plan(folder: Path) -> None:
    with inside(folder):
        references.check(Study(".", ROOT / "workflow/schemas"))


def with_analysis(folder: Path, **analysis: Any) -> Path:
    return world.changed(
        world.make(folder),
        "ard/course.yaml",
        lambda c: c["analyses"].append({"id": "asked", "label": "asked", **analysis}),
    )


def test_the_study_as_it_is_passes(tmp_path: Path):
    plan(world.make(tmp_path))


@pytest.mark.parametrize("method", sorted(INFERS))
def test_every_method_that_infers_is_refused(method: str, tmp_path: Path):
    folder = with_analysis(tmp_path, method=method, dataset="admil", where={"PARAMCD": "PASI50"})
    with pytest.raises(Cause, match="a case report describes its patients and infers nothing") as caught:
        plan(folder)
    assert f"asked.method, value '{method}'" in str(caught.value)


def test_a_series_is_refused_too_and_a_trial_is_not(tmp_path: Path):
    folder = with_analysis(tmp_path, method="proportion", dataset="admil")
    world.changed(folder, "config.yaml", lambda c: c["study"].update(design="case series"))
    with pytest.raises(Cause, match="a case series describes"):
        plan(folder)
    world.changed(folder, "config.yaml", lambda c: c["study"].update(design="trial"))
    plan(folder)


def test_every_method_of_the_house_describes_or_infers():
    rooms = {p.stem for p in (ROOT / "workflow/scripts/crf2csr/ard").glob("*.py") if not p.stem.startswith("_")}
    assert rooms == set(design.DESCRIPTIVE) | INFERS
    assert not set(design.DESCRIPTIVE) & INFERS


def test_a_hypothesis_is_refused(tmp_path: Path):
    folder = world.changed(world.make(tmp_path), "config.yaml", lambda c: c.update(primary={"level": 0.95}))
    with pytest.raises(Cause, match="a case report has no hypothesis to test"):
        plan(folder)


@pytest.mark.req("URS-SEC-03")
@pytest.mark.parametrize(("dataset", "variable"), [("adsl", "AGE"), ("adsl", "ONSETDT"), ("adcc", "ADT")])
def test_a_date_or_an_age_is_no_number_to_be_shown(dataset: str, variable: str, tmp_path: Path):
    folder = with_analysis(tmp_path, method="continuous", dataset=dataset, variables=[variable])
    with pytest.raises(Cause, match="would show a date or an age as a number"):
        plan(folder)


@pytest.mark.req("URS-SEC-03")
def test_days_need_a_first_day(tmp_path: Path):
    folder = world.changed(world.make(tmp_path), "config.yaml", lambda c: c["privacy"].update(origin="SEX"))
    with pytest.raises(Cause, match="day 1 must be a date of ADSL"):
        plan(folder)


@pytest.mark.req("URS-SEC-03")
def test_a_withheld_field_must_exist(tmp_path: Path):
    folder = world.changed(
        world.make(tmp_path), "config.yaml", lambda c: c["privacy"].update(withheld={"PAT": ["NAME"]})
    )
    with pytest.raises(Cause, match="is not a field of this form"):
        plan(folder)


@pytest.mark.req("URS-CFG-01")
def test_a_checklist_that_leaves_an_item_out_is_refused(tmp_path: Path):
    def forget(chapter: dict) -> None:
        next(d for d in chapter["displays"] if d["layout"] == "checklist")["answers"].pop("7")

    with pytest.raises(Cause, match="the study does not answer it"):
        plan(world.changed(world.make(tmp_path), "tlf/patient.yaml", forget))


@pytest.mark.req("URS-CFG-01")
def test_an_answer_that_points_nowhere_is_refused(tmp_path: Path):
    def lose(chapter: dict) -> None:
        next(d for d in chapter["displays"] if d["layout"] == "checklist")["answers"]["7"] = {"displays": ["f-9"]}

    with pytest.raises(Cause, match="is not a display of the study"):
        plan(world.changed(world.make(tmp_path), "tlf/patient.yaml", lose))


@pytest.mark.req("URS-CFG-01")
@pytest.mark.parametrize(
    ("name", "place", "key", "wrong", "message"),
    [
        ("config.yaml", ["phases"], "onset", "NOSUCH", "is not a variable of ADSL"),
        ("config.yaml", ["phases", "lines", 0], "of", "pr", "is not a source of ADPH"),
        ("config.yaml", ["phases", "lines", 0], "reason", "CMWHY", "is not a variable of CM"),
        ("adam/adcc.yaml", ["parameters", 0, "from"], "of", "vs", "is not a source of ADCC"),
        ("adam/adcc.yaml", ["parameters", 0, "from"], "where", {"RSNAME": "X"}, "is not a variable of RS"),
        ("adam/admil.yaml", ["parameters", 0, "criterion"], "of", "NRS", "is not a parameter of ADCC"),
        ("adam/admil.yaml", ["parameters", 6, "best"], "grades", ["PASI60"], "is not a milestone"),
        ("adam/adtl.yaml", ["timeline", 0], "of", "adcm", "is not a source of ADTL"),
        ("adam/adtl.yaml", ["timeline", 0], "date", "MHENDTC", "is not a variable of MH"),
        ("adam/adtl.yaml", ["timeline", 0], "text", "{MHWORD}", "is not a variable of MH"),
    ],
)
def test_what_the_course_names_must_be_there(name, place, key, wrong, message, tmp_path: Path):
    def change(content: Any) -> None:
        for step in place:
            content = content[step]
        content[key] = wrong

    with pytest.raises(Cause, match=message):
        plan(world.changed(world.make(tmp_path), name, change))
