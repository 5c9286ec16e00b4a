"""What is named and does not exist is an error with file, key and value, before any job runs; it is never skipped."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from crf2csr import references
from crf2csr.errors import Cause
from crf2csr.plan import Plan
from crf2csr.specs import Study
from tests.climb import ROOT, inside

pytestmark = pytest.mark.req("URS-CFG-01")

SCHEMAS = ROOT / "workflow" / "schemas"
ARD, TLF, ESTIMANDS = "config/ard/efficacy.yaml", "config/tlf/efficacy.yaml", "config/estimands.yaml"
STRATEGIES = "composite, hypothetical, while on treatment, treatment policy"


@pytest.fixture(scope="module")
def shipped() -> Study:
    with inside(ROOT):
        return Study(".", SCHEMAS)


@pytest.fixture
def study(shipped) -> Study:
    """A copy of the shipped study that a test may change."""
    return copy.deepcopy(shipped)


def analysis(study: Study, name: str, chapter: str = "efficacy") -> dict[str, Any]:
    return next(a for a in study.ard[chapter]["analyses"] if a["id"] == name)


def display(study: Study, name: str) -> dict[str, Any]:
    return next(d for d in study.tlf["efficacy"]["displays"] if d["id"] == name)


def estimand(study: Study, name: str) -> dict[str, Any]:
    return next(e for e in study.lists["estimands"]["estimands"] if e["id"] == name)


def said(study: Study) -> list[str]:
    """Every line that the check says of a study; none when all is there."""
    try:
        references.check(study)
    except Cause as cause:
        return cause.lines()
    return []


def line(file: str, field: str, value: str | None, rule: str) -> str:
    """How a cause is said."""
    return f"{file}, field {field}{f', value {value!r}' if value is not None else ''}: {rule}"


def test_in_the_shipped_study_all_that_is_named_is_there(study):
    assert said(study) == []


def test_a_study_without_estimands_is_allowed_and_its_analyses_name_none(study):
    del study.lists["estimands"]
    for spec in study.adam.values():
        for about in spec["variables"].values():
            about.pop("estimand", None)
    study.adam["adtte"]["parameters"] = []
    lines = said(study)
    known = "is not an estimand of the study; known: descriptive, none"
    assert f"{ARD}, field primary.estimand, value 'primary': {known}" in lines
    for chapter in study.ard.values():
        chapter["lists"] = []
        chapter["analyses"] = [a for a in chapter["analyses"] if a["dataset"] != "adtte"]
        for one in chapter["analyses"]:
            one.pop("estimand", None)
    for line in said(study):
        assert "estimand" not in line, line


UNKNOWN = [
    (
        "a method",
        lambda s: analysis(s, "primary").update(method="proportions"),
        (ARD, "primary.method", "proportions"),
        "is not a method of the house",
    ),
    (
        "a helper of methods",
        lambda s: analysis(s, "primary").update(method="_facts"),
        (ARD, "primary.method", "_facts"),
        "is not a method of the house",
    ),
    (
        "a data set of an analysis",
        lambda s: analysis(s, "primary").update(dataset="adxx"),
        (ARD, "primary.dataset", "adxx"),
        "is not among the data sets of this chapter; known: ",
    ),
    (
        "a data set of a chapter",
        lambda s: s.ard["efficacy"]["datasets"].append("adxx"),
        (ARD, "datasets", "adxx"),
        "is not a data set of the study; known: ",
    ),
    (
        "a data set of subjects left out",
        lambda s: analysis(s, "window_excluded")["without"][0].update(dataset="adxx"),
        (ARD, "window_excluded.without.dataset", "adxx"),
        "is not a data set of the study; known: ",
    ),
    (
        "a population flag",
        lambda s: analysis(s, "observed").update(population={"FASFLAG": "Y"}),
        (ARD, "observed.population", "FASFLAG"),
        "is not a variable of ADSL",
    ),
    (
        "a variable of a condition",
        lambda s: analysis(s, "primary")["where"].update(ANL99FL="Y"),
        (ARD, "primary.where", "ANL99FL"),
        "is not a variable of ADRS",
    ),
    (
        "a variable of a line",
        lambda s: analysis(s, "window_position")["options"]["lines"][0]["where"].update(XYZ="Y"),
        (ARD, "window_position.options.lines.where", "XYZ"),
        "is not a variable of ADRS",
    ),
    (
        "a variable that is summarised",
        lambda s: analysis(s, "pppasi_change").update(variables=["AVAL", "CHANGE"]),
        (ARD, "pppasi_change.variables", "CHANGE"),
        "is not a variable of ADRS",
    ),
    (
        "a variable that groups",
        lambda s: analysis(s, "pppasi_change").update(by=["PARAM", "VISITS"]),
        (ARD, "pppasi_change.by", "VISITS"),
        "is not a variable of ADRS",
    ),
    (
        "a comparison",
        lambda s: analysis(s, "observed")["where"].update(AVAL={"above": 3}),
        (ARD, "observed.where.AVAL", "above"),
        "is not a comparison; known: ",
    ),
    (
        "a parameter",
        lambda s: analysis(s, "locf")["where"].update(PARAMCD="PPASI55"),
        (ARD, "locf.where.PARAMCD", "PPASI55"),
        "is not a value of PARAMCD in ADRS; known: ",
    ),
    (
        "a visit",
        lambda s: analysis(s, "locf")["where"].update(AVISIT="Week12"),
        (ARD, "locf.where.AVISIT", "Week12"),
        "is not a value of AVISIT in ADRS; known: ",
    ),
    (
        "an estimand",
        lambda s: analysis(s, "primary").update(estimand="principal"),
        (ARD, "primary.estimand", "principal"),
        "is not an estimand of the study; known: ",
    ),
    (
        "an estimand of a variable",
        lambda s: s.adam["adice"]["variables"]["ICESTRAT"].update(estimand="main"),
        ("config/adam/adice.yaml", "ICESTRAT", "main"),
        "is not an estimand of the study; known: ",
    ),
    (
        "no estimand at all",
        lambda s: analysis(s, "locf").pop("estimand"),
        (ARD, "locf.estimand", None),
        "ADRS carries estimands, and this analysis does not say which it serves (an id of "
        "config/estimands.yaml, descriptive or none)",
    ),
    (
        "an analysis of a display",
        lambda s: display(s, "t-14.2.1.2")["rows"][1].update(analysis="policy"),
        (TLF, "t-14.2.1.2.rows.analysis", "policy"),
        "is not an analysis of this chapter; known: ",
    ),
    (
        "an analysis of a header",
        lambda s: display(s, "t-14.2.1.2").update(header="everyone"),
        (TLF, "t-14.2.1.2.header", "everyone"),
        "is not an analysis of this chapter; known: ",
    ),
    (
        "a layout",
        lambda s: display(s, "t-14.2.1.1").update(layout="summaries"),
        (TLF, "t-14.2.1.1.layout", "summaries"),
        "is not a layout of the house",
    ),
    (
        "a chapter of displays",
        lambda s: s.ard.pop("efficacy"),
        (TLF, "name", "efficacy"),
        "is not a chapter of config/ard/; known: ",
    ),
    (
        "a display of a section",
        lambda s: s.csr["sections"][1]["displays"].append("t-14.1.99"),
        ("config/csr.yaml", "14.1", "t-14.1.99"),
        "no chapter makes this display",
    ),
    (
        "a section of a display",
        lambda s: s.csr["sections"][1]["displays"].remove("t-14.1.1"),
        ("config/csr.yaml", "sections", "t-14.1.1"),
        "no section shows this display",
    ),
    (
        "a setting",
        lambda s: s.ard["efficacy"]["settings"].append("primery"),
        (ARD, "settings", "primery"),
        "is not a key of config.yaml; known: ",
    ),
    (
        "a list",
        lambda s: s.adam["adcm"]["lists"].append("forbidden"),
        ("config/adam/adcm.yaml", "lists", "forbidden"),
        "is not a list of the study; known: ",
    ),
    (
        "a source",
        lambda s: s.adam["adcm"]["sources"]["sdtm"].append("xx"),
        ("config/adam/adcm.yaml", "sources.sdtm", "xx"),
        "is not made on the sdtm floor; known: ",
    ),
    (
        "a set of windows",
        lambda s: s.adam["adrs"]["parameters"][0].update(windows="all_visits"),
        ("config/adam/adrs.yaml", "PPPASI.windows", "all_visits"),
        "is not a set of windows; known: ",
    ),
    (
        "a source of times",
        lambda s: s.adam["adtte"]["parameters"][0]["events"][0].update(of="advs"),
        ("config/adam/adtte.yaml", "TTPP50.events.of", "advs"),
        "is not a source of ADTTE; known: ",
    ),
    (
        "an event in a condition on times",
        lambda s: s.adam["adtte"]["parameters"][0]["competing"][0].update(where={"ICECD": "DISC"}),
        ("config/adam/adtte.yaml", "TTPP50.competing.where.ICECD", "DISC"),
        "is not a value of ICECD in ADICE; known: ",
    ),
    (
        "a strategy in a condition on times",
        lambda s: s.adam["adtte"]["parameters"][0]["before"][0].update(where={"ICESTTTE": "composed"}),
        ("config/adam/adtte.yaml", "TTPP50.before.where.ICESTTTE", "composed"),
        "is not a value of ICESTTTE in ADICE; known: ",
    ),
    (
        "a wider analysis set",
        lambda s: s.page["analysis_sets"][3].update(within="ITTFL"),
        ("config/config.yaml", "analysis_sets.FASFL.within", "ITTFL"),
        "is not a set declared before; known: ENRLFL, SAFFL, SCRNFL",
    ),
    (
        "a variable that an analysis set needs",
        lambda s: s.page["analysis_sets"][3]["needs"][0].update(where={"PPBASELINE": {"present": True}}),
        ("config/config.yaml", "analysis_sets.FASFL.needs.where", "PPBASELINE"),
        "is not a variable of ADSL",
    ),
    (
        "a domain that shows an event",
        lambda s: s.page["intercurrent_events"][0]["sources"][0].update(of="xx"),
        ("config/config.yaml", "intercurrent_events.DISC-LOE.sources.of", "xx"),
        "is not a source of ADICE; known: ",
    ),
    (
        "a variable that shows an event",
        lambda s: s.page["intercurrent_events"][0]["sources"][0]["where"].update(DSREASON="X"),
        ("config/config.yaml", "intercurrent_events.DISC-LOE.sources.where", "DSREASON"),
        "is not a variable of DS",
    ),
    (
        "the date of an event",
        lambda s: s.page["intercurrent_events"][0]["sources"][0].update(date="DSDATE"),
        ("config/config.yaml", "intercurrent_events.DISC-LOE.sources", "DSDATE"),
        "is not a variable of DS",
    ),
    (
        "an event of an estimand",
        lambda s: estimand(s, "change_policy").update(
            events=estimand(s, "change_policy")["events"] | {"RESCUE": "composite"}
        ),
        (ESTIMANDS, "change_policy.events", "RESCUE"),
        "is not an intercurrent event of the study; known: ",
    ),
    (
        "a strategy",
        lambda s: estimand(s, "primary")["events"].update(DEATH="worst case"),
        (ESTIMANDS, "primary.events.DEATH", "worst case"),
        f"is not a strategy that can be carried out; known: {STRATEGIES}",
    ),
    (
        "a principal stratum",
        lambda s: estimand(s, "primary")["events"].update(DEATH="principal stratum"),
        (ESTIMANDS, "primary.events.DEATH", "principal stratum"),
        f"is not implementable in a single arm without a model of who would have the event; known: {STRATEGIES}",
    ),
    (
        "the population of an estimand",
        lambda s: estimand(s, "primary")["population"].update(flag="ITTFL"),
        (ESTIMANDS, "primary.population.flag", "ITTFL"),
        "is not an analysis set of the study; known: ",
    ),
    (
        "a data set of an estimand",
        lambda s: estimand(s, "primary")["data"][0].update(datasets=["adxx"]),
        (ESTIMANDS, "primary.data.datasets", "adxx"),
        "is not a data set of the study",
    ),
    (
        "a flag of an estimand",
        lambda s: estimand(s, "primary")["data"][0].update(flag="ANL09FL"),
        (ESTIMANDS, "primary.data.flag", "ANL09FL"),
        "is not a variable of ADRS",
    ),
]


@pytest.mark.parametrize(("change", "place", "rule"), [u[1:] for u in UNKNOWN], ids=[u[0] for u in UNKNOWN])
def test_it_is_named_with_its_file_key_and_value(study, change, place, rule):
    change(study)
    assert any(one.startswith(line(*place, rule)) for one in said(study)), said(study)


CONTRADICTIONS = [
    (
        "an event without a strategy",
        lambda s: estimand(s, "primary")["events"].pop("DOSE"),
        (ESTIMANDS, "primary.events", "DOSE"),
        "the estimand does not say how this event is handled",
    ),
    (
        "a score has no composite value",
        lambda s: estimand(s, "change")["events"].update(DEATH="composite"),
        (ESTIMANDS, "change.events.DEATH", "composite"),
        "cannot be carried by scores: a score has no value that stands for the event; "
        "use hypothetical, or declare a response of it",
    ),
    (
        "a time has no composite value",
        lambda s: estimand(s, "time_competing")["events"].update(DEATH="composite"),
        (ESTIMANDS, "time_competing.events.DEATH", "composite"),
        "cannot be carried by times: a time has no value that stands for the event; "
        "use hypothetical (censored) or while on treatment",
    ),
    (
        "one flag filled in two ways",
        lambda s: estimand(s, "response").update(events=estimand(s, "response")["events"] | {"DOSE": "composite"}),
        (ESTIMANDS, "response.data.flag", "ANL03FL"),
        "estimand primary fills this flag of the responses of ADRS in another way; name another flag",
    ),
    (
        "two estimands of one name",
        lambda s: estimand(s, "all_treated").update(id="primary"),
        (ESTIMANDS, "id", "primary"),
        "two estimands bear this id",
    ),
    (
        "two analyses of one name",
        lambda s: analysis(s, "locf").update(id="observed"),
        (ARD, "id", "observed"),
        "two analyses bear this id",
    ),
    (
        "one name for analyses of two chapters",
        lambda s: analysis(s, "score_values", "patient").update(id="primary"),
        ("config/ard/patient.yaml", "id", "primary"),
        "two analyses bear this id",
    ),
    (
        "a flag that carries another estimand",
        lambda s: analysis(s, "primary").update(estimand="treatment_policy"),
        (ARD, "primary.where", "ANL03FL"),
        "this flag does not carry estimand treatment_policy, which fills ANL05FL",
    ),
    (
        "a data set that does not carry the estimand",
        lambda s: analysis(s, "primary").update(estimand="time_to_response"),
        (ARD, "primary.dataset", "adrs"),
        "is not among the data sets of estimand time_to_response; known: ",
    ),
    (
        "a population that is not the estimand's",
        lambda s: analysis(s, "primary").update(population={"SAFFL": "Y"}),
        (ARD, "primary.population", "FASFL: Y is asked for"),
        "the population is not within that of estimand primary",
    ),
    (
        "a data set that cannot know the estimands",
        lambda s: s.adam["adqs"].pop("lists"),
        ("config/adam/adqs.yaml", "lists", "ANL05FL"),
        "an estimand fills a flag of this data set, which does not list `estimands`",
    ),
]


@pytest.mark.parametrize(
    ("change", "place", "rule"), [c[1:] for c in CONTRADICTIONS], ids=[c[0] for c in CONTRADICTIONS]
)
def test_it_contradicts_itself(study, change, place, rule):
    change(study)
    assert any(one.startswith(line(*place, rule)) for one in said(study)), said(study)


def test_a_narrower_set_lies_within_the_population_of_an_estimand(study):
    analysis(study, "primary").update(population={"JNTFL": "Y"})
    assert said(study) == []


def test_all_that_is_wrong_is_said_at_once(study):
    analysis(study, "primary").update(method="proportions", estimand="principal")
    display(study, "t-14.2.1.1").update(layout="summaries")
    assert len(said(study)) == 3


def test_the_plan_is_not_made_with_a_name_that_nothing_bears(study):
    analysis(study, "primary").update(estimand="principal")
    with inside(ROOT), pytest.raises(Cause, match="value 'principal': is not an estimand of the study"):
        Plan(study)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("role: primary", "role: main", "estimands.0.role, value 'main'"),
        ("id: primary", "id: none", "estimands.0.id, value 'none'"),
        ("missing: non-response}", "missing: worst}", "estimands.0.data.0.missing, value 'worst'"),
        ("records: ANL01FL, missing: n", "records: ANL07FL, missing: n", "estimands.0.data.0.records, value 'ANL07FL'"),
        ("flag: ANL03FL, records: ANL01FL, m", "flag: ANL01FL, records: ANL01FL, m", "estimands.0.data.0.flag"),
        ("    role: primary", "    rank: 1\n    role: primary", "'rank' was unexpected"),
    ],
)
def test_a_stranger_in_the_file_of_estimands_is_refused_by_the_schema(tmp_path: Path, old, new, words):
    from tests.climb import copy_config

    folder = copy_config(ROOT, tmp_path)
    (tmp_path / "data").symlink_to(ROOT / "data")
    file = folder / "config/estimands.yaml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with inside(folder), pytest.raises(Cause) as found:
        Study(".", SCHEMAS)
    assert words in found.value.as_line() and "config/estimands.yaml" in found.value.as_line()
