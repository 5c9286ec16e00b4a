"""A declared condition in the words of Python, R and SAS, for programs that stand alone on transport files.

In a transport file missing text is blank and a missing number is missing: `present` is asked accordingly.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pandas as pd

SIGNS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}


@dataclass(frozen=True)
class Said:
    """One condition in three languages, on a table called ``rows`` or ``adsl``; and the variables that it reads."""

    py: str
    r: str
    sas: str
    uses: tuple[str, ...]


def said(condition: dict[str, Any] | None, frame: pd.DataFrame, table: str) -> Said | None:
    """The condition in words, or None where a program cannot say it (an unknown variable or comparison)."""
    parts = [_one(name, wanted, frame, table) for name, wanted in (condition or {}).items()]
    if any(part is None for part in parts):
        return None
    return _joined([part for part in parts if part], " & ", " and ")


def _joined(parts: list[Said], sign: str, word: str) -> Said:
    uses = tuple(dict.fromkeys(name for part in parts for name in part.uses))
    return Said(
        sign.join(part.py for part in parts), sign.join(part.r for part in parts), word.join(p.sas for p in parts), uses
    )


def _one(name: str, wanted: Any, frame: pd.DataFrame, table: str) -> Said | None:
    if name == "any":
        choices = [said(one, frame, table) for one in wanted]
        if any(one is None for one in choices):
            return None
        whole = [Said(f"({c.py})", f"({c.r})", f"({c.sas})", c.uses) for c in choices if c]
        joined = _joined(whole, " | ", " or ")
        return Said(f"({joined.py})", f"({joined.r})", f"({joined.sas})", joined.uses)
    if name not in frame:
        return None
    number = frame[name].dtype.kind == "f"
    if not isinstance(wanted, dict):
        return _among(name, wanted if isinstance(wanted, list) else [wanted], number, table)
    parts: list[Said | None] = []
    for word, value in wanted.items():
        if word == "present" and not number:
            blank = _among(name, [""], number, table)
            parts.append(_not(blank) if value else blank)
        elif word == "present":
            gone = Said(f'{table}["{name}"].isna()', f"is.na({table}${name})", f"missing({name})", (name,))
            parts.append(_not(gone) if value else gone)
        elif word == "not":
            parts.append(_not(_among(name, value if isinstance(value, list) else [value], number, table)))
        elif word in SIGNS:
            parts.append(_bound(name, word, value, wanted.get("missing") == "keep", table) if number else None)
        elif word != "missing":
            parts.append(None)
    return None if any(part is None for part in parts) else _joined([p for p in parts if p], " & ", " and ")


def _among(name: str, values: list[Any], number: bool, table: str) -> Said | None:
    try:
        listed = [float(value) for value in values] if number else [str(value) for value in values]
    except ValueError:
        return None
    return Said(
        f'{table}["{name}"].isin({json.dumps(listed)})',
        f"{table}${name} %in% {r(listed)}",
        f"{name} in ({sas(listed)})",
        (name,),
    )


def _not(one: Said | None) -> Said | None:
    return one and Said(f"~{one.py}", f"!({one.r})", f"not ({one.sas})", one.uses)


def _bound(name: str, word: str, limit: Any, keep: bool, table: str) -> Said | None:
    if isinstance(limit, bool) or not isinstance(limit, int | float):
        return None
    sign, column = SIGNS[word], f"{table}${name}"
    if keep:
        return Said(
            f'({table}["{name}"].isna() | ({table}["{name}"] {sign} {limit}))',
            f"(is.na({column}) | {column} {sign} {limit})",
            f"(missing({name}) or {name} {sign} {limit})",
            (name,),
        )
    return Said(
        f'({table}["{name}"] {sign} {limit})',
        f"(!is.na({column}) & {column} {sign} {limit})",
        f"(not missing({name}) and {name} {sign} {limit})",
        (name,),
    )


def r(held: list[Any]) -> str:
    """A vector of R."""
    return "c(" + ", ".join(json.dumps(one) for one in held) + ")"


def sas(held: list[Any]) -> str:
    """A list of SAS; in a text a quote stands twice."""
    return ", ".join(f"{one:g}" if isinstance(one, float) else "'" + one.replace("'", "''") + "'" for one in held)
