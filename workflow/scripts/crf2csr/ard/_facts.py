"""Facts: one number per row, at full precision, with the rows of ADaM that it counts or was computed from.

Names follow the analysis results of CDISC ARS and the ``cards`` layout.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from crf2csr.errors import Cause
from crf2csr.populations import matches

COLUMNS = {
    "analysis": "str", "method": "str", "dataset": "str", "population": "str",
    "group1": "str", "group1_level": "str", "group2": "str", "group2_level": "str", "group3": "str", "group3_level": "str",
    "variable": "str", "variable_level": "str", "stat_name": "str", "stat": "float64", "stat_text": "str",
    "unit": "str", "format": "str", "options": "str", "warning": "str", "error": "str", "member_set": "Int64",
}


class Facts:
    """Collects facts and their sets of members; equal sets are stored once."""

    def __init__(self) -> None:
        self._columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
        self._sets: dict[tuple[str, bytes], int] = {}
        self._members: list[tuple[str, np.ndarray]] = []

    def set_of(self, dataset: str, rows: Any) -> int:
        """Return the number of the set of these rows (positions in the data set)."""
        positions = np.unique(np.asarray(rows, dtype="int64"))
        key = (dataset, positions.tobytes())
        if key not in self._sets:
            self._sets[key] = len(self._members)
            self._members.append((dataset, positions))
        return self._sets[key]

    def add(self, stat_name: str, stat: float | None, format: str, members: int | None = None, **where: Any) -> None:
        """Add one fact. ``where`` fills any of the other columns of ``COLUMNS``."""
        unknown = set(where) - set(COLUMNS)
        if unknown:
            raise Cause("is not a column of the analysis results", field=sorted(unknown)[0])
        row = {"stat_name": stat_name, "stat": np.nan if stat is None else float(stat), "format": format, "member_set": members, **where}
        for name, values in self._columns.items():
            values.append(row.get(name))

    def frame(self) -> pd.DataFrame:
        """The facts as a table; missing text is NaN."""
        return pd.DataFrame({n: pd.array(self._columns[n], dtype=t) if t == "Int64" else pd.Series(self._columns[n], dtype=t) for n, t in COLUMNS.items()})

    def sets(self) -> pd.DataFrame:
        """The sets: SET, DATASET, ROWS (list of positions)."""
        return pd.DataFrame({
            "SET": pd.Series(range(len(self._members)), dtype="int64"),
            "DATASET": pd.Series([name for name, _ in self._members], dtype="str"),
            "ROWS": pd.Series([rows for _, rows in self._members], dtype=object),
        })


@dataclass
class Analysis:
    """One declared analysis, with its rows and its subjects chosen.

    Attributes
    ----------
    spec : dict
        As declared: id, method, dataset, population, where, by, options ...
    rows : DataFrame
        Chosen rows of the data set; the index is the position in the data set.
    subjects : DataFrame
        Rows of ADSL in the population; the index is the position in ADSL.
    arms : list of str
        Labels of the arms, in order.
    arm_variable : str
        The variable of ADSL that holds the arm (planned for efficacy, actual for safety).
    """

    spec: dict[str, Any]
    rows: pd.DataFrame
    subjects: pd.DataFrame
    arms: list[str]
    arm_variable: str
    page: dict[str, Any] = field(default_factory=dict)

    @property
    def options(self) -> dict[str, Any]:
        """Options of the method."""
        return self.spec.get("options", {})

    def common(self) -> dict[str, Any]:
        """What every fact of this analysis says of itself."""
        return {
            "analysis": self.spec["id"], "method": self.spec["method"], "dataset": self.spec["dataset"],
            "population": json.dumps(self.spec.get("population", {}), sort_keys=True),
            "group1": self.arm_variable, "options": json.dumps(self.options, sort_keys=True),
        }

    def groups(self) -> list[tuple[dict[str, Any], pd.DataFrame, pd.DataFrame]]:
        """For each arm (and level of ``by``): the facts' group columns, the rows, the arm's subjects."""
        found = []
        by = self.spec.get("by", [])
        for arm in self.arms:
            people = self.subjects[self.subjects[self.arm_variable] == arm]
            mine = self.rows[self.rows["USUBJID"].isin(people["USUBJID"])]
            if not by:
                found.append(({"group1_level": arm}, mine, people))
                continue
            order = self.spec.get("order_by", by)
            levels = self.rows.sort_values(order, kind="stable")[by].drop_duplicates()
            for level in levels.itertuples(index=False, name=None):
                same = pd.Series(True, index=mine.index)
                where: dict[str, Any] = {"group1_level": arm}
                for number, (variable, value) in enumerate(zip(by, level, strict=True), start=2):
                    same &= (mine[variable] == value).fillna(False).astype(bool)
                    where |= {f"group{number}": variable, f"group{number}_level": str(value)}
                found.append((where, mine[same], people))
        return found


def choose(spec: dict[str, Any], datasets: dict[str, pd.DataFrame], page: dict[str, Any]) -> Analysis:
    """Choose the rows and the subjects of one analysis; an unknown data set or arm is a cause."""
    where = f"analysis {spec['id']}"
    if spec["dataset"] not in datasets:
        raise Cause("is not among the data sets that this chapter declares", file=where, field="dataset", value=spec["dataset"])
    adsl = datasets["adsl"]
    people = adsl[matches(adsl, spec.get("population"), source=where)]
    data = datasets[spec["dataset"]]
    rows = data[matches(data, spec.get("where"), source=where) & data["USUBJID"].isin(people["USUBJID"])]
    variable = spec.get("arm", "TRT01P")
    arms = [arm["label"] for arm in page["arms"] if arm.get("treated", True) or spec.get("all_arms")]
    if spec.get("pooled"):
        people, arms, variable = people.assign(ALL=spec["pooled"]), [spec["pooled"]], "ALL"
    return Analysis(spec, rows, people, arms, variable, page)
