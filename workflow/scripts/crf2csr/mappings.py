"""What contracts, domains and data checks name of one another must be there: looked at when the plan is made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crf2csr import checks, dates, records
from crf2csr.errors import Cause
from crf2csr.lookups import strange
from crf2csr.populations import BOUNDS
from crf2csr.specs import Study

COMPARISONS = {"present", "not", "missing", *BOUNDS}
KEYS = {*records.KEYS, "USUBJID"}
# What every record has beside its fields.
CARRIED = {*KEYS, "REC", "LINE", "VISIT", "VISITNUM", "VISITDY", "DATE", "DERIVED"}
# Formats whose numbers are text as people of a country write it; all others write numbers in a way of their own.
WRITTEN = {"delimited", "redcap"}
# What a check names of the fields of its own form: the key, and the parts of it that are names.
NAMED = {
    "shared": ("fields",),
    "order": ("first", "last"),
    "in_force": ("date",),
    "supply": ("date", "amount"),
    "factor": ("by",),
    "determines": ("by", "fields"),
}
FIELD_VERBS = ("assign", "encode", "date", "number", "time", "start")


def check(study: Study) -> Iterator[Cause]:
    """Yield every cause of crf/, codelists.yaml, sdtm/, and checks.yaml."""
    for stem, form in study.crf.items():
        yield from _contract(study, form, f"config/crf/{stem}.yaml")
    yield from _decimals(study)
    yield from _words(study)
    for stem, spec in study.sdtm.items():
        yield from _domain(study, spec, f"config/sdtm/{stem}.yaml")
    yield from _checks(study)


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


def _contract(study: Study, form: dict[str, Any], file: str) -> Iterator[Cause]:
    fields = form["fields"]
    known, what = {*fields, *CARRIED}, f"a field of {form['name']}"
    if "date" in form:
        yield from strange(form["date"], fields, what, file, "date")
    for rule in form.get("not_submitted", []):
        yield from condition(rule["where"], known, what, file, "not_submitted.where")
    for name, about in fields.items():
        yield from condition(about.get("asked"), known, what, file, f"fields.{name}.asked")
        if "codelist" in about and "dictionary" not in study.page["raw"]:
            lists = study.lists.get("codelists") or {}
            yield from strange(about["codelist"], lists, "a list of codelists.yaml", file, f"fields.{name}.codelist")
        if "lo" in about and "hi" in about and about["lo"] > about["hi"]:
            said = f"the lower bound is above the upper one, {about['hi']}"
            yield Cause(said, file=file, field=f"fields.{name}.lo", value=about["lo"])


def _decimals(study: Study) -> Iterator[Cause]:
    """A decimal comma is declared for a form in a text file: nothing else reads it, so nothing else may say it."""
    forms = {form["name"] for form in study.crf.values()}
    for entry in study.manifest["files"]:
        if entry.get("decimal", ".") == ".":
            continue
        adapter = entry.get("adapter", "delimited")
        said = None
        if adapter not in WRITTEN:
            said = f"files of the adapter {adapter} have no decimal comma ({entry['name']})"
        elif entry["form"] not in forms:
            said = f"a decimal comma is declared for a form, and {entry['form']} is none ({entry['name']})"
        if said:
            yield Cause(said, file=study.page["raw"]["manifest"], field="decimal", value=entry["decimal"])


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
    for key in ("keys", "sort", "baseline_by"):
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
    """Forms, fields and conditions of the declared checks, each as it stands when its braces are filled."""
    file = "config/checks.yaml"
    forms = {form["name"]: form for form in study.crf.values()}
    tables = study.page.get("tables", [])
    seen: set[tuple[str | None, str]] = set()
    for number, declared in enumerate((study.lists.get("checks") or {}).get("checks", [])):
        place = f"checks.{number}"
        for name in declared.get("forms", [declared.get("form")]):
            yield from strange(name, [*forms, *tables], "a form or table of the study", file, f"{place}.form")
            # The columns of a table that comes with the export stand in no contract.
            for one in checks.expanded(declared, name, forms[name]) if name in forms else ():
                for cause in _one_check(forms, one, file, place):
                    if (cause.field, str(cause.value)) not in seen:
                        seen.add((cause.field, str(cause.value)))
                        yield cause


def _one_check(forms: dict[str, Any], check: dict[str, Any], file: str, place: str) -> Iterator[Cause]:
    """What one check names of its own form and of others."""
    known, what = _fields(forms[check["form"]]), f"a field of {check['form']}"
    for key in ("never", "where"):
        yield from condition(check.get(key), known, what, file, f"{place}.{key}")
    for key, parts in NAMED.items():
        for part in parts:
            names = check.get(key, {}).get(part)
            for name in names if isinstance(names, list) else [names]:
                if isinstance(name, str):
                    yield from strange(name, known, what, file, f"{place}.{key}.{part}")
    if "field" in check:
        near = {name for form in checks.other_forms(check) for name in forms.get(form, {"fields": {}})["fields"]}
        yield from strange(check["field"], known | near, f"{what} or of a form that it names", file, f"{place}.field")
    others = {"exists": check.get("exists"), "unless": check.get("unless")}
    others |= {f"order.{end}": check.get("order", {}).get(end) for end in ("first", "last")}
    for key, other in others.items():
        if not isinstance(other, dict):
            continue
        yield from strange(other["of"], forms, "a form of the study", file, f"{place}.{key}.of")
        if other["of"] in forms:
            known, what = _fields(forms[other["of"]]), f"a field of {other['of']}"
            yield from condition(other.get("where"), known, what, file, f"{place}.{key}.where")
            if "field" in other:
                yield from strange(other["field"], known, what, file, f"{place}.{key}.field")
