"""Conditions of the configuration as where clauses of ARS 1.0: who and what an analysis is about.

A missing value is written as the empty text, which is what a transport file holds for it.
"""

from __future__ import annotations

from typing import Any

COMPARATORS = {"ge": "GE", "gt": "GT", "le": "LE", "lt": "LT"}
MISSING = ""
Node = dict[str, Any]


def conditions(where: dict[str, Any], dataset: str) -> Node:
    """The conditions on the rows of ``dataset`` as a tree of ``{op, of}`` and of single conditions; {} for none."""
    parts = []
    for variable, wanted in where.items():
        if variable == "any":
            parts.append(_together("OR", [conditions(one, dataset) for one in wanted]))
        else:
            parts.append(_one(dataset, variable, wanted))
    return _together("AND", parts)


def both(*nodes: Node) -> Node:
    """All of several conditions; an empty one asks nothing."""
    return _together("AND", [node for node in nodes if node])


def negated(node: Node) -> Node:
    """The opposite of a condition."""
    return {"op": "NOT", "of": [node]}


def body(node: Node, level: int = 1) -> dict[str, Any]:
    """What a set, a subset, a group or a where clause of this level holds: a condition, or an expression of clauses."""
    if not node:
        return {}
    if "op" not in node:
        return {"condition": node}
    clauses = [{"level": level + 1, "order": n} | body(part, level + 1) for n, part in enumerate(node["of"], 1)]
    return {"compoundExpression": {"logicalOperator": node["op"], "whereClauses": clauses}}


def compared(dataset: str, variable: str, values: list[Any], unlike: bool = False) -> Node:
    """One variable equal to one value, or to one of several; ``unlike`` for neither."""
    single = len(values) == 1
    comparator = ("NE" if single else "NOTIN") if unlike else ("EQ" if single else "IN")
    return _condition(dataset, variable, comparator, values)


def _one(dataset: str, variable: str, wanted: Any) -> Node:
    if not isinstance(wanted, dict):
        return compared(dataset, variable, wanted if isinstance(wanted, list) else [wanted])
    parts = []
    if "present" in wanted:
        parts.append(compared(dataset, variable, [MISSING], unlike=bool(wanted["present"])))
    if "not" in wanted:
        listed = wanted["not"] if isinstance(wanted["not"], list) else [wanted["not"]]
        parts.append(compared(dataset, variable, listed, unlike=True))
    bounds = [_condition(dataset, variable, COMPARATORS[k], [v]) for k, v in wanted.items() if k in COMPARATORS]
    if bounds and wanted.get("missing") == "keep":
        parts.append(_together("OR", [_together("AND", bounds), compared(dataset, variable, [MISSING])]))
    elif bounds:
        dropped = [compared(dataset, variable, [MISSING], unlike=True)] if wanted.get("missing") == "drop" else []
        parts += bounds + dropped
    return _together("AND", parts)


def _condition(dataset: str, variable: str, comparator: str, values: list[Any]) -> Node:
    return {"dataset": dataset, "variable": variable, "comparator": comparator, "value": [str(v) for v in values]}


def _together(op: str, parts: list[Node]) -> Node:
    """Several conditions under one operator; one alone needs none."""
    if not parts:
        return {}
    return parts[0] if len(parts) == 1 else {"op": op, "of": parts}
