"""What a study's configuration names must be there: looked up when the plan is made, before any job runs.

A name that nothing bears is an error with its file, key and value. It is never skipped: a condition on a parameter,
visit or event that does not exist would otherwise count nobody and look like a result.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from crf2csr import checklists, courses, design, estimands, mappings, schedule, serving, study_lists
from crf2csr.errors import Cause, together
from crf2csr.jobs import has_room
from crf2csr.lookups import strange, twice
from crf2csr.populations import BOUNDS
from crf2csr.specs import Study, read_yaml

COMPARISONS = {"present", "not", "missing", *BOUNDS}
BASELINE = "Baseline"


def check(study: Study) -> None:
    """Raise one cause for everything that is named and does not exist."""
    named = (_page, design.check, estimands.check, _datasets, courses.check, _analyses, _displays, checklists.check)
    causes = [
        cause for part in (schedule.check, mappings.check, study_lists.check, *named, _report) for cause in part(study)
    ]
    if causes:
        raise together(causes)


# ---- conditions ----


def _values(study: Study, spec: dict[str, Any]) -> dict[str, set[str]]:
    """The values that variables of a data set can have, where the configuration declares them all."""
    page = study.page
    found = {name: {*estimands.STRATEGIES} for name, about in spec["variables"].items() if "estimand" in about}
    if spec.get("parameters"):
        found["PARAMCD"] = {p["code"] for p in spec["parameters"]}
    if "AVISIT" in spec["variables"]:
        planned = {window["visit"] for some in page.get("windows", {}).values() for window in some}
        found["AVISIT"] = {BASELINE} | planned | {visit["name"] for visit in page["visits"]}
    if "ICECD" in spec["variables"]:
        found["ICECD"] = {event["id"] for event in page.get("intercurrent_events", [])}
    return found


def _condition(study: Study, where: Any, dataset: str, file: str, field: str) -> Iterator[Cause]:
    """Yield what a condition on the rows of a data set or domain names and does not find."""
    spec = study.adam.get(dataset) or study.sdtm.get(dataset)
    if spec is None or not isinstance(where, dict):
        return
    known, values = spec["variables"], _values(study, spec)
    for variable, wanted in where.items():
        if variable == "any":
            for one in wanted:
                yield from _condition(study, one, dataset, file, field)
            continue
        place = f"{field}.{variable}"
        if variable not in known:
            yield Cause(f"is not a variable of {dataset.upper()}", file=file, field=field, value=variable)
            continue
        listed = wanted
        if isinstance(wanted, dict):
            for word in wanted:
                yield from strange(word, COMPARISONS, "a comparison", file, place)
            listed = wanted.get("not", [])
        for value in listed if isinstance(listed, list) else [listed]:
            if variable in values:
                what = f"a value of {variable} in {dataset.upper()}"
                yield from strange(str(value), values[variable], what, file, place)


def _inner(study: Study, part: Any, dataset: str, file: str, field: str) -> Iterator[Cause]:
    """Yield the same of every condition that stands deeper, under ``where``."""
    if isinstance(part, dict):
        named = part.get("of")
        of = part.get("dataset", named if isinstance(named, str) and named in study.adam else dataset)
        for key, value in part.items():
            if key == "where":
                yield from _condition(study, value, of, file, f"{field}.where")
            elif key == "dataset":
                yield from strange(value, study.adam, "a data set of the study", file, f"{field}.dataset")
            else:
                yield from _inner(study, value, of, file, f"{field}.{key}")
    elif isinstance(part, list):
        for item in part:
            yield from _inner(study, item, dataset, file, field)


# ---- the page ----


def _page(study: Study) -> Iterator[Cause]:
    """Analysis sets and intercurrent events of config.yaml."""
    file = "config/config.yaml"
    flags = [entry["flag"] for entry in study.page["analysis_sets"]]
    for number, entry in enumerate(study.page["analysis_sets"]):
        field = f"analysis_sets.{entry['flag']}"
        if "within" in entry:
            yield from strange(entry["within"], flags[:number], "a set declared before", file, f"{field}.within")
        for need in entry["needs"]:
            yield from _condition(study, need["where"], "adsl", file, f"{field}.needs.where")
    events = study.page.get("intercurrent_events", [])
    yield from twice((event["id"] for event in events), "intercurrent events", file)
    sources = study.adam.get("adice", {}).get("sources", {})
    known = [name for floor in sources.values() for name in floor]
    for event in events:
        for source in event["sources"]:
            field = f"intercurrent_events.{event['id']}.sources"
            if "adice" in study.adam:
                yield from strange(source["of"], known, "a source of ADICE", file, f"{field}.of")
            yield from _condition(study, source.get("where"), source["of"], file, f"{field}.where")
            named = [source[key] for key in ("date", "end", "text") if key in source] + source.get("variables", [])
            yield from _condition(study, {name: {} for name in named}, source["of"], file, field)


# ---- data sets ----


def _datasets(study: Study) -> Iterator[Cause]:
    settings = read_yaml(study.schemas / "config.schema.yaml")["properties"]
    for name, spec in study.adam.items():
        file = f"config/adam/{name}.yaml"
        if not has_room("adam", name):
            yield Cause("no such room on the adam floor", file=file, field="name", value=spec["name"])
        for floor, known in (("sdtm", study.sdtm), ("adam", study.adam)):
            for source in spec["sources"].get(floor, []):
                yield from strange(source, known, f"made on the {floor} floor", file, f"sources.{floor}")
        yield from _named(study, spec, settings, file)
        yield from _order(study, spec, file)
        if "windows" in spec:
            yield from strange(spec["windows"], study.page.get("windows", {}), "a set of windows", file, "windows")
        for variable, about in spec["variables"].items():
            if "estimand" in about:
                ids = {estimand["id"] for estimand in estimands.of_study(study)}
                yield from strange(about["estimand"], ids, "an estimand of the study", file, variable)
        for parameter in spec.get("parameters", []):
            if "windows" in parameter:
                known = study.page.get("windows", {})
                yield from strange(
                    parameter["windows"], known, "a set of windows", file, f"{parameter['code']}.windows"
                )
        if name == "adtte":
            yield from _times(study, spec, file)


def _order(study: Study, spec: dict[str, Any], file: str) -> Iterator[Cause]:
    """Rows are told apart by variables of the data set, and sorted by these, its sources' or the room's own."""
    known = {*spec["variables"]}
    for key in spec["keys"]:
        yield from strange(key, known, f"a variable of {spec['name']}", file, "keys")
    for floor, specs in (("sdtm", study.sdtm), ("adam", study.adam)):
        known |= {name for source in spec["sources"].get(floor, []) for name in specs.get(source, spec)["variables"]}
    for name in spec["sort"]:
        if not name.startswith("_"):
            yield from strange(name, known, f"a variable of {spec['name']} or of its sources", file, "sort")


def _named(study: Study, spec: dict[str, Any], settings: Iterable[str], file: str) -> Iterator[Cause]:
    """Settings of the page and lists that a specification asks for."""
    for key in spec.get("settings", []):
        yield from strange(key, settings, "a key of config.yaml", file, "settings")
    for key in spec.get("lists", []):
        # A study need not declare estimands; all other lists that are asked for must be there.
        if key != "estimands":
            yield from strange(key, study.lists, "a list of the study", file, "lists")


def _times(study: Study, spec: dict[str, Any], file: str) -> Iterator[Cause]:
    """Sources of times: their data sets, and what their conditions name."""
    for parameter in spec["parameters"]:
        for key in ("among", "events", "before", "censors", "assessments", "competing"):
            given = parameter.get(key, [])
            for source in given if isinstance(given, list) else [given]:
                field = f"{parameter['code']}.{key}"
                yield from strange(source["of"], spec["sources"]["adam"], "a source of ADTTE", file, f"{field}.of")
                yield from _condition(study, source.get("where"), source["of"], file, f"{field}.where")


# ---- analyses ----


def _analyses(study: Study) -> Iterator[Cause]:
    settings = read_yaml(study.schemas / "config.schema.yaml")["properties"]
    named: list[str] = []
    for chapter, spec in study.ard.items():
        file = f"config/ard/{chapter}.yaml"
        yield from _named(study, spec, settings, file)
        for dataset in spec["datasets"]:
            yield from strange(dataset, study.adam, "a data set of the study", file, "datasets")
        # Cards and reconciliation name an analysis by its id alone, so it is unique over all chapters.
        yield from twice([*dict.fromkeys(named), *(a["id"] for a in spec["analyses"])], "analyses", file)
        named += [a["id"] for a in spec["analyses"]]
        for analysis in spec["analyses"]:
            yield from _analysis(study, spec, analysis, file)


def _analysis(study: Study, spec: dict[str, Any], analysis: dict[str, Any], file: str) -> Iterator[Cause]:
    name, dataset = analysis["id"], analysis["dataset"]
    if analysis["method"].startswith("_") or not has_room("ard", analysis["method"]):
        yield Cause("is not a method of the house", file=file, field=f"{name}.method", value=analysis["method"])
    chapter = {"adsl", *spec["datasets"]}
    yield from strange(dataset, chapter, "among the data sets of this chapter", file, f"{name}.dataset")
    yield from _condition(study, analysis.get("population"), "adsl", file, f"{name}.population")
    yield from _condition(study, analysis.get("where"), dataset, file, f"{name}.where")
    for key in ("without", "split", "beside", "options"):
        yield from _inner(study, analysis.get(key), dataset, file, f"{name}.{key}")
    if dataset in study.adam:
        given = [(key, v) for key in ("by", "order_by", "variables", "levels") for v in analysis.get(key, [])]
        given += [("variable", analysis["variable"])] if "variable" in analysis else []
        for key, variable in given:
            if variable not in study.adam[dataset]["variables"]:
                yield Cause(f"is not a variable of {dataset.upper()}", file=file, field=f"{name}.{key}", value=variable)
        levels = {k: {"not": v} for k, v in analysis.get("levels", {}).items() if k in study.adam[dataset]["variables"]}
        yield from _condition(study, levels, dataset, file, f"{name}.levels")
    yield from serving.check(study, analysis, file)


# ---- displays and the report ----


def _displays(study: Study) -> Iterator[Cause]:
    for chapter, spec in study.tlf.items():
        file = f"config/tlf/{chapter}.yaml"
        if chapter not in study.ard:
            yield from strange(chapter, study.ard, "a chapter of config/ard/", file, "name")
            continue
        analyses = {a["id"] for a in study.ard[chapter]["analyses"]}
        for display in spec["displays"]:
            if display["layout"].startswith("_") or not has_room("tlf", display["layout"]):
                yield Cause(
                    "is not a layout of the house", file=file, field=f"{display['id']}.layout", value=display["layout"]
                )
            for field, value in _mentions(display, display["id"]):
                yield from strange(value, analyses, "an analysis of this chapter", file, field)
    every = (d["id"] for spec in study.tlf.values() for d in spec["displays"])
    yield from twice(every, "displays", "config/tlf/")


def _mentions(part: Any, field: str) -> Iterator[tuple[str, str]]:
    """Every analysis that a display names, with the place where it does."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "analysis" or (key == "header" and value != "none"):
                yield f"{field}.{key}", str(value)
            else:
                yield from _mentions(value, f"{field}.{key}")
    elif isinstance(part, list):
        for item in part:
            yield from _mentions(item, field)


def _report(study: Study) -> Iterator[Cause]:
    made = {d["id"] for spec in study.tlf.values() for d in spec["displays"]}
    named = [(s["number"], i) for s in study.csr["sections"] for i in s.get("displays", [])]
    named += [(f"front.{role}", i) for role, i in study.csr.get("front", {}).items() if isinstance(i, str)]
    for place, display in named:
        if display not in made:
            yield Cause("no chapter makes this display", file="config/csr.yaml", field=place, value=display)
    for display in sorted(made - {display for _, display in named}):
        yield Cause("no section shows this display", file="config/csr.yaml", field="sections", value=display)
