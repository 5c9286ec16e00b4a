"""Denominators held against the population, and every percentage against its n and N, before anything is written."""

from __future__ import annotations

import pandas as pd

from crf2csr.errors import Cause

CELL = ["analysis", "variable", "group1_level", "group2_level", "group3_level"]
# Where a cell has no N of its own, its denominator is that of the next wider cell.
WIDER: tuple[list[str], ...] = (
    [],
    ["group3_level"],
    ["group3_level", "group2_level"],
    ["group3_level", "group2_level", "variable"],
)
TOLERANCE = 1e-12


def shares(facts: pd.DataFrame) -> pd.DataFrame:
    """Each proportion ``p`` that has an ``n`` of its own cell and level: columns p, n, N; N may be missing."""
    own = facts[facts["context"].isna()]
    keys = own[[*CELL, "variable_level"]].astype(object).where(own[[*CELL, "variable_level"]].notna(), "")
    table = keys.assign(name=own["stat_name"], stat=own["stat"])
    wide = {
        name: table[table["name"] == name].drop_duplicates([*CELL, "variable_level"]).drop(columns="name")
        for name in ("p", "n", "N")
    }
    found = (
        wide["p"]
        .rename(columns={"stat": "p"})
        .merge(wide["n"].rename(columns={"stat": "n"}), on=[*CELL, "variable_level"], how="inner")
    )
    found["N"] = float("nan")
    whole = wide["N"][wide["N"]["variable_level"] == ""]
    for dropped in WIDER:
        narrow = whole
        for name in dropped:
            narrow = narrow[narrow[name] == ""]
        by = [name for name in CELL if name not in dropped]
        narrow = narrow.drop_duplicates(by)[[*by, "stat"]].rename(columns={"stat": "_N"})
        found = found.merge(narrow, on=by, how="left")
        found["N"] = found["N"].where(found["N"].notna(), found.pop("_N"))
    return found


def verify(facts: pd.DataFrame, exempt: set[str], place: str) -> None:
    """Refuse a percentage that is not n / N, and a count that exceeds its N.

    Parameters
    ----------
    facts : DataFrame
        All facts of a chapter.
    exempt : set of str
        Analyses whose ``p`` is by nature another share (rows of a shift table, pooled estimates).
    place : str
        How a cause names the chapter.
    """
    found = shares(facts[~facts["analysis"].isin(exempt)])
    found = found[found["p"].notna() & found["N"].notna()]
    wrong = found[((found["p"] - found["n"] / found["N"]).abs() > TOLERANCE) | (found["n"] > found["N"])]
    if len(wrong):
        first = wrong.iloc[0]
        raise Cause(
            f"a percentage is not its n over its N: {first['p']:.6g}, {first['n']:g} of {first['N']:g}",
            file=place,
            field=str(first["analysis"]),
            value=", ".join(str(first[name]) for name in [*CELL[1:], "variable_level"] if first[name] != ""),
        )


def populations(facts: pd.DataFrame, sizes: dict[tuple[str, str], int], place: str) -> None:
    """Refuse an N that exceeds the number of subjects in its population and arm.

    ``sizes`` maps analysis and arm to the number of subjects that the declaration chooses from ADSL.
    """
    counted = facts[(facts["stat_name"] == "N") & facts["stat"].notna() & facts["group1_level"].notna()]
    keys = pd.MultiIndex.from_frame(counted[["analysis", "group1_level"]].astype(object))
    known = pd.Series(sizes, dtype="float64").reindex(keys).to_numpy()
    over = counted[counted["stat"].to_numpy() > known]
    if len(over):
        first = over.iloc[0]
        raise Cause(
            f"N = {first['stat']:g} is more than the population has",
            file=place,
            field=str(first["analysis"]),
            value=str(first["group1_level"]),
        )
