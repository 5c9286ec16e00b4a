"""The last check at a door: a data set is what its specification says, no more and no less."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.errors import Cause

# A date is a whole number of days since 1970-01-01, so that arithmetic is plain.
TYPES = {"text": "str", "integer": "Int64", "float": "float64", "date": "Int64"}


def conform(frame: pd.DataFrame, spec: dict[str, Any], file: str, extra: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return the specified variables in their order and type, then ``extra`` columns.

    A variable that no rule filled is refused, unless the specification gives its origin as ``Not Available``
    (the standard expects the column, the study has no such data): then it is all missing. Blank text is
    missing. Keys must be unique.
    """
    columns: dict[str, pd.Series] = {}
    for name, about in spec["variables"].items():
        if name not in frame and about.get("origin") == "Not Available":
            frame = frame.assign(**{name: float("nan")})
        if name not in frame:
            raise Cause("the room made no such variable", file=file, field=name)
        columns[name] = _typed(frame[name], about["type"], file, name)
    unknown = [
        c
        for c in frame
        if c not in columns and c not in extra and not c.startswith("_") and c.isupper() and c in spec.get("forbid", [])
    ]
    if unknown:
        raise Cause("the specification forbids this variable", file=file, field=unknown[0])
    for name in extra:
        columns[name] = (
            frame[name].astype("str") if name in frame else pd.Series(float("nan"), index=frame.index, dtype="str")
        )
    out = pd.DataFrame(columns, index=frame.index).reset_index(drop=True)
    keys = spec["keys"]
    repeated = out[out.duplicated(keys, keep=False)]
    if len(repeated):
        first = repeated.iloc[0]
        raise Cause(
            "the keys of the specification do not identify a row",
            file=file,
            field=", ".join(keys),
            value=", ".join(str(first[k]) for k in keys),
        )
    return out


def _typed(values: pd.Series, kind: str, file: str, name: str) -> pd.Series:
    try:
        if kind == "text":
            text = (
                values.astype("str")
                if not isinstance(values.dtype, pd.CategoricalDtype)
                else values.astype(object).astype("str")
            )
            return text.where(text.str.strip() != "")
        return pd.to_numeric(values).astype(TYPES[kind])
    except (ValueError, TypeError) as error:
        raise Cause(f"is not of the type that the specification gives ({error})", file=file, field=name) from None
