"""What the course of a case names must be there: lines of treatment, scores, milestones, events of the timeline."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from crf2csr.errors import Cause
from crf2csr.lookups import strange
from crf2csr.specs import Study

TOKEN = re.compile(r"\{([A-Z][A-Z0-9]*)(?::\d)?\}")
LINE = ("name", "start", "end", "regimen", "route", "reason", "judged")


def check(study: Study) -> Iterator[Cause]:
    """Yield every domain, data set, variable and parameter that is named and does not exist."""
    yield from _phases(study)
    yield from _scores(study)
    yield from _milestones(study)
    yield from _timeline(study)


def _variables(spec: dict[str, Any], names: Iterable[str], file: str, field: str) -> Iterator[Cause]:
    for name in names:
        if name != "any" and name not in spec["variables"]:
            yield Cause(f"is not a variable of {spec['name']}", file=file, field=field, value=name)


def _phases(study: Study) -> Iterator[Cause]:
    rules, file = study.page.get("phases"), "config/config.yaml"
    if rules is None:
        return
    if "onset" in rules and "adsl" in study.adam:
        yield from _variables(study.adam["adsl"], [rules["onset"]], file, "phases.onset")
    sources = study.adam.get("adph", {}).get("sources", {}).get("sdtm", list(study.sdtm))
    for number, line in enumerate(rules["lines"]):
        field = f"phases.lines.{number}"
        yield from strange(line["of"], sources, "a source of ADPH", file, f"{field}.of")
        if line["of"] in study.sdtm:
            given = [line[key] for key in LINE if key in line]
            named = [name for some in given for name in (some if isinstance(some, list) else [some])]
            yield from _variables(study.sdtm[line["of"]], [*named, *line.get("where", {})], file, field)


def _scores(study: Study) -> Iterator[Cause]:
    spec, file = study.adam.get("adcc"), "config/adam/adcc.yaml"
    if spec is None:
        return
    for parameter in spec["parameters"]:
        about, field = parameter.get("from", {}), f"{parameter['code']}.from"
        yield from strange(
            about.get("of", ""), spec["sources"].get("sdtm", []), "a source of ADCC", file, f"{field}.of"
        )
        if about.get("of") in study.sdtm:
            yield from _variables(study.sdtm[about["of"]], about.get("where", {}), file, f"{field}.where")


def _milestones(study: Study) -> Iterator[Cause]:
    spec, file = study.adam.get("admil"), "config/adam/admil.yaml"
    if spec is None or "adcc" not in study.adam:
        return
    scores = [p["code"] for p in study.adam["adcc"]["parameters"]]
    milestones = [p["code"] for p in spec["parameters"] if "criterion" in p]
    for parameter in spec["parameters"]:
        about = parameter.get("criterion", parameter.get("best", {}))
        yield from strange(about.get("of", ""), scores, "a parameter of ADCC", file, f"{parameter['code']}.of")
        for grade in about.get("grades", []):
            yield from strange(grade, milestones, "a milestone", file, f"{parameter['code']}.best.grades")


def _timeline(study: Study) -> Iterator[Cause]:
    spec, file = study.adam.get("adtl"), "config/adam/adtl.yaml"
    if spec is None:
        return
    sources = [name for names in spec["sources"].values() for name in names]
    for number, rule in enumerate(spec.get("timeline", [])):
        field = f"timeline.{number}"
        yield from strange(rule["of"], sources, "a source of ADTL", file, f"{field}.of")
        source = study.adam.get(rule["of"]) or study.sdtm.get(rule["of"])
        if source:
            named = [rule["date"], *rule.get("where", {}), *TOKEN.findall(rule["text"])]
            yield from _variables(source, named, file, field)
