"""ADFC: categorical findings (urinalysis, serology, chest imaging, pregnancy test) of every screened subject.

Each parameter says which rows of which domain are its own, and which results are its normal ones. Nothing that was
asked for and not done is left out: such a row has no result and says so.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr import dates, populations
from crf2csr.adam import _windows
from crf2csr.columns import among
from crf2csr.errors import Cause
from crf2csr.trace import Made

FILE = "config/adam/adfc.yaml"
NORMAL, ABNORMAL, NOT_DONE = "NORMAL", "ABNORMAL", "NOT DONE"


def derive(
    adsl: pd.DataFrame,
    lb: pd.DataFrame | None = None,
    mb: pd.DataFrame | None = None,
    is_: pd.DataFrame | None = None,
    re: pd.DataFrame | None = None,
    *,
    spec: dict[str, Any],
    page: dict[str, Any],
    lists: dict[str, Any],
) -> Made:
    """Build ADFC: one row per result of the parameters of the specification."""
    domains = {name: d for name, d in (("lb", lb), ("mb", mb), ("is", is_), ("re", re)) if d is not None}
    people = adsl.set_index("USUBJID")
    made = Made(pd.DataFrame())
    parts, used = [], {name: pd.Series(False, index=d.index) for name, d in domains.items()}
    for nth, parameter in enumerate(spec["parameters"], start=1):
        name = parameter["of"]
        if name not in domains:
            raise Cause("is not among the sources of this data set", file=FILE, field=parameter["code"], value=name)
        chosen = populations.matches(domains[name], parameter["where"], source=f"{FILE}: {parameter['code']}")
        used[name] |= chosen
        parts.append(_rows(domains[name][chosen], parameter, nth))
    for name, frame in domains.items():
        made.ledger.split(frame, used[name], "ADFC: parameters", name.upper(), "not a parameter of ADFC")
    rows = pd.concat(parts, ignore_index=True)
    rows = made.ledger.split(
        rows,
        among(rows["USUBJID"], people.index),
        "ADFC: results of subjects in ADSL",
        "ADFC",
        "subject is not in ADSL",
    ).reset_index(drop=True)
    first = rows["USUBJID"].map(people["TRTSDT"]).astype("Int64")
    rows["ADY"] = dates.study_day(rows["ADT"], first)
    ready = rows.assign(AVAL=rows["AVALC"].notna().astype("float64").where(rows["AVALC"].notna()))
    # A result of a subject who was never treated is a screening result: it comes before a dose that never came.
    before = first.fillna(int(rows["ADT"].max()) if rows["ADT"].notna().any() else 0)
    rows["ABLFL"] = _windows.baseline(ready, before, ["USUBJID", "PARAMCD"])
    rows["ONTRTFL"] = pd.Series("Y", index=rows.index, dtype="str").where(
        (rows["ADT"] > first).fillna(False).astype(bool)
    )
    for name in spec["variables"]:
        if name in people.columns and name not in rows:
            rows[name] = rows["USUBJID"].map(people[name])
    made.data = rows
    return made


def _rows(found: pd.DataFrame, parameter: dict[str, Any], nth: int) -> pd.DataFrame:
    prefix = parameter["of"].upper()
    result = found[f"{prefix}STRESC"].astype("str")
    normal = result.isin([str(text) for text in parameter["normal"]])
    status = pd.Series(ABNORMAL, index=found.index, dtype="str").mask(normal, NORMAL).mask(result.isna(), NOT_DONE)
    reason = found.get(f"{prefix}REASND", pd.Series(np.nan, index=found.index, dtype="str"))
    return pd.DataFrame(
        {
            "USUBJID": found["USUBJID"],
            "PARAM": parameter["label"],
            "PARAMCD": parameter["code"],
            "PARAMN": nth,
            "PARCAT1": parameter["category"],
            "AVALC": result,
            "AVALCAT1": status,
            "AREAS": reason.astype("str").where(result.isna()),
            "ADT": dates.to_day(found[f"{prefix}DTC"]),
            "VISIT": found["VISIT"],
            "VISITNUM": found["VISITNUM"],
            "ASEQ0": found[f"{prefix}SEQ"],
            "SRCDOM": prefix,
            "SRCVAR": f"{prefix}STRESC",
            "SRCSEQ": found[f"{prefix}SEQ"],
        }
    )
