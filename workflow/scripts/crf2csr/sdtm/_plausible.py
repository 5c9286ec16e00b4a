"""Measurements that no living person has, or that another unit would explain: asked, never repaired.

A specification of a findings domain says what is plausible, by test code, in the manner of labs.yaml::

    plausibility:
      HEIGHT: {unit: cm, plausible: [120, 220], units: {cm: {}, m: {times: 100}}}
      WEIGHT: {unit: kg, plausible: [30, 200], steady: 1.4, units: {kg: {}, jin: {over: 2}}}
"""

from __future__ import annotations

import pandas as pd

from crf2csr import dates, numbers
from crf2csr.sdtm import _units
from crf2csr.sdtm._asking import ask
from crf2csr.sdtm._verbs import Context


def ask_about(rows: pd.DataFrame, context: Context) -> list[pd.DataFrame]:
    """Queries P12 on values outside what is plausible, or off the person's own others by a unit's factor."""
    if "plausibility" not in context.spec or rows.empty:
        return []
    prefix = context.spec["name"]
    rules = {"analytes": context.spec["plausibility"]}
    printed = numbers.to_number(rows[f"{prefix}ORRES"].astype("str").map(dates.tidy, na_action="ignore"))
    test, unit = rows[f"{prefix}TESTCD"].astype("str"), rows[f"{prefix}ORRESU"].astype("str")
    doubt = _units.proposals(printed, test, _units.find(test, unit, rules), rules)
    own = _units.against_own(rows[f"{prefix}STRESN"], rows["USUBJID"], test, rules)
    doubt = doubt.where(doubt.notna(), own)
    asked = rows[doubt.notna()]
    return ask(asked, context, f"{prefix}ORRES", rule="P12", message=doubt[doubt.notna()], severity="minor") if len(asked) else []
