"""Facts: one number per row, at full precision, with the rows of ADaM that it counts or was computed from.

Names follow the analysis results of CDISC ARS and the ``cards`` layout.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from crf2csr.columns import among
from crf2csr.errors import Cause
from crf2csr.populations import matches

COLUMNS = {
    "analysis": "str",
    "method": "str",
    "dataset": "str",
    "population": "str",
    "group1": "str",
    "group1_level": "str",
    "group2": "str",
    "group2_level": "str",
    "group3": "str",
    "group3_level": "str",
    "variable": "str",
    "variable_level": "str",
    "stat_name": "str",
    "stat": "float64",
    "stat_text": "str",
    "unit": "str",
    "format": "str",
    "options": "str",
    "reference": "str",
    "context": "str",
    "warning": "str",
    "error": "str",
    "member_set": "Int64",
}


class Facts:
    """Collects facts and their sets of members; equal sets are stored once."""

    def __init__(self) -> None:
        self._columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
        self._sets: dict[tuple[str, bytes], int] = {}
        self._members: list[tuple[str, np.ndarray]] = []

    def set_of(self, dataset: str, rows: Any) -> int:
        """Return the number of the set of these rows (positions in the data set)."""
        held = np.array(rows, dtype="int64")
        # As a rule they come in order, each once: to find that out costs far less than to sort them.
        positions = held if (held[1:] > held[:-1]).all() else np.unique(held)
        key = (dataset, positions.tobytes())
        if key not in self._sets:
            self._sets[key] = len(self._members)
            self._members.append((dataset, positions))
        return self._sets[key]

    def add(self, stat_name: str, stat: float | None, format: str, members: int | None = None, **where: Any) -> None:
        """Add one fact. ``where`` fills any of the other columns of ``COLUMNS``.

        A fact with a ``context`` is not the declared result: it is what another common default gives on the same
        data (``R default: log interval``). No display shows it; the method's card lists it beside the result.
        An infinite value, which no exchange format holds, is stored as missing with the warning ``infinite``.
        """
        unknown = set(where) - set(COLUMNS)
        if unknown:
            raise Cause("is not a column of the analysis results", field=sorted(unknown)[0])
        if stat is not None and np.isinf(stat):
            stat = None
            where["warning"] = "; ".join(filter(None, (where.get("warning"), "infinite")))
        row = {
            "stat_name": stat_name,
            "stat": np.nan if stat is None else float(stat),
            "format": format,
            "member_set": members,
            **where,
        }
        for name, values in self._columns.items():
            values.append(row.get(name))

    def frame(self) -> pd.DataFrame:
        """The facts as a table; missing text is NaN."""
        return pd.DataFrame(
            {
                n: pd.array(self._columns[n], dtype=t) if t == "Int64" else pd.Series(self._columns[n], dtype=t)
                for n, t in COLUMNS.items()
            }
        )

    def sets(self) -> pd.DataFrame:
        """The sets: SET, DATASET, ROWS (list of positions)."""
        return pd.DataFrame(
            {
                "SET": pd.Series(range(len(self._members)), dtype="int64"),
                "DATASET": pd.Series([name for name, _ in self._members], dtype="str"),
                "ROWS": pd.Series([rows for _, rows in self._members], dtype=object),
            }
        )


Group = tuple[dict[str, Any], pd.DataFrame, pd.DataFrame]


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
    page : dict
        The study's settings that the chapter asks for.
    left_out : DataFrame
        Rows of ADSL that ``without`` takes out of the population.
    beside : dict of DataFrame
        Rows of other data sets that ``beside`` names, of the same subjects.
    """

    spec: dict[str, Any]
    rows: pd.DataFrame
    subjects: pd.DataFrame
    arms: list[str]
    arm_variable: str
    page: dict[str, Any] = field(default_factory=dict)
    left_out: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({"USUBJID": pd.Series(dtype="str")}))
    beside: dict[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def options(self) -> dict[str, Any]:
        """Options of the method."""
        return self.spec.get("options", {})

    @property
    def place(self) -> str:
        """How a cause names this analysis."""
        return f"analysis {self.spec['id']}"

    @property
    def variables(self) -> list[str]:
        """The variables that are summarised: ``variables``, or the one ``variable`` (default AVAL)."""
        return list(self.spec["variables"]) if "variables" in self.spec else [self.spec.get("variable", "AVAL")]

    def common(self) -> dict[str, Any]:
        """What every fact of this analysis says of itself."""
        return {
            "analysis": self.spec["id"],
            "method": self.spec["method"],
            "dataset": self.spec["dataset"],
            "population": json.dumps(self.spec.get("population", {}), sort_keys=True),
            "group1": self.arm_variable,
            "options": json.dumps(self.options, sort_keys=True),
        }

    def people(self) -> dict[str, pd.DataFrame]:
        """Subjects of the population by arm, and of all arms under the label of the total."""
        arm = self.subjects[self.arm_variable]
        found = {label: self.subjects[arm == label] for label in self.arms}
        return found | ({self.spec["total"]: self.subjects} if "total" in self.spec else {})

    def groups(self) -> list[Group]:
        """For each arm (and level of ``by``): the facts' group columns, the rows, the arm's subjects.

        ``total: label`` in the declaration adds one group of all arms behind them.
        A level that ``levels`` declares is there even when it has no row; a row whose level is missing or not
        declared is refused, so that no record leaves silently.
        """
        homeless = self.subjects[~self.subjects[self.arm_variable].isin(self.arms)]
        if len(homeless):
            first = homeless["USUBJID"].iloc[0]
            raise Cause(
                f"{len(homeless)} subjects of the population are in none of the arms shown",
                file=self.place,
                field=self.arm_variable,
                value=first,
            )
        by = self.spec.get("by", [])
        levels = self._levels(by) if by else []
        found: list[Group] = []
        total = [self.spec["total"]] if "total" in self.spec else []
        for arm in [*self.arms, *total]:
            people = self.subjects if arm in total else self.subjects[self.subjects[self.arm_variable] == arm]
            mine = self.rows[among(self.rows["USUBJID"], people["USUBJID"])]
            if not by:
                found.append(({"group1_level": arm}, mine, people))
                continue
            parts = dict(iter(mine.groupby(by if len(by) > 1 else by[0], sort=False)))
            for level in levels:
                where: dict[str, Any] = {"group1_level": arm}
                for number, (variable, value) in enumerate(zip(by, level, strict=True), start=2):
                    where |= {f"group{number}": variable, f"group{number}_level": str(value)}
                found.append((where, parts.get(level if len(by) > 1 else level[0], mine.iloc[0:0]), people))
        return found

    def _levels(self, by: list[str]) -> list[tuple[Any, ...]]:
        """All levels of ``by`` in order: as declared, else as found, sorted by ``order_by``."""
        if len(by) > 2:
            raise Cause("at most two variables can group an analysis", file=self.place, field="by", value=len(by))
        declared = self.spec.get("levels", {})
        if self.rows[by].isna().any(axis=None):
            absent = self.rows[by].isna().any(axis=1)
            raise Cause(
                f"{int(absent.sum())} rows have no level; say so in `where`", file=self.place, field=", ".join(by)
            )
        free = [name for name in by if name not in declared]
        order = [name for name in self.spec.get("order_by", free) if name not in declared]
        combinations = (
            self.rows[list(dict.fromkeys([*order, *free]))]
            .drop_duplicates()
            .sort_values(order, kind="stable")[free]
            .drop_duplicates()
            if free
            else pd.DataFrame(index=[0])
        )
        for name in by:
            if name not in declared:
                continue
            strange = set(self.rows[name].astype("str").unique()) - {str(level) for level in declared[name]}
            if strange:
                raise Cause(
                    "rows hold a level that the analysis does not list",
                    file=self.place,
                    field=name,
                    value=sorted(strange)[0],
                )
            combinations = combinations.merge(
                pd.DataFrame({name: pd.Series(declared[name], dtype=self.rows[name].dtype)}), how="cross"
            )
        return list(combinations[by].itertuples(index=False, name=None))


def one_row_each(rows: pd.DataFrame, place: str, field: str = "USUBJID") -> None:
    """Refuse rows of which a subject has more than one."""
    twice = rows["USUBJID"].duplicated()
    if twice.any():
        raise Cause(
            "a subject has more than one row", file=place, field=field, value=rows.loc[twice, "USUBJID"].iloc[0]
        )


def _elsewhere(datasets: dict[str, pd.DataFrame], about: dict[str, Any], source: str) -> pd.DataFrame:
    """Rows of ``about['dataset']`` that meet ``about['where']``."""
    if about["dataset"] not in datasets:
        raise Cause(
            "is not among the data sets that this chapter declares",
            file=source,
            field="dataset",
            value=about["dataset"],
        )
    data = datasets[about["dataset"]]
    return data[matches(data, about.get("where"), source=source)]


def _split(
    people: pd.DataFrame, variable: str, arms: list[str], having: pd.Series, about: dict[str, Any]
) -> tuple[pd.DataFrame, list[str]]:
    """Divide each arm into subjects with and without a row; the two labels are declared."""
    held = among(people["USUBJID"], having)
    half = pd.Series(about["without"], index=people.index, dtype="str").mask(held, about["with"])
    alone = len(arms) == 1
    columns = [label if alone else f"{arm}, {label}" for arm in arms for label in (about["with"], about["without"])]
    return people.assign(SPLIT=half if alone else people[variable].astype("str") + ", " + half), columns


def choose(spec: dict[str, Any], datasets: dict[str, pd.DataFrame], page: dict[str, Any]) -> Analysis:
    """Choose the rows and the subjects of one analysis; an unknown data set or arm is a cause.

    ``without: [{dataset, where}]`` leaves out the subjects who have any such row (kept in ``left_out``);
    ``split: {dataset, where, with, without}`` makes two columns of each arm; ``pooled: label`` makes one of all;
    ``total: label`` adds a column of all arms; ``beside: {name: {dataset, where}}`` gives the room rows of other data
    sets.
    """
    where = f"analysis {spec['id']}"
    if spec["dataset"] not in datasets:
        raise Cause(
            "is not among the data sets that this chapter declares", file=where, field="dataset", value=spec["dataset"]
        )
    adsl = datasets["adsl"]
    people = adsl[matches(adsl, spec.get("population"), source=where)]
    left_out = people.iloc[0:0]
    if "without" in spec:
        held = [_elsewhere(datasets, about, where)["USUBJID"] for about in spec["without"]]
        gone = among(people["USUBJID"], pd.concat(held))
        people, left_out = people[~gone], people[gone]
    data = datasets[spec["dataset"]]
    rows = data[matches(data, spec.get("where"), source=where) & among(data["USUBJID"], people["USUBJID"])]
    variable = spec.get("arm", "TRT01P")
    arms = [arm["label"] for arm in page["arms"] if arm.get("treated", True) or spec.get("all_arms")]
    if spec.get("pooled"):
        people, arms, variable = people.assign(ALL=spec["pooled"]), [spec["pooled"]], "ALL"
    if "split" in spec:
        having = _elsewhere(datasets, spec["split"], where)["USUBJID"]
        people, arms = _split(people, variable, arms, having, spec["split"])
        variable = "SPLIT"
    if spec.get("total") in arms:
        raise Cause("the total bears the name of an arm", file=where, field="total", value=spec["total"])
    beside = {name: _elsewhere(datasets, about, where) for name, about in spec.get("beside", {}).items()}
    beside = {name: found[among(found["USUBJID"], people["USUBJID"])] for name, found in beside.items()}
    return Analysis(spec, rows, people, arms, variable, page, left_out, beside)
