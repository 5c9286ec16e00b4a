"""What an analysis knows of each subject: the response, levels of variables of ADSL, and which levels are rare."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

from crf2csr.ard._facts import Analysis
from crf2csr.ard._responses import checked
from crf2csr.errors import Cause


def known_options(analysis: Analysis, known: set[str]) -> dict[str, Any]:
    """The options of an analysis; one that its method does not know is a cause, as are groups of rows."""
    unknown = sorted(set(analysis.options) - known)
    if unknown:
        raise Cause("is not an option of this method", file=analysis.place, field=unknown[0])
    if analysis.spec.get("by"):
        raise Cause("this method takes one row of each subject and no groups of rows", file=analysis.place, field="by")
    missing = analysis.options.get("missing", "nonresponder")
    if missing not in ("nonresponder", "exclude"):
        raise Cause("`missing` is nonresponder or exclude", file=analysis.place, value=missing)
    return analysis.options


def own_options(analysis: Analysis, without: str, **more: Any) -> str:
    """The options that a part of an analysis depends on, as its facts carry them: all but one, and ``more``."""
    kept = {key: value for key, value in analysis.options.items() if key != without}
    return json.dumps(kept | more, sort_keys=True)


def known_keys(analysis: Analysis, planned: dict[str, Any], known: set[str]) -> None:
    """Refuse a key that a part of the options does not have."""
    unknown = sorted(set(planned) - known)
    if unknown:
        raise Cause("is not known here", file=analysis.place, field=unknown[0], value=planned.get("variable"))


def responses(analysis: Analysis, rows: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Response of each subject.

    Returns
    -------
    DataFrame
        With the index of ``people``: Y (1, 0 or NaN) and ROW, the position in the data set (-1 for none).

    Raises
    ------
    Cause
        A subject has more than one row; a response is neither 0 nor 1.
    """
    variable = analysis.variables[0]
    value = checked(rows, variable, analysis.place)
    place = pd.Series(np.arange(len(rows)), index=rows["USUBJID"].to_numpy(object))
    at = place.reindex(people["USUBJID"].to_numpy(object)).fillna(-1).to_numpy("int64")
    y = np.append(value.to_numpy("float64", na_value=np.nan), np.nan)[at]
    row = np.append(rows.index.to_numpy("int64"), -1)[at]
    return pd.DataFrame({"Y": y, "ROW": row}, index=people.index)


def of_adsl(analysis: Analysis, variable: str) -> pd.Series:
    """A variable of the subjects; one that ADSL does not have is a cause."""
    if variable not in analysis.subjects:
        raise Cause("is not a variable of ADSL", file=analysis.place, field=variable)
    return analysis.subjects[variable]


def as_text(values: pd.Series) -> pd.Series:
    """Levels as text; a missing one stays missing."""
    return values.astype("str").astype(object).where(values.notna(), None)


def levels_of(values: pd.Series, declared: list[Any] | None) -> list[str]:
    """The levels of texts: as declared, with any other found behind them."""
    listed = [str(level) for level in declared or []]
    return listed + sorted(set(values.dropna()) - set(listed))


def too_few(analysis: Analysis, planned: dict[str, Any]) -> pd.Series | None:
    """The subjects at the level that ``planned`` ``needs``, when they are fewer than ``min_subjects``; else None.

    The rule looks at all arms, so that each arm shows the same rows.
    """
    if "needs" not in planned:
        return None
    if "min_subjects" not in analysis.options:
        raise Cause("`needs` counts against `min_subjects`", file=analysis.place, field=planned["variable"])
    there = as_text(of_adsl(analysis, planned["variable"])) == str(planned["needs"])
    return there if int(there.sum()) < analysis.options["min_subjects"] else None
