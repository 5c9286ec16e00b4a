"""PPPASI from its items, in exact integer tenths.

total = sum over the four regions of weight x (erythema + pustules + desquamation) x area score, weight 0.2
for a palm and 0.3 for a sole; 0 to 72. In tenths the weights are 2 and 3, so no float is ever compared.
"""

from __future__ import annotations

import pandas as pd

REGIONS = {
    ("PALM", "RIGHT"): ("RP", 2),
    ("PALM", "LEFT"): ("LP", 2),
    ("SOLE", "RIGHT"): ("RS", 3),
    ("SOLE", "LEFT"): ("LS", 3),
}
SEVERITY = {"PPERY": "ERY", "PPPUS": "PUS", "PPDES": "DES"}
# Area score by percentage affected: 0 only at 0 %; else the first bound that the percentage is below.
AREA_BOUNDS = [(10, 1), (30, 2), (50, 3), (70, 4), (90, 5)]


def area_score(percent: pd.Series) -> pd.Series:
    """Area score 0-6 of a percentage (float, 0-100); missing or impossible stays missing."""
    score = pd.Series(pd.NA, index=percent.index, dtype="Int64")
    score = score.mask((percent > 0) & (percent <= 100), 6)
    for bound, value in reversed(AREA_BOUNDS):
        score = score.mask((percent > 0) & (percent < bound), value)
    return score.mask(percent == 0, 0)


def scores(items: pd.DataFrame) -> pd.DataFrame:
    """Score assessments.

    Parameters
    ----------
    items : DataFrame
        One row per assessment (index), columns such as ``RPERY``, ``RPPUS``, ``RPDES``, ``RPARE`` and
        ``RPPCT`` for each region RP, LP, RS, LS; float64, missing where not usable.

    Returns
    -------
    DataFrame
        In whole numbers (``Int64``): ``PPPASI`` total in tenths, the regions ``PPRP``.. in tenths, ``PALMS``
        and ``SOLES`` in tenths, sign sums ``SGNERY``, ``SGNPUS``, ``SGNDES`` (0-16); and ``AREAFL`` = "Y"
        where an area score was derived from a percentage.
    """
    out = pd.DataFrame(index=items.index)
    derived = pd.Series(False, index=items.index)
    for region, weight in REGIONS.values():
        area = items[f"{region}ARE"].astype("Int64")
        from_percent = area_score(items[f"{region}PCT"])
        fill = area.isna() & from_percent.notna()
        area = area.mask(fill, from_percent)
        derived |= fill
        severity = sum(items[f"{region}{sign}"].astype("Int64") for sign in SEVERITY.values())
        out[f"PP{region}"] = weight * severity * area
    out["PALMS"] = out["PPRP"] + out["PPLP"]
    out["SOLES"] = out["PPRS"] + out["PPLS"]
    out["PPPASI"] = out["PALMS"] + out["SOLES"]
    for sign in SEVERITY.values():
        out[f"SGN{sign}"] = sum(items[f"{region}{sign}"].astype("Int64") for region, _ in REGIONS.values())
    out["AREAFL"] = pd.Series("Y", index=items.index, dtype="str").where(derived)
    return out


def lacking(items: pd.DataFrame) -> pd.DataFrame:
    """Tell which of the 16 items of each assessment are missing; a percentage stands in for an area score."""
    out: dict[str, pd.Series] = {}
    for region, _ in REGIONS.values():
        out |= {f"{region}{sign}": items[f"{region}{sign}"].isna() for sign in SEVERITY.values()}
        out[f"{region}ARE"] = items[f"{region}ARE"].isna() & area_score(items[f"{region}PCT"]).isna()
    return pd.DataFrame(out, index=items.index)
