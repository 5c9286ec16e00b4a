"""Where each field of the CRF goes in SDTM, read from the mapping that fills the domains and from nothing else.

The words under ``target`` of a form are prose for people; what stands here is what the rules of ``config/sdtm`` do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from crf2csr.specs import read_yaml

# Verbs of a rule that read a field of a form.
READING = ("assign", "encode", "date", "number")
# Constants of a block that tell its rows from those of another block of the same form.
TELLING = re.compile(r"[A-Z]{2}(TESTCD|TERM|TRT|CAT|SCAT|OBJ|EVDTYP|LOC|LAT|BDAGNT)")
# The field's content stands in the variable; the field decides about it; a constant of the form; the date of the
# visit; a link of two rows. These are shown. NOTE is shown for the reader only; SILENT is told at another field.
VALUE, CONDITION, FIXED, VISIT, LINK = "value", "condition", "fixed", "visit", "link"
NOTE, SILENT = "note", "silent"
COMPARED = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}


@dataclass(frozen=True)
class Crf:
    """What the annotated CRF is made from: contracts by form, mappings by domain, the study's page, code lists."""

    forms: dict[str, dict[str, Any]]
    domains: dict[str, dict[str, Any]]
    page: dict[str, Any]
    codelists: dict[str, Any]


@dataclass(frozen=True)
class Annotation:
    """One note on a form (``field`` is empty where it is about the whole form) and the variables that it names.

    ``text`` is the variables and what is said of them; notes that say the same (``said``) are shown as one.
    """

    form: str
    field: str
    dataset: str
    variables: tuple[str, ...]
    said: str
    kind: str

    @property
    def text(self) -> str:
        """The words of the box."""
        if self.kind in (FIXED, NOTE) or (self.kind == CONDITION and not self.said.startswith(" ")):
            return self.said
        supplied = f" in {self.dataset}" if self.dataset.startswith("SUPP") else ""
        return ", ".join(self.variables) + supplied + self.said


def read(study: Path) -> Crf:
    """The contracts, mappings, page and code lists of a study."""

    def named(folder: str) -> dict[str, dict[str, Any]]:
        specs = [read_yaml(path) for path in sorted((study / "config" / folder).glob("*.yaml"))]
        return {spec["name"]: spec for spec in specs}

    lists = study / "config/codelists.yaml"
    page = read_yaml(study / "config/config.yaml")
    return Crf(named("crf"), named("sdtm"), page, read_yaml(lists) if lists.exists() else {})


def annotated(crf: Crf) -> list[Annotation]:
    """Every annotation, in the order of the domains and of their blocks; none stands twice."""
    made: list[Annotation] = []
    for spec in crf.domains.values():
        made += _domain(crf, spec)
    rule = crf.page["subjects"].get("linked_by")
    if rule and "PRVSUBJ" in crf.domains.get("DM", {"variables": {}})["variables"]:
        said = "; both numbers share one USUBJID"
        made.append(Annotation(rule["form"], rule["field"], "SUPPDM", ("PRVSUBJ",), said, VALUE))
    return merged(made)


def merged(made: list[Annotation]) -> list[Annotation]:
    """Values of which the same is said become one note; what is said on a condition and without one, is said once."""
    plain = {(a.form, a.field, a.dataset, v) for a in made if a.kind == VALUE and not a.said for v in a.variables}
    found: dict[Annotation, list[str]] = {}
    for one in made:
        names = [
            v
            for v in one.variables
            if one.kind != VALUE or not one.said or (one.form, one.field, one.dataset, v) not in plain
        ]
        if names or not one.variables:
            key = replace(one, variables=()) if one.kind in (VALUE, VISIT) else one
            found.setdefault(key, []).extend(names)
    return [replace(one, variables=tuple(dict.fromkeys(names))) for one, names in found.items()]


def _domain(crf: Crf, spec: dict[str, Any]) -> Iterator[Annotation]:
    blocks = spec.get("records", [])
    for block in blocks:
        siblings = [one for one in blocks if one["form"] == block["form"]]
        yield from Block(crf, spec, block, siblings).annotations()
    for link in spec.get("links", []):
        for end, other in ((link["from"], link["to"]), (link["to"], link["from"])):
            said = f": {end['domain'].upper()} to {other['domain'].upper()}"
            yield Annotation(end["form"], end["field"], spec["name"], ("RELREC",), said, LINK)


def _constants(block: dict[str, Any]) -> dict[str, Any]:
    return {name: rule["hardcode"] for name, rule in block["set"].items() if "hardcode" in rule and "when" not in rule}


class Block:
    """One block of a mapping: some records of one form."""

    def __init__(self, crf: Crf, spec: dict[str, Any], block: dict[str, Any], siblings: list[dict[str, Any]]) -> None:
        self.crf, self.spec, self.block = crf, spec, block
        self.form, self.prefix, self.room = block["form"], spec["name"], _room(spec)
        constants, others = _constants(block), [_constants(one) for one in siblings if one is not block]
        self.label = f"{block['label']}: " if others and "label" in block else ""
        self.apart = {
            name: value
            for name, value in constants.items()
            if others and TELLING.fullmatch(name) and not all(one.get(name) == value for one in others)
        }
        fields = crf.forms[self.form]["fields"]
        self.deciding = {
            field: wanted
            for field, wanted in block.get("where", {}).items()
            if not isinstance(wanted, dict) and field in fields
        }
        self.known = self.apart or self.deciding

    def annotations(self) -> Iterator[Annotation]:
        """The notes of the fields, then those of the constants."""
        for variable, rule in self.block["set"].items():
            yield from self._rule(variable, rule)
        for field, constants in self.block.get("tests", {}).items():
            yield from self._test(field, constants)
        yield from self._fixed()
        for field in _fields(self.block.get("where", {})):
            yield Annotation(self.form, field, self.prefix, (), "", SILENT)

    def _note(self, form: str, field: str, variables: tuple[str, ...], said: str, kind: str) -> Annotation:
        about = self.spec["variables"]
        supplied = all(about.get(name, {}).get("supp") for name in variables)
        return Annotation(form, field, f"SUPP{self.prefix}" if supplied else self.prefix, variables, said, kind)

    def _named(self, variable: str) -> tuple[str, ...]:
        """The variables that a column of the mapping fills: itself and its continuations, or what the room makes."""
        about = self.spec["variables"]
        if variable in about:
            return (variable, *(name for name in about if re.fullmatch(rf"{variable}\d+", name)))
        return tuple(name for name in getattr(self.room, "FILLS", {}).get(variable, ()) if name in about)

    def _rule(self, variable: str, rule: dict[str, Any], more: dict[str, Any] | None = None) -> Iterator[Annotation]:
        variables = self._named(variable)
        when = {**(more or {}), **rule.get("when", {})}
        if not variables:
            return
        if "derive" in rule:
            reads = getattr(self.room, "READS", {}).get(rule["derive"])
            for one in reads(self.crf.page) if reads else ():
                yield from self._rule(variable, one, when)
        constant = "hardcode" in rule or "derive" in rule
        said = f" = {rule['hardcode']}" if "hardcode" in rule else " (derived)" if "derive" in rule else ""
        for field in _fields(rule.get("when", {})):
            yield self._note(self.form, field, variables, said + _when(when), CONDITION if constant else SILENT)
        yield from self._read(variables, rule, when)
        if "or" in rule:
            yield from self._rule(variable, rule["or"] | ({"when": rule["when"]} if "when" in rule else {}))

    def _read(self, variables: tuple[str, ...], rule: dict[str, Any], when: dict[str, Any]) -> Iterator[Annotation]:
        """The fields that a rule reads: of its own form, of another one, or of the form of visits."""
        read = next((rule[verb] for verb in READING if verb in rule), None)
        form = rule.get("of", self.form)
        if read == "visit" or rule.get("else") == "visit":
            yield from self._visit(variables, "" if read == "visit" else f" where {read} is blank")
        if not read or read == "visit":
            return
        known = {} if "of" in rule else {name: value for name, value in self.known.items() if name != read}
        picked = f" ({rule['pick']})" if "pick" in rule else ""
        shaped = f" = {rule['pattern'].replace('{}', '...')}" if "pattern" in rule else ""
        said = shaped + picked + _when({**known, **when, **rule.get("where", {})})
        for field in filter(None, (read, rule.get("time"))):
            yield self._note(form, field, variables, said, VALUE)
        for field in (*_fields(rule.get("where", {})), *filter(None, [rule.get("start")])):
            yield self._note(form, field, variables, "", SILENT)
        if variables[0].removeprefix(self.prefix) in getattr(self.room, "BESIDE", {}):
            yield from self._beside(read)

    def _beside(self, field: str) -> Iterator[Annotation]:
        """What else a result as entered can fill: a word in its place is the reason why there is none."""
        beside = (f"{self.prefix}{stem}" for stem in getattr(self.room, "BESIDE", {}).get("ORRES", ()))
        names = tuple(name for name in beside if name in self.spec["variables"])
        if names:
            yield self._note(self.form, field, names, " where a word says that there is no result", CONDITION)

    def _visit(self, variables: tuple[str, ...], said: str) -> Iterator[Annotation]:
        """A date that is the date of the visit stands on the form of visits."""
        rule = self.crf.page.get("visit_form")
        if rule and rule["form"] != self.form:
            yield self._note(rule["form"], rule["date"], variables, "", VISIT)
            text = f"{', '.join(variables)} = date of the visit ({rule['form']}.{rule['date']}){said}"
            yield self._note(self.form, "", variables, text, NOTE)

    def _test(self, field: str, constants: dict[str, Any]) -> Iterator[Annotation]:
        """A field that makes a row of its own: its result, and the constants by which the row is known."""
        result, unit = f"{self.prefix}ORRES", f"{self.prefix}ORRESU"
        telling = {name: value for name, value in constants.items() if TELLING.fullmatch(name)}
        yield self._note(self.form, field, (result,), _when({**self.apart, **telling}), VALUE)
        if unit in constants:
            yield self._note(self.form, field, (unit,), f" = {constants[unit]}", CONDITION)
        yield from self._beside(field)

    def _fixed(self) -> Iterator[Annotation]:
        """Constants: on the field that decides about the rows if there is one, else on the form."""
        constants = {name: value for name, value in _constants(self.block).items() if self._named(name)}
        names = tuple(name for column in constants for name in self._named(column))
        said = ", ".join(
            f"{name} = {value}" if name in self.spec["variables"] else f"{', '.join(self._named(name))} of {value}"
            for name, value in constants.items()
        )
        if "each" in self.block:
            yield Annotation(self.form, self.block["each"], self.prefix, names, f"{said} for each tick", CONDITION)
        elif self.deciding:
            text = (said or f"{self.prefix} row") + _when(self.deciding)
            for field in self.deciding:
                yield Annotation(self.form, field, self.prefix, names, text, CONDITION)
        elif names:
            yield Annotation(self.form, "", self.prefix, names, self.label + said, FIXED)


def _room(spec: dict[str, Any]) -> Any:
    """The module that makes a domain, which says what it reads beyond the mapping; None where the mapping is all."""
    name = f"crf2csr.sdtm.{spec.get('room', spec['name'].lower())}"
    return import_module(name) if find_spec(name) else None


def _fields(condition: dict[str, Any]) -> Iterator[str]:
    """The fields that a condition names."""
    for field, wanted in condition.items():
        if field == "any":
            for one in wanted:
                yield from _fields(one)
        else:
            yield field


def _when(condition: dict[str, Any]) -> str:
    said = words(condition)
    return f" when {said}" if said else ""


def words(condition: dict[str, Any]) -> str:
    """A condition in words: ``VSPERF = N and VSDAT is entered``."""
    return " and ".join(filter(None, (_compared(field, wanted) for field, wanted in condition.items())))


def _compared(field: str, wanted: Any) -> str:
    if field == "any":
        return "(" + " or ".join(words(one) for one in wanted) + ")"
    if isinstance(wanted, list):
        return f"{field} in ({', '.join(map(str, wanted))})"
    if not isinstance(wanted, dict):
        return f"{field} = {wanted}"
    told = []
    for word, value in wanted.items():
        if word == "present":
            told.append(f"{field} is {'entered' if value else 'blank'}")
        elif word == "not":
            told.append(f"{field} is not {' or '.join(map(str, value)) if isinstance(value, list) else value}")
        elif word in COMPARED:
            told.append(f"{field} {COMPARED[word]} {value}")
    return " and ".join(told)
