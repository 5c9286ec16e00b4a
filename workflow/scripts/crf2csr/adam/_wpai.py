"""Work productivity and activity impairment, per cent (Reilly, Zbrozek and Dukes 1993; six questions).

Absenteeism = missed / (missed + worked); presenteeism = productivity / 10; overall = absenteeism + (1 -
absenteeism) x presenteeism; activity = activity / 10. The first three are defined in paid work only.
"""

from __future__ import annotations

import pandas as pd

QUESTIONS = [f"WPAI010{n}" for n in range(1, 7)]
SCORES = ["ABSENT", "PRESENT", "WORKIMP", "ACTIMP"]


def scores(score: pd.DataFrame, employed: pd.Series) -> pd.DataFrame:
    """Scores in per cent (float64), columns ``SCORES``, and REASON: why one of them is not defined.

    ``score`` has the columns ``QUESTIONS`` (hours and 0-10 ratings), ``employed`` is "Y" or "N".
    """
    paid = employed == "Y"
    missed, worked = score["WPAI0102"], score["WPAI0104"]
    hours = missed + worked
    absent = (missed / hours).where(paid & (hours > 0))
    present = (score["WPAI0105"] / 10).where(paid & (worked > 0))
    overall = absent + (1 - absent) * present.where(absent != 1, 0)
    out = (
        pd.DataFrame({"ABSENT": absent, "PRESENT": present, "WORKIMP": overall, "ACTIMP": score["WPAI0106"] / 10}) * 100
    )
    reason = pd.Series("Answer missing", index=score.index, dtype="str").mask(
        hours == 0, "No hours of work in the week"
    )
    out["REASON"] = reason.mask(employed == "N", "Not in paid work").mask(employed.isna(), "Employment not answered")
    return out
