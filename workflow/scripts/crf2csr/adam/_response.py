"""Response by visit: observed, by the composite strategy, treatment policy, and carried forward."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr.adam import _criteria, _records
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
OBSERVED, COMPOSITE, MISSING = "OBSERVED", "COMPOSITE", "MISSING"


def derive(
    scores: pd.DataFrame,
    treated: pd.DataFrame,
    events: pd.DataFrame,
    windows: dict[str, list[dict[str, Any]]],
    spec: dict[str, Any],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return response rows and their edges.

    Parameters
    ----------
    scores : DataFrame
        As of :func:`crf2csr.adam._records.derive`, with ``_KEY`` and TENTHS.
    treated : DataFrame
        ADSL of all treated subjects, index USUBJID.
    events : DataFrame
        First composite event of each subject (:func:`crf2csr.adam._records.composite_events`).
    windows : dict
        Analysis windows of each score.
    spec : dict
        The specification; its parameters with ``criterion`` are made here.

    Returns
    -------
    tuple of DataFrame
        Per treated subject, criterion and visit exactly one row has ANL03FL = "Y" (composite strategy, missing
        = non-responder), one ANL04FL (last observation carried forward) and one ANL05FL (treatment policy,
        missing = non-responder). RSPCAT and RSPREAS say how; RSPELFL whose response is defined at all.
    """
    criteria = _criteria.declared(spec)
    seen = _observed(scores, criteria)
    grid = _grid(treated, criteria, windows)
    on_treatment = seen[seen["ANL01FL"] == "Y"][[*CELL, "ADT", "AVAL", "_SRC"]]
    grid = grid.merge(on_treatment, on=CELL, how="left", validate="one_to_one")
    target = grid["USUBJID"].map(treated["TRTSDT"]) + grid["AWTARGET"] - 1
    deadline = grid["ADT"].where(grid["ADT"].notna(), target)
    event = grid[["USUBJID"]].join(events, on="USUBJID")
    struck = (event["ASTDT"] <= deadline).fillna(False).astype(bool)
    grid["_ICE"] = event["ASEQ"].where(struck).astype("Int64")
    grid["RSPCAT"] = (
        pd.Series(MISSING, index=grid.index, dtype="str").mask(grid["AVAL"].notna(), OBSERVED).mask(struck, COMPOSITE)
    )
    grid["RSPREAS"] = _missing_reasons(grid, scores, criteria, treated, target)
    grid["RSPREAS"] = (
        grid["RSPREAS"]
        .mask(grid["RSPCAT"] == OBSERVED, "Observed")
        .mask(struck, "Composite event: " + event["ICETERM"].astype("str"))
    )
    seen = _sustained(_flag_observed(seen, grid), windows, criteria)
    rows = pd.concat([seen, _imputed(grid, seen), _carried(grid)], ignore_index=True)
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
    return rows[rows["AVAL"].notna()].reset_index(drop=True)


def _grid(
    treated: pd.DataFrame, criteria: dict[str, dict[str, Any]], windows: dict[str, list[dict[str, Any]]]
) -> pd.DataFrame:
    """Every treated subject, criterion and visit of the criterion's windows."""
    cells = pd.DataFrame(
        [
            (code, c["of"], w["visit"], float(w["number"]), w["target"], f"{w['from']} to {w['to']} days")
            for code, c in criteria.items()
            for w in windows[c["of"]]
        ],
        columns=["PARAMCD", "_OF", "AVISIT", "AVISITN", "AWTARGET", "AWRANGE"],
    ).astype({"PARAMCD": "str", "_OF": "str", "AVISIT": "str", "AWTARGET": "Int64", "AWRANGE": "str"})
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


def _flag_observed(seen: pd.DataFrame, grid: pd.DataFrame) -> pd.DataFrame:
    """Give an observed row the flags of its cell."""
    own = seen.merge(grid[[*CELL, "RSPCAT", "RSPREAS"]], on=CELL, how="left", validate="many_to_one")
    used = (own["ANL01FL"] == "Y") & (own["RSPCAT"] == OBSERVED)
    for name, flag in (("ANL03FL", used), ("ANL04FL", used), ("ANL05FL", own["ANL02FL"] == "Y")):
        own[name] = pd.Series("Y", index=own.index, dtype="str").where(flag)
    own["RSPREAS"] = pd.Series("Observed", index=own.index, dtype="str").mask(
        own["ANL01FL"].isna(), "Observed, too long after last dose"
    )
    own["RSPREAS"] = own["RSPREAS"].mask((own["ANL01FL"] == "Y") & ~used, "Observed, outranked by a composite event")
    own["RSPCAT"] = OBSERVED
    return own


def _sustained(
    seen: pd.DataFrame, windows: dict[str, list[dict[str, Any]]], criteria: dict[str, dict[str, Any]]
) -> pd.DataFrame:
    """SUSTFL: response at this and every later analysed visit, the last visit observed, no composite event."""
    end = {code: float(windows[c["of"]][-1]["number"]) for code, c in criteria.items()}
    own = seen[seen["ANL01FL"] == "Y"].sort_values(["USUBJID", "PARAMCD", "AVISITN"], kind="stable")
    value = own["AVAL"].where(own["ANL03FL"] == "Y", 0).astype("int64")
    backwards = value[::-1].groupby([own["USUBJID"][::-1], own["PARAMCD"][::-1]]).cummin()[::-1]
    latest = own.groupby(["USUBJID", "PARAMCD"])["AVISITN"].transform("max")
    held = (backwards == 1) & (latest == own["PARAMCD"].map(end))
    flag = pd.Series(np.nan, index=seen.index, dtype="str")
    flag.loc[own.index] = np.where(held, "Y", "N")
    seen["SUSTFL"] = flag
    return seen


def _imputed(grid: pd.DataFrame, seen: pd.DataFrame) -> pd.DataFrame:
    """Non-responder rows: by a composite event, or because the visit has no analysed response."""
    rows = grid[grid["RSPCAT"] != OBSERVED].drop(columns="ADT")
    policy = seen[seen["ANL05FL"] == "Y"][CELL].assign(_has=True)
    other = rows.merge(policy, on=CELL, how="left")["_has"].isna().to_numpy()
    rows = rows.assign(AVAL=0, DTYPE="NRI", ANL03FL="Y")
    rows["ANL04FL"] = pd.Series("Y", index=rows.index, dtype="str").where(rows["RSPCAT"] == COMPOSITE)
    rows["ANL05FL"] = pd.Series("Y", index=rows.index, dtype="str").where(other)
    # A cell without an observed response is missing in the treatment policy whatever event came before.
    rows["_SRC"] = rows["_SRC"].where(rows["RSPCAT"] == COMPOSITE)
    return rows


def _carried(grid: pd.DataFrame) -> pd.DataFrame:
    """Missing cells without a composite event: the last analysed response, else no response as at baseline."""
    ordered = grid.sort_values(["USUBJID", "PARAMCD", "AVISITN"], kind="stable")
    usable = ordered["RSPCAT"] == OBSERVED
    by = [ordered["USUBJID"], ordered["PARAMCD"]]
    last = ordered["AVAL"].where(usable).groupby(by).ffill()
    key = ordered["_SRC"].where(usable).groupby(by).ffill()
    gap = ordered["RSPCAT"] == MISSING
    rows = ordered[gap].drop(columns="ADT")
    kind = pd.Series(np.where(last[gap].notna(), "LOCF", "BOCF"), index=rows.index, dtype="str")
    said = kind.map({"LOCF": "Last observation carried forward", "BOCF": "No observation after baseline: no response"})
    return rows.assign(
        AVAL=last[gap].fillna(0),
        _SRC=key[gap],
        DTYPE=kind,
        ANL04FL="Y",
        RSPREAS=said,
        _ICE=pd.Series(pd.NA, index=rows.index, dtype="Int64"),
    )


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
