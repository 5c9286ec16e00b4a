"""Compare what a run made of a corruption with what the trial expects: one sentence for each, and whether they agree.

Kinds of expectation (each entry of ``expect`` is one):

``stop``     the run stops: ``line`` (``here``: the changed one), ``field``, ``value``, ``rule`` (a regular expression)
``query``    a query at the changed record: ``rule``, ``field``, ``severity``, ``says``; ``of: DM`` at the subject's
             record of another form; ``anywhere: true`` about the subject, ``form: VS`` about a form
``row``      every row whose own record is the changed one, in ``table``, narrowed by ``where``: variables and values
``rows``     rows of the subject in ``table`` where ...; ``visit: true`` at the visit of the changed record; ``n``: how
             many, ``least`` or ``most``
``none``     the record stands in no row of these tables
``fate``     the ledger of forms has one more (or ``n`` more) record for this reason; of ``form`` if it is another
``gate``     ``shut``: a blocker is open that nobody has accepted. Without it the gate must be as it was
``staged``   cells of the changed record in staging
``same``     these tables have the same values as before the change (``all``: every table of raw and sdtm)
``page``     the appendix ``holds`` a text and ``lacks`` another
"""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from trials.changes import Change, filled
from trials.front import Run

Verdict = tuple[bool, str]


def judged(run: Run, change: Change, expect: list[dict[str, Any]]) -> list[tuple[str, bool, str]]:
    """(expected, agrees, actual) for each expectation; a gate that moved unasked is one more."""
    if run.crash:
        return [(_words(wanted), False, f"crashed: {run.crash!r}"[:300]) for wanted in expect]
    if run.cause and not any("stop" in wanted for wanted in expect):
        return [(_words(wanted), False, f"stopped: {run.cause}") for wanted in expect]
    out = []
    for wanted in expect:
        ((kind, how),) = wanted.items()
        agrees, actual = KINDS[kind](run, change, how)
        out.append((_words(wanted), agrees, actual))
    if not run.cause and not any("gate" in wanted for wanted in expect):
        new = new_blockers(run)
        if len(new):
            first = new.iloc[0]
            out.append(("gate as before", False, f"new blocker {first['RULE']} {first['REC']} {first['FIELD']}"))
    return out


def _words(wanted: dict[str, Any]) -> str:
    ((kind, how),) = wanted.items()
    if isinstance(how, dict):
        how = ", ".join(f"{k} {_value(v)}" for k, v in how.items())
    return f"{kind}: {how}"


def _value(value: Any) -> str:
    text = "missing" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:50]}..."


def new_blockers(run: Run) -> pd.DataFrame:
    """Blockers that were not there before; lines may have moved, so a record is known by its subject and cell."""
    by = ["RULE", "FORM", "SUBJID", "EVENT", "FIELD", "VALUE"]
    before, now = (q[q["SEVERITY"] == "blocker"] for q in (run.shipped.queries, run.queries()))
    return now[~pd.MultiIndex.from_frame(now[by]).isin(pd.MultiIndex.from_frame(before[by]))]


def _rec(change: Change) -> str:
    return f"{change.form}:{change.line}"


def stop(run: Run, change: Change, how: dict[str, Any]) -> Verdict:
    """The run stops with this cause, and nothing was written for the form."""
    if run.cause is None:
        return False, "it ran"
    cause = run.cause
    line = change.line if how.get("line") == "here" else how.get("line")
    agrees = (line is None or cause.line == line) and re.search(how["rule"], cause.rule) is not None
    agrees &= all(k not in how or str(getattr(cause, k)) == str(how[k]) for k in ("field", "value", "file"))
    return agrees, f"stopped: {cause}"


def query(run: Run, change: Change, how: dict[str, Any]) -> Verdict:
    """A query says so."""
    asked = run.queries()
    if how.get("of"):
        about = run.table(f"raw/{how['of'].lower()}")
        lines = about.loc[about["SUBJID"] == change.record["SUBJID"], "LINE"]
        here = asked[asked["REC"].isin([f"{how['of']}:{n}" for n in lines])]
    elif how.get("anywhere"):
        here = asked[asked["SUBJID"] == change.record["SUBJID"]]
    elif "form" in how:
        here = asked[asked["FORM"] == how["form"]]
    else:
        here = asked[asked["REC"] == _rec(change)]
    found = here
    for key, column in (("rule", "RULE"), ("field", "FIELD"), ("severity", "SEVERITY")):
        if key in how:
            found = found[found[column] == how[key]]
    if "says" in how:
        found = found[found["MESSAGE"].str.contains(how["says"])]
    if len(found):
        one = found.iloc[0]
        return True, f"query {one['RULE']} {one['SEVERITY']} {one['FIELD']}"
    said = [f"{q.RULE} {q.SEVERITY} {q.FIELD}" for q in here.itertuples()]
    return False, f"no such query; there: {', '.join(said[:8]) or 'none'}"


def _differs(found: pd.DataFrame, wanted: dict[str, Any], change: Change, before: pd.DataFrame | None) -> list[str]:
    """What the rows say otherwise."""
    out = []
    for name, value in wanted.items():
        cells = found[name]
        if value is None:
            good = cells.isna()
        elif value == "present":
            good = cells.notna()
        elif value == "unchanged" and before is not None:
            good = pd.Series(sorted(map(str, cells)) == sorted(map(str, before[name])), index=cells.index)
        elif isinstance(value, int | float):
            good = (cells.astype("float64") - value).abs() < 1e-9
        else:
            text = _expected(value, name, change)
            number = pd.api.types.is_numeric_dtype(cells)
            good = (cells.astype("float64") - float(text)).abs() < 1e-9 if number else cells.astype(str) == text
        if not good.fillna(False).all():
            out.append(f"{name}={_value(cells[~good.fillna(False)].iloc[0])}")
    return out


def _expected(value: str, name: str, change: Change) -> str:
    """``{before}`` and ``{after}`` of the only changed cell, ``{FIELD}`` of the record as it was."""
    if change.cells:
        before, after = next(iter(change.cells.values()))
        value = value.replace("{before}", before).replace("{after}", after)
    return filled(value, change.record)


def _narrowed(table: pd.DataFrame, where: dict[str, Any]) -> pd.DataFrame:
    for name, value in where.items():
        options = value if isinstance(value, list) else [value]
        table = table[table[name].isna()] if value is None else table[table[name].isin(options)]
    return table


def _said(found: pd.DataFrame, wanted: dict[str, Any]) -> str:
    if not wanted:
        return f"{len(found)} rows"
    return ", ".join(f"{name}={_value(None if pd.isna(v := found[name].iloc[0]) else v)}" for name in wanted)


def row(run: Run, change: Change, how: dict[str, Any]) -> Verdict:
    """Rows made from the changed record."""
    how = dict(how)
    table, where = run.table(how["table"]), how.pop("where", {})
    name = how.pop("table")
    found = _narrowed(table[table["_REC"].fillna("").str.split(" ").str[0] == _rec(change)], where)
    if found.empty:
        return False, f"no row in {name}"
    wrong = _differs(found, how, change, None)
    return not wrong, f"{name}: {', '.join(wrong) or _said(found, how)}"


def _subject(run: Run, change: Change, how: dict[str, Any], table: pd.DataFrame) -> pd.DataFrame:
    """Rows of the subject (or of another), at the visit of the record if asked."""
    known = run.table("sdtm/register")
    who = how.get("subject", change.record.get("SUBJID"))
    person = known.loc[known["SUBJID"] == who, "USUBJID"]
    found = table[table["USUBJID"].isin(person)]
    if how.get("visit"):
        page = run.shipped.study.page["visits"]
        number = next(v["number"] for v in page if v["event"] == change.record["EVENT"])
        found = found[found["VISITNUM"] == number]
    return _narrowed(found, how.get("where", {}))


def rows(run: Run, change: Change, how: dict[str, Any]) -> Verdict:
    """Rows of the subject."""
    told = {k: v for k, v in how.items() if k not in ("table", "where", "visit", "n", "least", "most", "subject")}
    found = _subject(run, change, how, run.table(how["table"]))
    low, high = how.get("n", how.get("least", 0 if "most" in how else 1)), how.get("n", how.get("most"))
    if len(found) < low or (high is not None and len(found) > high):
        return False, f"{how['table']}: {len(found)} rows"
    if not told:
        return True, f"{how['table']}: {len(found)} rows"
    before = _subject(run, change, how, run.before(how["table"]))
    wrong = _differs(found, told, change, before)
    return not wrong, f"{how['table']}: {', '.join(wrong) or _said(found, told)}"


def none(run: Run, change: Change, how: list[str]) -> Verdict:
    """The record stands in no row of these tables."""
    for name in how:
        ids = run.table(name)["_REC"].dropna()
        if ids.map(lambda text: _rec(change) in text.split(" ")).any():
            return False, f"it stands in {name}"
    return True, f"in no row of {', '.join(how)}"


def fate(run: Run, change: Change, how: dict[str, Any]) -> Verdict:
    """One more record left its form for this reason."""
    form = how.get("form", change.form)
    counts = []
    for table in (run.before("sdtm/_ledger/_forms"), run.table("sdtm/_ledger/_forms")):
        hit = (table["SOURCE"] == form) & table["REASON"].fillna("").str.startswith(how["reason"])
        counts.append(int(table.loc[hit, "ROWS_LOST"].sum()))
    more = counts[1] - counts[0]
    agrees = more >= how["least"] if "least" in how else more == how.get("n", 1)
    return agrees, f"ledger of {form}: {more} more {how['reason']!r}"


def gate(run: Run, change: Change, how: str) -> Verdict:
    """A blocker is open."""
    new = new_blockers(run)
    said = f"{len(new)} new blockers" + (f" ({', '.join(sorted(set(new['RULE'])))})" if len(new) else "")
    return (len(new) > 0) == (how == "shut"), f"gate {'shut' if len(new) else 'as before'}: {said}"


def staged(run: Run, change: Change, how: dict[str, Any]) -> Verdict:
    """Cells of the record in staging."""
    table = run.table(f"raw/{change.form.lower()}")
    found = table[table["LINE"] == change.line]
    wrong = _differs(found, how, change, None) if len(found) else ["no record"]
    return not wrong, f"staged: {', '.join(wrong) or _said(found, how)}"


def same(run: Run, change: Change, how: str | list[str]) -> Verdict:
    """No value has changed (the order of columns and the place of a record in the file are no values)."""
    named = how if isinstance(how, list) else [f"{c.split('/')[1]}/{c.split('/')[2][:-8]}" for c in sorted(run.changed)]
    other = []
    for role in named:
        if "/_" in role or f"results/{role}.parquet" not in run.changed:
            continue
        before, now = run.before(role), run.table(role)
        columns = sorted(set(before.columns) - {"LINE"})
        if sorted(set(now.columns) - {"LINE"}) != columns or not now[columns].equals(before[columns]):
            other.append(role)
    said = "every table" if how == "all" else ", ".join(named)
    return not other, f"differs: {', '.join(other)}" if other else f"same values: {said}"


def page(run: Run, change: Change, how: dict[str, str]) -> Verdict:
    """What the appendix says."""
    text = run.page()
    lacking = "holds" in how and how["holds"] not in text
    there = "lacks" in how and how["lacks"] in text
    return not (lacking or there), "page: " + (
        "the text is not there" if lacking else "the raw text is there" if there else "shown harmless"
    )


KINDS = {
    "stop": stop, "query": query, "row": row, "rows": rows, "none": none, "fate": fate, "gate": gate,
    "staged": staged, "same": same, "page": page,
}  # fmt: skip
