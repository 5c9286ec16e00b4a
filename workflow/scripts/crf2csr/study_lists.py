"""What a study's lists name must be there: laboratory tests, eligibility, prohibited treatment, groups of terms.

Looked at when the plan is made. A code that nothing bears would otherwise find nobody and look like a result.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from crf2csr.errors import Cause
from crf2csr.lookups import strange, twice
from crf2csr.mappings import condition
from crf2csr.specs import Study

PAGE = "config/config.yaml"


def check(study: Study) -> Iterator[Cause]:
    """Yield every cause of labs.yaml, eligibility.yaml, prohibited.yaml, aesi.yaml and comorbidities.yaml."""
    yield from _labs(study)
    yield from _tables_of_levels(study)
    yield from _eligibility(study)
    yield from _prohibited(study)
    for name, dataset in (("aesi", "adae"), ("comorbidities", "admh")):
        yield from _groups(study, name, dataset)


def variables(study: Study, domain: str) -> set[str]:
    """Variables of a domain, those of its supplement among them."""
    beside = (spec for spec in study.sdtm.values() if spec.get("supplements") == domain)
    return {*study.sdtm[domain]["variables"], *(name for spec in beside for name in spec["variables"])}


def _labs(study: Study) -> Iterator[Cause]:
    """Bounds that do not run backwards, units that are known, and one factor between two units."""
    file, labs = "config/labs.yaml", study.lists.get("labs") or {}
    if "ranges" in labs:
        yield from strange(labs["ranges"], study.page.get("tables", []), "a table of config.yaml", file, "ranges")
    analytes = labs.get("analytes", {})
    for name, about in analytes.items():
        place, units = f"analytes.{name}", about.get("units", {})
        low, high = about.get("plausible", (0, 0))
        if low > high:
            yield Cause("the bounds run backwards", file=file, field=f"{place}.plausible", value=[low, high])
        if "units" in about and "unit" in about:
            yield from strange(about["unit"], units, "a unit of this analyte", file, f"{place}.unit")
        if "same_as" in about:
            yield from strange(about["same_as"], analytes, "an analyte", file, f"{place}.same_as")
        other = about.get("conventional")
        if other and units:
            yield from strange(other["unit"], units, "a unit of this analyte", file, f"{place}.conventional.unit")
            back = _factor(units.get(other["unit"], {}))
            if other["unit"] in units and _factor(other) * back != 1:
                said = f"{other['unit']} is also among the units that are printed, and its factor there is another one"
                yield Cause(said, file=file, field=f"{place}.conventional", value=_words(other))


def _factor(rule: dict[str, Any]) -> Fraction:
    """The factor of a unit as it is written, in exact fractions."""
    return Fraction(str(rule.get("times", 1))) / Fraction(str(rule.get("over", 1)))


def _words(rule: dict[str, Any]) -> str:
    return " ".join(f"{key} {rule[key]}" for key in ("times", "over") if key in rule) or "times 1"


def _tables_of_levels(study: Study) -> Iterator[Cause]:
    """Tables of grades and of levels that the page names, by the columns that make them such."""
    for key, column in (("grading", "grade1"), ("levels", "level1")):
        known = [name for name, rows in study.lists.items() if isinstance(rows, list) and rows and column in rows[0]]
        if key in study.page.get("labs", {}):
            named = study.page["labs"][key]
            yield from strange(named, known, "a table of workflow/standards/ with such columns", PAGE, f"labs.{key}")


def _eligibility(study: Study) -> Iterator[Cause]:
    """Codes of criteria, domains, variables and fields of the checks of eligibility."""
    file = "config/eligibility.yaml"
    criteria = (study.lists.get("eligibility") or {}).get("criteria", [])
    yield from twice((criterion["code"] for criterion in criteria), "criteria", file)
    listed = (study.lists.get("trial_design") or {}).get("criteria", {}).get("codelist")
    codes = (study.lists.get("codelists") or {}).get(listed, {})
    fields = {name for form in study.crf.values() for name in form["fields"]}
    for criterion in criteria:
        code = criterion["code"]
        if codes:
            yield from strange(code, codes, f"a criterion of {listed} in codelists.yaml", file, "code")
        for number, rule in enumerate(criterion["checks"]):
            place = f"{code}.checks.{number}"
            if "field" in rule:
                yield from strange(rule["field"], fields, "a field of the study's forms", file, f"{place}.field")
            if rule["of"] not in study.sdtm:
                yield from strange(rule["of"], study.sdtm, "a domain of the study", file, f"{place}.of")
                continue
            yield from _criterion(rule, variables(study, rule["of"]), file, place)


def _criterion(rule: dict[str, Any], known: set[str], file: str, place: str) -> Iterator[Cause]:
    """Variables that one check of eligibility names."""
    what = f"a variable of {rule['of'].upper()}"
    for key in ("where", "asked"):
        yield from condition(rule.get(key), known, what, file, f"{place}.{key}")
    for key in ("any", "none"):
        for rows in rule.get(key, []):
            yield from condition(rows["where"], known, what, file, f"{place}.{key}.where")
            for end in ("from", "to"):
                if "lasting" in rows:
                    yield from strange(rows["lasting"][end], known, what, file, f"{place}.{key}.lasting.{end}")
    for key in ("value", "unit_in", "times"):
        if key in rule:
            yield from strange(rule[key], known, what, file, f"{place}.{key}")
    for name in rule.get("show", []):
        yield from strange(name, known, what, file, f"{place}.show")
    if rule.get("at_least") is not None and rule.get("at_most") is not None and rule["at_least"] > rule["at_most"]:
        said = f"the lower bound is above the upper one, {rule['at_most']}"
        yield Cause(said, file=file, field=f"{place}.at_least", value=rule["at_least"])


def _prohibited(study: Study) -> Iterator[Cause]:
    """Domains and conditions of the rules of prohibited treatment."""
    file, listed = "config/prohibited.yaml", study.lists.get("prohibited") or {"rules": []}
    yield from twice((rule["id"] for rule in listed["rules"]), "rules", file)
    searched: set[str] = set()
    for rule in listed["rules"]:
        for domain in rule["domains"]:
            yield from strange(domain, study.sdtm, "a domain of the study", file, f"{rule['id']}.domains")
        searched |= {domain for domain in rule["domains"] if domain in study.sdtm}
    known = {name for domain in searched for name in variables(study, domain)}
    for where in listed.get("not_treatment", []):
        said = f"a variable of {', '.join(sorted(searched)).upper()}"
        yield from condition(where, known, said, file, "not_treatment")


def _groups(study: Study, name: str, dataset: str) -> Iterator[Cause]:
    """Groups of terms bear ids of their own, and their conditions name variables of the records."""
    file = f"config/{name}.yaml"
    groups = (study.lists.get(name) or {}).get("groups", [])
    yield from twice((group["id"] for group in groups), "groups", file)
    spec = study.adam.get(dataset)
    known = {*spec["variables"]} if spec else set()
    for domain in spec["sources"].get("sdtm", []) if spec else []:
        known |= variables(study, domain) if domain in study.sdtm else set()
    for group in groups if spec else []:
        what = f"a variable of {dataset.upper()} or of its sources"
        yield from condition(group.get("where"), known, what, file, f"{group['id']}.where")
