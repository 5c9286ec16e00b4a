"""The last check at a door: a data set is what its specification says, no more and no less."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr import columns
from crf2csr.errors import Cause

# A date is a whole number of days since 1970-01-01, so that arithmetic is plain.
TYPES = {"text": "str", "integer": "Int64", "float": "float64", "date": "Int64"}


def conform(frame: pd.DataFrame, spec: dict[str, Any], file: str, extra: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return the specified variables in their order and type, then ``extra`` columns.

    A variable that no rule filled is refused, unless the specification gives its origin as ``Not Available``
    (the standard expects the column, the study has no such data): then it is all missing. Blank text is
    missing. Keys must be unique.
    """
    made: dict[str, pd.Series] = {}
    for name, about in spec["variables"].items():
        if name not in frame and about.get("origin") == "Not Available":
            frame = frame.assign(**{name: float("nan")})
        if name not in frame:
            raise Cause("the room made no such variable", file=file, field=name)
        made[name] = _typed(frame[name], about["type"], file, name)
    unknown = [
        c
        for c in frame
        if c not in made and c not in extra and not c.startswith("_") and c.isupper() and c in spec.get("forbid", [])
    ]
    if unknown:
        raise Cause("the specification forbids this variable", file=file, field=unknown[0])
    for name in extra:
        made[name] = (
            frame[name].astype("str") if name in frame else pd.Series(float("nan"), index=frame.index, dtype="str")
        )
    out = pd.DataFrame(made, index=frame.index).reset_index(drop=True)
    keys = spec["keys"]
    repeated = out[keys].duplicated(keep=False)
    if repeated.any():
        first = out[repeated].iloc[0]
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
                values
                if values.dtype == columns.TEXT
                else values.astype("str")
                if not isinstance(values.dtype, pd.CategoricalDtype)
                else values.astype(object).astype("str")
            )
            blank = columns.blank(text)
            return text.mask(blank) if blank.any() else text
        return values if values.dtype == TYPES[kind] else pd.to_numeric(values).astype(TYPES[kind])
    except (ValueError, TypeError) as error:
        raise Cause(f"is not of the type that the specification gives ({error})", file=file, field=name) from None
