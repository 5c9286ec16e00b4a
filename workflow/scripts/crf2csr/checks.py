"""Declared checks between records: how one declaration stands for several, and which forms it looks at."""

from __future__ import annotations

from typing import Any


def expanded(check: dict[str, Any], form: str, contract: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Return the checks that one declaration makes for ``form`` (none where it is about other forms).

    ``forms: [A, B]`` stands for one check each, ``{date}`` in it for the field that dates a record of the form;
    ``each: {R: [RP, LP]}`` stands for one check per value, put in place of ``{R}``.
    """
    if form not in check.get("forms", [check.get("form")]):
        return []
    base = {key: value for key, value in check.items() if key not in ("forms", "each")} | {"form": form}
    found = [_put(base, "date", contract["date"])] if contract and "date" in contract else [base]
    for name, values in check.get("each", {}).items():
        found = [_put(one, name, value) for one in found for value in values]
    return found


def other_forms(check: Any) -> list[str]:
    """Forms named under ``of`` anywhere in a check, in order."""
    if isinstance(check, dict):
        own = [check["of"]] if isinstance(check.get("of"), str) else []
        return own + [name for value in check.values() for name in other_forms(value)]
    if isinstance(check, list):
        return [name for item in check for name in other_forms(item)]
    return []


def _put(part: Any, name: str, value: str) -> Any:
    """Put ``value`` in place of ``{name}`` in every text of a declaration, keys included."""
    if isinstance(part, str):
        return part.replace("{" + name + "}", value)
    if isinstance(part, dict):
        return {_put(k, name, value): _put(v, name, value) for k, v in part.items()}
    if isinstance(part, list):
        return [_put(item, name, value) for item in part]
    return part
