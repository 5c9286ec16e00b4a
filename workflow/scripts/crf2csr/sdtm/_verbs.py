"""The verbs of a mapping: assign, encode, hardcode, date, number, derive. Each fills one variable.

A rule is a mapping with one verb as key and modifiers beside it::

    {assign: AETERM}                                     text as entered
    {assign: CMTRT, pattern: 'Prohibited: {}'}           the same within a fixed text
    {encode: SEX, codelist: SEX, column: code}           a CRF word as its controlled term
    {hardcode: PALMOPLANTAR PUSTULOSIS}                  the same for each row
    {date: LBDAT, time: LBTIM}                           ISO 8601, right-truncated
    {date: visit}                                        the date of the row's visit
    {number: EXDOSE}                                     a plain decimal number
    {derive: age}                                        a function of the domain's room

Modifiers: ``match`` and ``case: upper`` (with assign), ``or`` (a rule that fills what this one leaves
missing), ``when`` (a condition on the record; elsewhere the variable is missing), ``of`` (take the field
from another form of the same subject), ``pick: first | last`` and ``where`` (which of its records).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from crf2csr import codelists, dates, numbers
from crf2csr.columns import each, looked_up
from crf2csr.errors import Cause
from crf2csr.populations import matches
from crf2csr.sdtm import _timing

VERBS = ("assign", "encode", "hardcode", "date", "number", "derive")


@dataclass
class Context:
    """What a mapping may use: accepted forms, neighbours, the calendar of visits and the study's words."""

    spec: dict[str, Any]
    page: dict[str, Any]
    crf: dict[str, Any]
    codelists: dict[str, Any]
    lists: dict[str, Any]
    forms: dict[str, pd.DataFrame]
    domains: dict[str, pd.DataFrame]
    tables: dict[str, pd.DataFrame]
    calendar: pd.DataFrame
    derivations: dict[str, Callable[..., pd.Series]] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)  # variables of the domain that this one supplements


@dataclass
class Filled:
    """Values of one variable, and the records beside the row's own that they came from."""

    values: pd.Series
    recs: pd.Series | None = None


def verb_of(rule: dict[str, Any], where: str) -> str:
    """Return the one verb of a rule."""
    found = [name for name in VERBS if name in rule]
    if len(found) != 1:
        raise Cause(f"a rule has one verb of {', '.join(VERBS)}", file=where, value=rule)
    return found[0]


def fill(rows: pd.DataFrame, rule: dict[str, Any], context: Context, where: str) -> Filled:
    """Fill one variable for ``rows`` (accepted records with canonical fields)."""
    verb = verb_of(rule, where)
    if verb == "hardcode":
        made = Filled(pd.Series(rule["hardcode"], index=rows.index))
    elif verb == "derive":
        made = _derive(rows, rule, context, where)
    elif "of" in rule:
        made = _from_other_form(rows, verb, rule, context, where)
    else:
        made = Filled(_own(rows, verb, rule, context, where, str(rows.attrs.get("form", ""))))
        if verb == "date" and rule["date"] == "visit":
            made.recs = _timing.visit_dates(rows, context.calendar)["REC"]
    if "or" in rule:
        made = _first(made, fill(rows, rule["or"], context, where))
    if "when" in rule:
        met = matches(rows, rule["when"], source=where)
        made.values = made.values.where(met)
        made.recs = made.recs.where(met) if made.recs is not None else None
    return made


def _first(made: Filled, other: Filled) -> Filled:
    """Values of ``made``, and those of ``other`` where it has none, each with its records."""
    gap = made.values.isna() & other.values.notna()
    nothing = pd.Series(np.nan, index=made.values.index, dtype="str")
    recs = (made.recs if made.recs is not None else nothing).mask(
        gap, other.recs if other.recs is not None else nothing
    )
    return Filled(made.values.mask(gap, other.values), recs)


def _derive(rows: pd.DataFrame, rule: dict[str, Any], context: Context, where: str) -> Filled:
    function = context.derivations.get(rule["derive"])
    if function is None:
        raise Cause("no function of the domain's room bears this name", file=where, value=rule["derive"])
    made = function(rows, context)
    return made if isinstance(made, Filled) else Filled(made)


def _text(rows: pd.DataFrame, name: str, where: str) -> pd.Series:
    if name not in rows:
        raise Cause("is not a field of this form", file=where, field=name)
    text = rows[name].astype("str")
    return text.where(text.str.strip() != "")


def _own(rows: pd.DataFrame, verb: str, rule: dict[str, Any], context: Context, where: str, form: str) -> pd.Series:
    name = rule[verb]
    if verb == "date" and name == "visit":
        return _timing.visit_dates(rows, context.calendar)["DATE"]
    text = _text(rows, name, where)
    if verb == "assign":
        return _shaped(text, rule, where)
    if verb == "number":
        mark = context.crf[form.lower()]["fields"].get(name, {}).get("decimal")
        return numbers.to_number(numbers.pointed(each(text, dates.tidy), mark))
    if verb == "encode":
        listed = context.codelists.get(rule["codelist"])
        if listed is None:
            raise Cause("is not a codelist of codelists.yaml", file=where, field=name, value=rule["codelist"])
        found = codelists.encode(text, listed, rule.get("column", "code"))
        return found["term"].where(~found["unknown"], text if rule.get("else") == "as entered" else np.nan)
    declared = context.crf[form.lower()]["fields"].get(name, {}).get("format", "YYYY-MM-DD")
    iso = dates.read_dates(text, declared)["iso"]
    if rule.get("time"):
        iso = dates.with_time(iso, _text(rows, rule["time"], where))["iso"]
    if rule.get("else") == "visit":
        iso = iso.where(iso.notna(), _timing.visit_dates(rows, context.calendar)["DATE"])
    return iso


def _shaped(text: pd.Series, rule: dict[str, Any], where: str) -> pd.Series:
    """Text as entered, trimmed unless ``trim: false``; ``match`` keeps a group, ``case: upper`` capitals.

    ``pattern`` puts the text where its ``{}`` stands.
    """
    if rule.get("trim", True):
        text = text.str.strip()
    if "match" in rule:
        text = text.str.extract(rule["match"], expand=False).astype("str")
    text = text.str.upper() if rule.get("case") == "upper" else text
    before, gap, after = rule.get("pattern", "{}").partition("{}")
    if not gap:
        raise Cause("the pattern has no {} for the text as entered", file=where, value=rule["pattern"])
    return before + text + after if before or after else text


def _from_other_form(rows: pd.DataFrame, verb: str, rule: dict[str, Any], context: Context, where: str) -> Filled:
    form = rule["of"]
    if form not in context.forms:
        raise Cause("is not among the forms that this domain declares", file=where, field="of", value=form)
    other = context.forms[form]
    other = other[matches(other, rule.get("where"), source=where)]
    other.attrs["form"] = form
    values = _own(other, verb, rule, context, where, form)
    found = pd.DataFrame({"USUBJID": other["USUBJID"], "value": values, "REC": other["REC"]})
    found = found[found["value"].notna()].sort_values(["USUBJID", "value"], kind="stable")
    picked = found.groupby("USUBJID")
    table = (picked.tail(1) if rule.get("pick", "first") == "last" else picked.head(1)).set_index("USUBJID")
    return Filled(looked_up(rows["USUBJID"], table["value"]), looked_up(rows["USUBJID"], table["REC"]))
