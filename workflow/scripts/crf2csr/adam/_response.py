"""Response by visit: observed, and as the estimands take it after an intercurrent event or where it is missing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr.adam import _criteria, _estimands, _records
from crf2csr.adam._estimands import Handling
from crf2csr.trace import edges_to, own_rows

ABOUT = [
    "USUBJID",
    "ADT",
    "ADY",
    "AVISIT",
    "AVISITN",
    "AWTARGET",
    "AWTDIFF",
    "AWRANGE",
    "PWINFL",
    "VISIT",
    "VISITNUM",
    "ANL01FL",
    "ANL02FL",
]
CELL = ["USUBJID", "PARAMCD", "AVISIT"]
OBSERVED, COMPOSITE, MISSING, CARRIED = "OBSERVED", "COMPOSITE", "MISSING", "WHILE ON TREATMENT"
OUTRANKED = {
    COMPOSITE: "Observed, outranked by a composite event",
    MISSING: "Observed, set aside after an intercurrent event",
    CARRIED: "Observed, after the event that ends the time of interest",
}


def derive(
    scores: pd.DataFrame,
    treated: pd.DataFrame,
    adice: pd.DataFrame,
    windows: dict[str, list[dict[str, Any]]],
    spec: dict[str, Any],
    how: list[Handling],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return response rows and their edges.

    Parameters
    ----------
    scores : DataFrame
        As of :func:`crf2csr.adam._records.derive`, with ``_KEY`` and TENTHS.
    treated : DataFrame
        ADSL of all treated subjects, index USUBJID.
    adice : DataFrame
        Intercurrent events: USUBJID, ICECD, ICETERM, ASTDT, ASEQ.
    windows : dict
        Analysis windows of each score.
    spec : dict
        The specification; its parameters with ``criterion`` are made here.
    how : list of Handling
        As of :func:`crf2csr.adam._estimands.handlings` for responses.

    Returns
    -------
    tuple of DataFrame
        Per treated subject, criterion and visit exactly one row has the flag of each handling (none where it leaves
        a missing response missing). RSPCAT and RSPREAS say how the response was reached, by the first handling that
        uses the row; RSPELFL whose response is defined at all.
    """
    criteria = _criteria.declared(spec)
    seen = _observed(scores, criteria)
    grid = _grid(treated, criteria, windows)
    grid["_TARGET"] = grid["USUBJID"].map(treated["TRTSDT"]) + grid["AWTARGET"] - 1
    grid["_WHY"] = _missing_reasons(grid, scores, criteria, treated, grid["_TARGET"])
    cells = [_cells(grid, seen, adice, handling) for handling in how]
    for number, (handling, some) in enumerate(zip(how, cells, strict=True)):
        seen = _flag_observed(seen, some, handling, main=number == 0)
    seen = _sustained(seen, windows, criteria, how)
    derived = [_derived(some, handling.missing) for handling, some in zip(how, cells, strict=True)]
    rows = pd.concat([seen, *_shared(derived, how)], ignore_index=True)
    base = scores[scores["ABLFL"] == "Y"].set_index(["USUBJID", "PARAMCD"])["TENTHS"]
    rows["RSPELFL"] = _eligible(rows, base, criteria)
    rows["AVALC"] = rows["AVAL"].map({1: "Y", 0: "N"})
    rows["_KEY"] = [f"R{n}" for n in range(len(rows))]
    rows["SRCDOM"] = pd.Series(np.nan, index=rows.index, dtype="str")
    return rows.drop(columns=["_SRC", "_ICE", "_OF"]), _edges(rows)


def _observed(scores: pd.DataFrame, criteria: dict[str, dict[str, Any]]) -> pd.DataFrame:
    post = scores[
        scores["_POST"] & scores["AVISIT"].notna() & ((scores["ANL01FL"] == "Y") | (scores["ANL02FL"] == "Y"))
    ]
    parts = []
    for code, criterion in criteria.items():
        some = post[post["PARAMCD"] == criterion["of"]]
        answer = _criteria.met(some["_BASE"].astype("Int64"), some["TENTHS"].astype("Int64"), criterion)
        parts.append(some[ABOUT].assign(PARAMCD=code, AVAL=answer, _SRC=some["_KEY"], _OF=criterion["of"]))
    rows = pd.concat(parts, ignore_index=True)
    rows = rows[rows["AVAL"].notna()].reset_index(drop=True)
    rows["RSPCAT"] = OBSERVED
    rows["RSPREAS"] = pd.Series("Observed", index=rows.index, dtype="str").mask(
        rows["ANL01FL"].isna(), "Observed, too long after last dose"
    )
    return rows.assign(_ICE=pd.Series(pd.NA, index=rows.index, dtype="Int64"))


def _grid(
    treated: pd.DataFrame, criteria: dict[str, dict[str, Any]], windows: dict[str, list[dict[str, Any]]]
) -> pd.DataFrame:
    """Every treated subject, criterion and visit of the criterion's windows."""
    cells = _estimands.visits({code: windows[c["of"]] for code, c in criteria.items()})
    cells["_OF"] = cells["PARAMCD"].map({code: c["of"] for code, c in criteria.items()}).astype("str")
    people = pd.DataFrame({"USUBJID": treated.index.astype("str")}).astype("str")
    return people.merge(cells, how="cross")


def _missing_reasons(
    grid: pd.DataFrame,
    scores: pd.DataFrame,
    criteria: dict[str, dict[str, Any]],
    treated: pd.DataFrame,
    target: pd.Series,
) -> pd.Series:
    """Why a cell has no analysed response, the most telling reason first."""
    subject = grid["USUBJID"]
    left = subject.map(treated["DCTDT"]).astype("Int64")
    left = left.mask(
        left.isna(), subject.map(treated["EOSDT"].where(treated["EOSSTT"] == "DISCONTINUED")).astype("Int64")
    )
    why_left = subject.map(treated["DCTREAS"].where(treated["DCTREAS"].notna(), treated["DCSREAS"])).astype("str")
    gone = (left <= target).fillna(False).astype(bool) & why_left.notna()
    base = scores[scores["ABLFL"] == "Y"].set_index(["USUBJID", "PARAMCD"])["TENTHS"].rename("_B")
    has_base = grid[["USUBJID", "_OF"]].join(base, on=["USUBJID", "_OF"])["_B"]
    defined = _eligible(grid, base, criteria) == "Y"

    def found(rows: pd.DataFrame, visit: str) -> pd.Series:
        keys = pd.MultiIndex.from_frame(rows[["USUBJID", "PARAMCD", visit]])
        return pd.Series(pd.MultiIndex.from_frame(grid[["USUBJID", "_OF", "AVISIT"]]).isin(keys), index=grid.index)

    post = scores[scores["_POST"]]
    reason = pd.Series("Missing: visit not done", index=grid.index, dtype="str")
    reason = reason.mask(gone, "Missing: treatment discontinued (" + why_left + ")")
    elsewhere = post[post["AVAL"].notna()]
    reason = reason.mask(found(elsewhere, "VISIT"), "Missing: assessed outside the analysis window")
    reason = reason.mask(
        found(post[post["_WHY"] == _records.NOT_COMPUTABLE], "AVISIT"), "Missing: score not computable"
    )
    reason = reason.mask(
        found(post[post["_WHY"] == _records.LATE], "AVISIT"), "Missing: assessed too long after last dose"
    )
    return reason.mask(~defined, "Missing: response not defined at this baseline").mask(
        has_base.isna(), "Missing: no baseline"
    )


def _eligible(rows: pd.DataFrame, base: pd.Series, criteria: dict[str, dict[str, Any]]) -> pd.Series:
    own = rows[["USUBJID"]].assign(_OF=rows["PARAMCD"].map({k: c["of"] for k, c in criteria.items()}))
    value = own.join(base.rename("_B"), on=["USUBJID", "_OF"])["_B"].astype("Int64")
    flag = pd.Series("N", index=rows.index, dtype="str")
    for code, criterion in criteria.items():
        here = rows["PARAMCD"] == code
        flag = flag.mask(here & _criteria.eligible(value, criterion), "Y")
    return flag


def _cells(grid: pd.DataFrame, seen: pd.DataFrame, adice: pd.DataFrame, handling: Handling) -> pd.DataFrame:
    """Each cell with its analysed response, the event that decides it, and how the response was reached."""
    used = seen[seen[handling.records] == "Y"][[*CELL, "ADT", "AVAL", "_SRC"]]
    cells = grid.merge(used, on=CELL, how="left", validate="one_to_one")
    deadline = cells["ADT"].where(cells["ADT"].notna(), cells["_TARGET"])
    event = cells[["USUBJID"]].join(_estimands.deciding(adice, handling.strategies), on="USUBJID")
    struck = (event["ASTDT"] <= deadline).fillna(False).astype(bool)
    strategy, term = event["STRATEGY"].where(struck), event["ICETERM"].astype("str")
    composite, ended = strategy == _estimands.COMPOSITE, strategy == _estimands.WHILE
    set_aside = strategy == _estimands.HYPOTHETICAL
    cells["_ICE"] = event["ASEQ"].where(struck).astype("Int64")
    cells["RSPCAT"] = (
        pd.Series(MISSING, index=cells.index, dtype="str")
        .mask(cells["AVAL"].notna() & ~struck, OBSERVED)
        .mask(composite, COMPOSITE)
        .mask(ended, CARRIED)
    )
    cells["RSPREAS"] = (
        cells["_WHY"]
        .mask(cells["RSPCAT"] == OBSERVED, "Observed")
        .mask(composite, "Composite event: " + term)
        .mask(set_aside, "Missing: set aside after " + term)
        .mask(ended, "Last value before " + term)
    )
    return _ended(cells, used, event["ASTDT"], ended) if ended.any() else cells


def _ended(cells: pd.DataFrame, used: pd.DataFrame, day: pd.Series, ended: pd.Series) -> pd.DataFrame:
    """Put the last response before the event in the cells that the event ends, no response where there is none."""
    days = pd.Series(day.to_numpy(), index=cells["USUBJID"]).groupby(level=0).first()
    early = used[(used["ADT"] < used["USUBJID"].map(days).astype("Int64")).fillna(False).astype(bool)]
    last = early.sort_values("ADT", kind="stable").drop_duplicates(CELL[:2], keep="last").set_index(CELL[:2])
    own = cells[CELL[:2]].join(last[["AVAL", "_SRC"]], on=CELL[:2])
    none = ended & own["AVAL"].isna()
    cells["AVAL"] = cells["AVAL"].mask(ended, own["AVAL"].fillna(0))
    cells["_SRC"] = cells["_SRC"].mask(ended, own["_SRC"])
    cells["DTYPE"] = pd.Series(_estimands.LAST, index=cells.index, dtype="str").mask(none, _estimands.BASE)
    cells["RSPREAS"] = cells["RSPREAS"].mask(none, "No" + cells["RSPREAS"].str.removeprefix("Last") + ": no response")
    return cells


def _flag_observed(seen: pd.DataFrame, cells: pd.DataFrame, handling: Handling, *, main: bool) -> pd.DataFrame:
    """Give an observed row the flag of its cell; by the main handling also say how the response was reached."""
    keys = pd.MultiIndex.from_frame(cells[CELL])
    category = pd.Series(cells["RSPCAT"].to_numpy(), index=keys).reindex(pd.MultiIndex.from_frame(seen[CELL]))
    category = category.set_axis(seen.index)
    record = seen[handling.records] == "Y"
    seen[handling.flag] = pd.Series("Y", index=seen.index, dtype="str").where(record & (category == OBSERVED))
    if main:
        over = record & (category != OBSERVED)
        seen["RSPREAS"] = seen["RSPREAS"].mask(over, category.map(OUTRANKED))
    return seen


def _sustained(
    seen: pd.DataFrame,
    windows: dict[str, list[dict[str, Any]]],
    criteria: dict[str, dict[str, Any]],
    how: list[Handling],
) -> pd.DataFrame:
    """SUSTFL: response at this and every later analysed visit, the last visit observed, no event that decides."""
    flag = pd.Series(np.nan, index=seen.index, dtype="str")
    if how:
        end = {code: float(windows[c["of"]][-1]["number"]) for code, c in criteria.items()}
        own = seen[seen[how[0].records] == "Y"].sort_values(["USUBJID", "PARAMCD", "AVISITN"], kind="stable")
        value = own["AVAL"].where(own[how[0].flag] == "Y", 0).astype("int64")
        backwards = value[::-1].groupby([own["USUBJID"][::-1], own["PARAMCD"][::-1]]).cummin()[::-1]
        latest = own.groupby(["USUBJID", "PARAMCD"])["AVISITN"].transform("max")
        held = (backwards == 1) & (latest == own["PARAMCD"].map(end))
        flag.loc[own.index] = np.where(held, "Y", "N")
    seen["SUSTFL"] = flag
    return seen


def _derived(cells: pd.DataFrame, missing: str) -> pd.DataFrame:
    """The rows of cells without an observed response that counts."""
    rows = cells[cells["RSPCAT"] != OBSERVED].drop(columns="ADT")
    carried, gap = rows["RSPCAT"] == CARRIED, rows["RSPCAT"] == MISSING
    nothing = pd.Series(np.nan, index=rows.index, dtype="str")
    rows["DTYPE"] = rows.get("DTYPE", nothing).where(carried, "NRI")
    rows["AVAL"] = rows["AVAL"].where(carried, 0)
    # What is missing comes from no record, whatever was observed after the event.
    rows["_SRC"] = rows["_SRC"].mask(gap)
    if missing == "left missing":
        return rows[~gap]
    if missing == "last observation":
        kept = _carried(cells)
        for name in ("AVAL", "_SRC", "DTYPE", "RSPREAS"):
            rows[name] = rows[name].mask(gap, kept[name].reindex(rows.index))
        rows["_ICE"] = rows["_ICE"].mask(gap)
    return rows


def _carried(cells: pd.DataFrame) -> pd.DataFrame:
    """For missing cells the last response that counts, else no response as at baseline."""
    ordered = cells.sort_values(["USUBJID", "PARAMCD", "AVISITN"], kind="stable")
    usable = ordered["RSPCAT"] == OBSERVED
    by = [ordered["USUBJID"], ordered["PARAMCD"]]
    last = ordered["AVAL"].where(usable).groupby(by).ffill()
    key = ordered["_SRC"].where(usable).groupby(by).ffill()
    kind = pd.Series(np.where(last.notna(), "LOCF", "BOCF"), index=ordered.index, dtype="str")
    said = kind.map({"LOCF": "Last observation carried forward", "BOCF": "No observation after baseline: no response"})
    return pd.DataFrame({"AVAL": last.fillna(0), "_SRC": key, "DTYPE": kind, "RSPREAS": said})


def _shared(derived: list[pd.DataFrame], how: list[Handling]) -> list[pd.DataFrame]:
    """One row for all handlings that give a cell the same value in the same way, as the first of them says it."""
    if not derived:
        return []
    rows = pd.concat([some.assign(_BY=n) for n, some in enumerate(derived)], ignore_index=True)
    number = rows.groupby([*CELL, "AVAL", "DTYPE"], sort=False).ngroup()
    first = rows[~number.duplicated()].copy()
    own = number[first.index]
    for n, handling in enumerate(how):
        first[handling.flag] = pd.Series("Y", index=first.index, dtype="str").where(own.isin(number[rows["_BY"] == n]))
    return [first.drop(columns=["_BY", "_WHY", "_TARGET"])]


def _edges(rows: pd.DataFrame) -> pd.DataFrame:
    """Edges of response rows: to the score that decides, to the event that outranks it, else to the subject."""
    scored = rows[rows["_SRC"].notna()]
    struck = rows[rows["_ICE"].notna()]
    bare = rows[rows["_SRC"].isna() & rows["_ICE"].isna()]
    return pd.concat(
        [
            own_rows(scored["_KEY"], scored["_SRC"]),
            edges_to(struck, "ADICE", "_ICE"),
            edges_to(bare, "ADSL", None),
        ],
        ignore_index=True,
    )
