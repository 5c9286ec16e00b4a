"""What a study's own lists name must be there: criteria, groups of events and conditions, treatment, units, orders."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from crf2csr.errors import Cause
from crf2csr.lookups import strange, twice
from crf2csr.mappings import CARRIED, condition
from crf2csr.specs import Study

# What every domain has beside the variables that its specification declares.
STANDARD = {"STUDYID", "DOMAIN", "USUBJID", "EPOCH", "VISIT", "VISITNUM", "VISITDY"}


def check(study: Study) -> Iterator[Cause]:
    """Yield every cause of eligibility.yaml, aesi.yaml, comorbidities.yaml, prohibited.yaml, labs.yaml and adam/."""
    yield from _eligibility(study)
    for name in ("aesi", "comorbidities"):
        groups = (study.lists.get(name) or {}).get("groups", [])
        yield from twice((group["id"] for group in groups), "groups", f"config/{name}.yaml")
    yield from _prohibited(study)
    yield from _laboratory(study)
    for name, spec in study.adam.items():
        file = f"config/adam/{name}.yaml"
        # A name that begins with an underscore, and the sequence of a source, live while the rows are made.
        own = {v for v in spec["sort"] if v.startswith("_")}
        own |= {f"{domain.upper()}SEQ" for domain in spec["sources"].get("sdtm", [])}
        known = {*spec["variables"], *own}
        for variable in spec["sort"]:
            yield from strange(variable, known, f"a variable of {spec['name']}", file, "sort")
        if "windows" in spec:
            yield from strange(spec["windows"], study.page.get("windows", {}), "a set of windows", file, "windows")


def _variables(study: Study, domain: str) -> set[str]:
    return {*study.sdtm[domain]["variables"], *STANDARD}


def _eligibility(study: Study) -> Iterator[Cause]:
    """Codes that are criteria of the trial; domains, variables and fields that are there."""
    file, found = "config/eligibility.yaml", study.lists.get("eligibility") or {}
    lists = study.lists.get("codelists") or {}
    terms = [term for words in lists.values() for term in words.values() if isinstance(term, dict)]
    codes = {term["code"] for term in terms if {"code", "category", "test"} <= term.keys()}
    for criterion in found.get("criteria", []):
        code = criterion["code"]
        yield from strange(code, codes, "a criterion of codelists.yaml", file, "criteria.code")
        for number, about in enumerate(criterion["checks"]):
            place = f"{code}.checks.{number}"
            if about["of"] not in study.sdtm:
                yield from strange(about["of"], study.sdtm, "made on the sdtm floor", file, f"{place}.of")
                continue
            yield from _criterion(study, about, file, place)


def _criterion(study: Study, about: dict[str, Any], file: str, place: str) -> Iterator[Cause]:
    domain = about["of"]
    known, what = _variables(study, domain), f"a variable of {study.sdtm[domain]['name']}"
    for key in ("value", "unit_in", "times"):
        if key in about:
            yield from strange(about[key], known, what, file, f"{place}.{key}")
    for name in about.get("show", []):
        yield from strange(name, known, what, file, f"{place}.show")
    for key in ("where", "asked"):
        yield from condition(about.get(key), known, what, file, f"{place}.{key}")
    for key in ("any", "none"):
        for number, rows in enumerate(about.get(key, [])):
            yield from condition(rows.get("where"), known, what, file, f"{place}.{key}.{number}.where")
            for end in ("from", "to"):
                if end in rows.get("lasting", {}):
                    yield from strange(rows["lasting"][end], known, what, file, f"{place}.{key}.{number}.lasting.{end}")
    if "field" in about:
        forms = [form for form in study.crf.values() if form["name"] in study.sdtm[domain].get("forms", [])]
        fields = {name for form in forms for name in form["fields"]} | CARRIED
        yield from strange(about["field"], fields, f"a field of the forms of {domain}", file, f"{place}.field")


def _prohibited(study: Study) -> Iterator[Cause]:
    """Rules with ids of their own, about domains that are made; exceptions name variables of one of them."""
    file, found = "config/prohibited.yaml", study.lists.get("prohibited") or {}
    rules = found.get("rules", [])
    yield from twice((rule["id"] for rule in rules), "rules", file)
    named = sorted({domain for rule in rules for domain in rule["domains"]})
    for domain in named:
        yield from strange(domain, study.sdtm, "made on the sdtm floor", file, "rules.domains")
    known = {variable for domain in named if domain in study.sdtm for variable in _variables(study, domain)}
    for number, where in enumerate(found.get("not_treatment", [])):
        yield from condition(where, known, f"a variable of {', '.join(named)}", file, f"not_treatment.{number}")


def _laboratory(study: Study) -> Iterator[Cause]:
    """Tables that are there, and conventional units that say the same of a value as the units that are printed."""
    for key in ("grading", "levels"):
        name = study.page.get("labs", {}).get(key)
        if name is not None:
            yield from strange(name, study.lists, "a table of standards", "config/config.yaml", f"labs.{key}")
    file, labs = "config/labs.yaml", study.lists.get("labs") or {}
    if "ranges" in labs:
        yield from strange(labs["ranges"], study.page.get("tables", []), "a table of config.yaml", file, "ranges")
    for name, about in labs.get("analytes", {}).items():
        if "conventional" not in about or "units" not in about:
            continue
        other, place = about["conventional"], f"analytes.{name}.conventional"
        if other["unit"] not in about["units"]:
            yield from strange(other["unit"], about["units"], "a unit of this analyte", file, f"{place}.unit")
        # From the standard unit and back again a value is the same.
        elif _factor(other) * _factor(about["units"][other["unit"]]) != 1:
            said = f"the factor is not the inverse of that of {other['unit']} under `units`"
            yield Cause(said, file=file, field=place, value=str(_factor(other)))


def _factor(rule: dict[str, Any]) -> Fraction:
    return Fraction(str(rule.get("times", 1))) / Fraction(str(rule.get("over", 1)))
