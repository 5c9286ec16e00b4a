"""ADIE: eligibility re-checked from the data, one row per subject and check, beside the site's answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr import dates, trace
from crf2csr.adam import _eligibility
from crf2csr.adam._occurrence import flag
from crf2csr.adam._screening import of_failed_screening
from crf2csr.errors import Cause
from crf2csr.trace import Made, edges_to


def derive(
    dm: pd.DataFrame,
    ti: pd.DataFrame,
    ie: pd.DataFrame,
    lb: pd.DataFrame,
    cm: pd.DataFrame,
    mh: pd.DataFrame,
    fa: pd.DataFrame,
    mb: pd.DataFrame | None = None,
    is_: pd.DataFrame | None = None,
    ds: pd.DataFrame | None = None,
    *,
    spec: dict[str, Any],
    page: dict[str, Any],
    lists: dict[str, Any],
) -> Made:
    """Build ADIE; it needs no other analysis data set, so that the analysis sets may use it.

    With ``ds`` the site's answers of a screening that failed before a later one led to treatment do not count.
    """
    if ds is not None:
        first_dose = dates.to_day(dm.drop_duplicates("USUBJID").set_index("USUBJID")["RFXSTDTC"])
        ie = ie[~of_failed_screening(ie, "IEDTC", ds, first_dose)]
    given = {"dm": dm, "ie": ie, "lb": lb, "cm": cm, "mh": mh, "fa": fa, "mb": mb, "is": is_}
    domains = {name: frame for name, frame in given.items() if frame is not None}
    analytes = lists.get("labs", {}).get("analytes", {})
    parts, links, fields = [], [], {}
    for criterion in lists["eligibility"]["criteria"]:
        for number, rule in enumerate(criterion["checks"], start=1):
            if rule["of"] not in domains:
                raise Cause(
                    "is not among the sources of ADIE",
                    file=_eligibility.FILE,
                    field=criterion["code"],
                    value=rule["of"],
                )
            result, evidence = _eligibility.check(rule, domains[rule["of"]], dm, analytes)
            key = f"{criterion['code']}|{number}|"
            fields[key] = rule.get("field", "IEYN")
            parts.append(
                result.reset_index().assign(
                    IETESTCD=criterion["code"], CHECKN=number, _KEY=key + result.index.astype("str")
                )
            )
            links.append(evidence.assign(_KEY=key + evidence["USUBJID"].astype("str"), DOM=rule["of"].upper()))
    rows, evidence = pd.concat(parts, ignore_index=True), pd.concat(links, ignore_index=True)
    rows = _described(rows, dm, ti, ie)
    made = Made(rows)
    made.edges = pd.concat(
        [edges_to(some, str(dom), "SEQ") for dom, some in evidence.groupby("DOM")] + [edges_to(rows, "DM", None)],
        ignore_index=True,
    ).drop_duplicates()
    made.queries.append(_contradictions(rows, evidence, dm, fields))
    made.ledger.enter("ADIE: one row per subject and check", "DM", len(dm), len(dm))
    return made


def _described(rows: pd.DataFrame, dm: pd.DataFrame, ti: pd.DataFrame, ie: pd.DataFrame) -> pd.DataFrame:
    """Name the criterion as TI does, and set the site's answer beside the data's."""
    criteria = ti.drop_duplicates("IETESTCD").set_index("IETESTCD")
    rows["IETEST"], rows["IECAT"] = rows["IETESTCD"].map(criteria["IETEST"]), rows["IETESTCD"].map(criteria["IECAT"])
    said = set(zip(ie["USUBJID"], ie["IETESTCD"], strict=True))
    failed = pd.Series(pd.MultiIndex.from_frame(rows[["USUBJID", "IETESTCD"]]).isin(list(said)), index=rows.index)
    rows["SITEMET"] = np.where(failed, "N", "Y")
    about = dm.drop_duplicates("USUBJID").set_index("USUBJID")
    rows["SUBJID"] = rows["USUBJID"].map(about["SUBJID"])
    rows["CONTRFL"] = flag((rows["MET"] == "N") & ~failed)
    rows["TRTFL"] = flag(rows["USUBJID"].map(about["RFXSTDTC"]).notna())
    worst = rows["MET"].map({"Y": 0, "U": 1, "N": 2}).groupby([rows["USUBJID"], rows["IETESTCD"]]).transform("max")
    rows["CRITMET"] = worst.map({0: "Y", 1: "U", 2: "N"})
    return rows


def _contradictions(
    rows: pd.DataFrame, evidence: pd.DataFrame, dm: pd.DataFrame, fields: dict[str, str]
) -> pd.DataFrame:
    """Query P29: the site says that all is met, the data of a treated subject say otherwise."""
    hits = rows[(rows["CONTRFL"] == "Y") & (rows["TRTFL"] == "Y")]
    shown = evidence.drop_duplicates("_KEY").set_index("_KEY")
    person = dm.drop_duplicates("USUBJID").set_index("USUBJID")["_REC"]
    record = hits["_KEY"].map(shown["_REC"]).fillna(hits["USUBJID"].map(person))
    about = hits.assign(REC=record.astype("str").str.split(" ").str[0], EVENT="")
    tables = [
        trace.queries(
            some,
            rule="P29",
            field=str(field),
            severity="major",
            value=some["COLLVAL"].fillna(""),
            message=f"Criterion {code} is contradicted by the data, and the site says that it is met.",
        )
        for (field, code), some in about.groupby(
            [
                hits["_KEY"]
                .map(shown["FIELD"])
                .fillna((hits["IETESTCD"] + "|" + hits["CHECKN"].astype("str") + "|").map(fields)),
                hits["IETESTCD"],
            ]
        )
    ]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=trace.QUERIES)
