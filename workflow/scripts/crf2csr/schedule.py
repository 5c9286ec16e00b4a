"""What config.yaml says of persons, visits and days must be possible: looked at when the plan is made."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import Any

from crf2csr import dates
from crf2csr.errors import Cause
from crf2csr.lookups import strange
from crf2csr.specs import Study

FILE = "config/config.yaml"
PLACES = {"STUDYID", "SITEID", "SUBJID"}


def check(study: Study) -> Iterator[Cause]:
    """Yield every cause: subjects, visits, windows, cut-off, tables."""
    yield from _subjects(study)
    yield from _visits(study)
    yield from _windows(study)
    yield from _tables(study)
    try:
        date.fromisoformat(study.page["study"]["cutoff"])
    except ValueError:
        yield Cause("is no day of the calendar", file=FILE, field="study.cutoff", value=study.page["study"]["cutoff"])


def field(study: Study, form: str, names: dict[str, str], place: str, file: str = FILE) -> Iterator[Cause]:
    """Yield the cause that a form, or a field of it (key of the declaration: name), is not in the contracts."""
    forms = {spec["name"]: spec for spec in study.crf.values()}
    yield from strange(form, forms, "a form of the study", file, f"{place}.form")
    for key, name in names.items():
        if form in forms:
            yield from strange(name, forms[form]["fields"], f"a field of {form}", file, f"{place}.{key}")


def _subjects(study: Study) -> Iterator[Cause]:
    rule = study.page["subjects"]
    yield from field(study, rule["form"], {"birth": rule["birth"]} if "birth" in rule else {}, "subjects")
    for key in ("linked_by", "withdrawn_by"):
        if key in rule:
            named = {k: rule[key][k] for k in ("field", "date") if k in rule[key]}
            yield from field(study, rule[key]["form"], named, f"subjects.{key}")
    try:
        re.compile(rule["pattern"])
    except re.error as error:
        yield Cause(f"is no regular expression ({error})", file=FILE, field="subjects.pattern", value=rule["pattern"])
    for name in re.findall(r"\{([^}]*)\}", rule["usubjid"]):
        yield from strange(name, PLACES, "a part of a subject's number", FILE, "subjects.usubjid")
    if set("{}") & set(re.sub(r"\{[^{}]*\}", "", rule["usubjid"])):
        yield Cause("a brace stands alone", file=FILE, field="subjects.usubjid", value=rule["usubjid"])
    for number, last in enumerate(study.page["last_dose"]):
        if "of" in last:
            named = {key: last[key] for key in ("date", "start") if key in last}
            yield from field(study, last["of"], named, f"last_dose.{number}")
    visit = study.page.get("visit_form")
    if visit:
        yield from field(study, visit["form"], {"date": visit["date"]}, "visit_form")
        for form in visit.get("dated_by", []):
            yield from field(study, form, {}, "visit_form.dated_by")


def _visits(study: Study) -> Iterator[Cause]:
    """A word of the export, a number and a name each stand for one visit; no span runs backwards."""
    seen: dict[tuple[str, str], str] = {}
    for visit in study.page["visits"]:
        place = f"visits.{visit['event']}"
        words = [*dict.fromkeys(dates.tidy(word) for word in [visit["event"], *visit.get("labels", [])])]
        said = [("label", word) for word in words] + [(k, str(visit[k])) for k in ("number", "name") if k in visit]
        for key, value in said:
            if (key, value) in seen:
                yield Cause(
                    f"stands for the visit {seen[key, value]} too", file=FILE, field=f"{place}.{key}", value=value
                )
            seen[key, value] = visit["event"]
        yield from _forwards(visit, place, "day")


def _forwards(span: dict[str, Any], place: str, target: str) -> Iterator[Cause]:
    """A span of days does not run backwards, and its target lies within."""
    low, high = span.get("from"), span.get("to")
    if low is None or high is None:
        return
    if low > high:
        yield Cause(f"the span runs backwards: from {low} to {high}", file=FILE, field=f"{place}.from", value=low)
    elif target in span and not low <= span[target] <= high:
        yield Cause(f"lies outside {low} to {high}", file=FILE, field=f"{place}.{target}", value=span[target])


def _windows(study: Study) -> Iterator[Cause]:
    """Analysis windows are of visits of the schedule, and no day is in two windows of one set."""
    planned = [visit["name"] for visit in study.page["visits"]]
    for name, some in study.page.get("windows", {}).items():
        for window in some:
            place = f"windows.{name}.{window['visit']}"
            yield from strange(window["visit"], planned, "a visit of the schedule", FILE, f"windows.{name}.visit")
            yield from _forwards(window, place, "target")
        for one, other in pairwise(sorted(some, key=lambda window: window["from"])):
            if other["from"] <= one["to"]:
                said = f"overlaps the window of {one['visit']}, which lasts to day {one['to']}"
                yield Cause(said, file=FILE, field=f"windows.{name}.{other['visit']}.from", value=other["from"])


def _tables(study: Study) -> Iterator[Cause]:
    delivered = [entry["form"] for entry in study.manifest["files"]]
    for table in study.page.get("tables", []):
        yield from strange(table, delivered, "in the manifest", FILE, "tables")
