"""What contracts, domains and data checks name of one another must be there: looked at when the plan is made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crf2csr import dates
from crf2csr.errors import Cause
from crf2csr.lookups import strange
from crf2csr.populations import BOUNDS
from crf2csr.specs import Study

COMPARISONS = {"present", "not", "missing", *BOUNDS}
KEYS = {
    "STUDYID",
    "SITEID",
    "SUBJID",
    "USUBJID",
    "EVENT",
    "EVENTREP",
    "FORM",
    "FORMREP",
    "GRPREP",
    "FORMSTAT",
    "LASTMOD",
}
# What every record has beside its fields.
CARRIED = {*KEYS, "REC", "LINE", "VISIT", "VISITNUM", "VISITDY", "DATE", "DERIVED"}
FIELD_VERBS = ("assign", "encode", "date", "number", "time", "start")


def check(study: Study) -> Iterator[Cause]:
    """Yield every cause of crf/, codelists.yaml, sdtm/, checks.yaml and labs.yaml."""
    for stem, form in study.crf.items():
        yield from _contract(form, f"config/crf/{stem}.yaml")
    yield from _words(study)
    for stem, spec in study.sdtm.items():
        yield from _domain(study, spec, f"config/sdtm/{stem}.yaml")
    yield from _checks(study)
    yield from _labs(study)


def condition(where: Any, known: set[str], what: str, file: str, place: str) -> Iterator[Cause]:
    """Yield what a condition names and does not find: its variables and comparisons."""
    for variable, wanted in (where or {}).items():
        if variable == "any":
            for one in wanted:
                yield from condition(one, known, what, file, place)
            continue
        yield from strange(variable, known, what, file, place)
        for word in wanted if isinstance(wanted, dict) else ():
            yield from strange(word, COMPARISONS, "a comparison", file, f"{place}.{variable}")


def _contract(form: dict[str, Any], file: str) -> Iterator[Cause]:
    fields = form["fields"]
    known, what = {*fields, *CARRIED}, f"a field of {form['name']}"
    if "date" in form:
        yield from strange(form["date"], fields, what, file, "date")
    for rule in form.get("not_submitted", []):
        yield from condition(rule["where"], known, what, file, "not_submitted.where")
    for name, about in fields.items():
        yield from condition(about.get("asked"), known, what, file, f"fields.{name}.asked")
        if "lo" in about and "hi" in about and about["lo"] > about["hi"]:
            said = f"the lower bound is above the upper one, {about['hi']}"
            yield Cause(said, file=file, field=f"fields.{name}.lo", value=about["lo"])


def _words(study: Study) -> Iterator[Cause]:
    """Two words of a code list that differ only in case or width may not mean different things."""
    for name, codelist in (study.lists.get("codelists") or {}).items():
        seen: dict[str, tuple[str, Any]] = {}
        for word, term in codelist.items():
            other, meant = seen.setdefault(dates.tidy(str(word)), (word, term))
            if meant != term:
                said = f"differs from {other!r} in case or width alone and has another term"
                yield Cause(said, file="config/codelists.yaml", field=name, value=word)


def _domain(study: Study, spec: dict[str, Any], file: str) -> Iterator[Cause]:
    forms = {form["name"]: form for form in study.crf.values()}
    for form in spec.get("forms", []):
        yield from strange(form, forms, "a form of the study", file, "forms")
    for domain in spec.get("domains", []):
        yield from strange(domain, study.sdtm, "made on the sdtm floor", file, "domains")
    for table in spec.get("tables", []):
        yield from strange(table, study.page.get("tables", []), "a table of config.yaml", file, "tables")
    for key in ("keys", "baseline_by"):
        for name in spec.get(key, []):
            yield from strange(name, spec["variables"], f"a variable of {spec['name']}", file, key)
    for number, block in enumerate(spec.get("records", [])):
        place = f"records.{number}"
        if block["form"] not in forms:
            yield from strange(block["form"], forms, "a form of the study", file, f"{place}.form")
            continue
        known, what = _fields(forms[block["form"]]), f"a field of {block['form']}"
        yield from condition(block.get("where"), known, what, file, f"{place}.where")
        if "each" not in block and "tests" in block:
            for name in block["tests"]:
                yield from strange(name, known, what, file, f"{place}.tests")
        for variable, rule in block["set"].items():
            yield from _rule(study, rule, block["form"], file, f"{place}.set.{variable}")


def _fields(form: dict[str, Any]) -> set[str]:
    return {*form["fields"], *CARRIED}


def _rule(study: Study, rule: dict[str, Any], own: str, file: str, place: str) -> Iterator[Cause]:
    """The fields, form and code list that one rule of a mapping names."""
    forms = {form["name"]: form for form in study.crf.values()}
    form = rule.get("of", own)
    if form not in forms:
        yield from strange(form, forms, "a form of the study", file, f"{place}.of")
        return
    known, what = _fields(forms[form]), f"a field of {form}"
    for verb in FIELD_VERBS:
        # `{R}ARE` is filled where the rule is used, `visit` is the date of the visit.
        if verb in rule and "{" not in rule[verb] and rule[verb] != "visit":
            yield from strange(rule[verb], known, what, file, f"{place}.{verb}")
    yield from condition(rule.get("where"), known, what, file, f"{place}.where")
    yield from condition(rule.get("when"), _fields(forms[own]), f"a field of {own}", file, f"{place}.when")
    if "encode" in rule and "codelist" in rule:
        lists = study.lists.get("codelists") or {}
        yield from strange(rule["codelist"], lists, "a list of codelists.yaml", file, f"{place}.codelist")
    if "or" in rule:
        yield from _rule(study, rule["or"], own, file, f"{place}.or")


def _checks(study: Study) -> Iterator[Cause]:
    """Forms, fields and conditions of the declared checks; those that stand for several fields are filled elsewhere."""
    file = "config/checks.yaml"
    forms = {form["name"]: form for form in study.crf.values()}
    tables = study.page.get("tables", [])
    for number, declared in enumerate((study.lists.get("checks") or {}).get("checks", [])):
        place = f"checks.{number}"
        for name in declared.get("forms", [declared.get("form")]):
            yield from strange(name, [*forms, *tables], "a form or table of the study", file, f"{place}.form")
            if name not in forms or "each" in declared:
                continue
            known, what = _fields(forms[name]), f"a field of {name}"
            for key in ("never", "where"):
                yield from condition(declared.get(key), known, what, file, f"{place}.{key}")
            for field in declared.get("shared", {}).get("fields", []):
                yield from strange(field, known, what, file, f"{place}.shared.fields")
        for key in ("exists", "unless"):
            other = declared.get(key, {})
            if other.get("of") in forms:
                known, what = _fields(forms[other["of"]]), f"a field of {other['of']}"
                yield from condition(other.get("where"), known, what, file, f"{place}.{key}.where")


def _labs(study: Study) -> Iterator[Cause]:
    """Bounds that do not run backwards, and a standard unit among the units that may be printed."""
    file = "config/labs.yaml"
    for name, about in (study.lists.get("labs") or {}).get("analytes", {}).items():
        low, high = about.get("plausible", (0, 0))
        if low > high:
            yield Cause("the bounds run backwards", file=file, field=f"analytes.{name}.plausible", value=[low, high])
        if "units" in about and "unit" in about:
            yield from strange(about["unit"], about["units"], "a unit of this analyte", file, f"analytes.{name}.unit")
