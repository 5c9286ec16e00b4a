"""ADICE: intercurrent events, each with its strategies, its date and the record that shows it.

Every event is declared on the study's page under ``intercurrent_events``: which rows of which domains show it and
which of their dates it bears. A variable whose specification names an ``estimand`` holds the strategy by which that
estimand handles the event.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr import dates, populations
from crf2csr.adam import _imputation, _prohibited
from crf2csr.columns import among
from crf2csr.errors import Cause
from crf2csr.trace import Made

PAGE = "config/config.yaml: intercurrent_events"


def derive(
    adsl: pd.DataFrame,
    ds: pd.DataFrame | None = None,
    ec: pd.DataFrame | None = None,
    cm: pd.DataFrame | None = None,
    pr: pd.DataFrame | None = None,
    *,
    spec: dict[str, Any],
    page: dict[str, Any],
    lists: dict[str, Any],
) -> Made:
    """Find the declared events of treated subjects from the first dose on."""
    treated = adsl[adsl["SAFFL"] == "Y"].set_index("USUBJID")
    domains = {
        name: frame
        for name, frame in (("adsl", adsl), ("ds", ds), ("ec", ec), ("cm", cm), ("pr", pr))
        if frame is not None
    }
    made = Made(pd.DataFrame())
    cutoff = page["study"].get("cutoff")
    limit = int(dates.to_day(pd.Series([cutoff], dtype="str")).iloc[0]) if cutoff else None
    parts = []
    for event in page["intercurrent_events"]:
        for source in event["sources"]:
            if source["of"] not in domains:
                raise Cause(
                    "is not among the sources of this data set", file=PAGE, field=event["id"], value=source["of"]
                )
            found = _found(domains[source["of"]], source, treated, limit, lists, made)
            parts.append(found.assign(ICECD=event["id"], ICETERM=event["label"]))
    rows = pd.concat(parts, ignore_index=True).astype({"ASTDT": "Int64", "SRCSEQ": "Int64"})
    rows["_TRTS"] = rows["USUBJID"].map(treated["TRTSDT"]).astype("Int64")
    on = (rows["ASTDT"] >= rows["_TRTS"]).fillna(False).astype(bool)
    for code in dict.fromkeys(rows["ICECD"]):
        here = rows["ICECD"] == code
        source = " ".join(dict.fromkeys(rows.loc[here, "SRCDOM"]))
        made.ledger.split(
            rows[here], on[here], f"ADICE: {code} from the first dose on", source, "before the first dose"
        )
    rows = rows[on]
    rows["ASTDY"] = dates.study_day(rows["ASTDT"], rows["_TRTS"])
    declared = {e["id"]: e["events"] for e in (lists.get("estimands") or {}).get("estimands", [])}
    for name, about in spec["variables"].items():
        if "estimand" in about:
            rows[name] = rows["ICECD"].map(declared[about["estimand"]]).astype("str")
    made.data = rows.reset_index(drop=True)
    return made


def _found(
    frame: pd.DataFrame,
    source: dict[str, Any],
    treated: pd.DataFrame,
    cutoff: int | None,
    lists: dict[str, Any],
    made: Made,
) -> pd.DataFrame:
    """The rows of one source that show the event, with their dates."""
    domain = source["of"]
    prefix = domain.upper()
    rows = frame[among(frame["USUBJID"], treated.index)]
    made.ledger.enter(
        f"ADICE: rows of treated subjects, {source['date']}",
        prefix,
        len(frame),
        len(rows),
        {"subject was not treated": len(frame) - len(rows)},
    )
    rows = rows[populations.matches(rows, source.get("where"), source=PAGE)]
    text = (
        rows[source["text"]].astype("str")
        if "text" in source
        else pd.Series(float("nan"), index=rows.index, dtype="str")
    )
    rule = source.get("rule")
    if rule == "prohibited":
        hit = _prohibited.match(rows, domain, lists["prohibited"])
        keep = hit["PROHRULE"].notna()
        text = (hit["PROHDESC"] + ": " + text)[keep]
        rows = rows[keep]
    elif rule == "changed":
        keep = _changed(rows, source["variables"], source["date"])
        rows, text = rows[keep], text[keep]
    elif rule is not None:
        raise Cause("is not a rule for finding events; known: prohibited, changed", file=PAGE, field=domain, value=rule)
    subject = rows["USUBJID"]
    nothing = pd.Series(float("nan"), index=rows.index, dtype="str")
    if domain == "adsl":
        date = pd.DataFrame({"DT": rows[source["date"]], "DTF": nothing})
    else:
        last = pd.Series(cutoff, index=rows.index, dtype="Int64")
        end = rows[source["end"]].astype("str") if "end" in source else nothing
        date = _imputation.starts(
            rows[source["date"]].astype("str"),
            subject.map(treated["TRTSDT"]),
            end,
            subject.map(treated["LSTCNDT"]),
            last,
        )
        if source.get("missing") == "last dose":
            lost = rows[source["date"]].isna()
            date["DT"] = date["DT"].mask(lost, subject.map(treated["TRTEDT"]).astype("Int64"))
    return pd.DataFrame(
        {
            "USUBJID": subject,
            "ASTDT": date["DT"],
            "ASTDTF": date["DTF"],
            "ICEDESC": text,
            "SRCDOM": prefix,
            "SRCVAR": source["date"],
            "SRCSEQ": 0 if domain == "adsl" else rows[f"{prefix}SEQ"],
        }
    )


def _changed(rows: pd.DataFrame, variables: list[str], date: str) -> pd.Series:
    """Tell the intervals whose dose or frequency differs from that of the interval before."""
    ordered = rows.sort_values(["USUBJID", date], kind="stable", na_position="first")
    previous = ordered.groupby("USUBJID")[variables].shift()
    changed = pd.Series(False, index=ordered.index)
    for name in variables:
        both = ordered[name].notna() & previous[name].notna()
        changed |= both & (ordered[name] != previous[name])
    return changed.reindex(rows.index)
