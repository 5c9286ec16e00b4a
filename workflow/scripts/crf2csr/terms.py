"""Controlled terminology: what a variable may hold, by the published lists that its specification names.

``codelist: ACN`` (or several lists) beside a variable binds it to CDISC terminology of the version under
``standards.ct``. A list that the publisher declares extensible may be extended by ``sponsor: [term, ...]``; a
whole list of the sponsor stands beside the published ones as ``sponsor: {name: [term, ...]}``.
The committed table holds every term of closed and short lists, and of long ones the terms that are in use.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.errors import Cause


def named(spec: dict[str, Any]) -> dict[str, list[str]]:
    """Variable -> names of its lists, for the variables of a specification that name any."""
    bound = {name: about["codelist"] for name, about in spec["variables"].items() if "codelist" in about}
    return {name: lists if isinstance(lists, list) else [lists] for name, lists in bound.items()}


def of_lists(table: list[dict[str, str]], spec: dict[str, Any]) -> dict[str, Any]:
    """Return the lists that a specification names: ``code``, ``extensible`` and ``terms`` (term -> code)."""
    wanted = {name for lists in named(spec).values() for name in lists}
    found: dict[str, Any] = {}
    for row in table:
        if row["LIST"] in wanted:
            entry = found.setdefault(
                row["LIST"], {"code": row["LISTCODE"], "extensible": row["EXTENSIBLE"] == "Yes", "terms": {}}
            )
            entry["terms"][row["TERM"]] = row["CODE"]
    return found


def check(frame: pd.DataFrame, spec: dict[str, Any], terms: dict[str, Any], file: str) -> None:
    """Refuse a value that is neither a term of the variable's lists nor declared as the sponsor's own.

    Raises
    ------
    Cause
        For an unknown list, a sponsor's term where no list is extensible, and the first value outside.
    """
    for variable, lists in named(spec).items():
        for name in lists:
            if name not in terms:
                raise Cause("is not a list of the committed terminology", file=file, field=variable, value=name)
        declared = spec["variables"][variable].get("sponsor", [])
        own = {term for listed in declared.values() for term in listed} if isinstance(declared, dict) else set(declared)
        if isinstance(declared, list) and own and not any(terms[name]["extensible"] for name in lists):
            raise Cause(
                f"{', '.join(lists)} cannot be extended", file=file, field=f"{variable}.sponsor", value=min(own)
            )
        allowed = own.union(*(terms[name]["terms"] for name in lists))
        held = frame[variable].dropna().astype("str")
        outside = sorted(set(held[~held.isin(list(allowed))]))
        if outside:
            raise Cause(
                f"is not a term of {', '.join(lists)} in the committed terminology, nor declared as the sponsor's own",
                file=file,
                field=variable,
                value=outside[0],
            )
