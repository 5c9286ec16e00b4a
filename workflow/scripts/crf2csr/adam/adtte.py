"""ADTTE: time to an event, from events and censors that the specification declares as objects.

A parameter of ``config/adam/adtte.yaml`` has

``start``        date variable of ADSL from which time runs (day 1)
``population``   condition on ADSL; ``among`` (optional): rows of a data set that a subject must have
``events``       sources; the earliest date is the event
``before``       sources, optional; an event counts only before the earliest of these dates
``censors``      sources; who has no event is censored at the latest of their dates on or before ``before``
``assessments``  source, optional; the occasions on which the event could be seen, for the interval that holds it
``competing``    sources, optional; what ends the chance of the event

A source is ``of`` (data set), ``where``, ``date`` and ``description`` (text, or ``{variable: NAME}``).

CNSR: 0 event, 1 censored, 2 censored where a competing event was seen (a Kaplan-Meier estimate treats both as
censored at AVAL). CMPSTAT and CMPAVAL hold the same subject for competing risks: 0 censored, 1 event, 2 competing
event, at its own date. LBOUND and RBOUND are the interval (last without, first with the event]; RBOUND is missing
where the event was never seen.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr import populations
from crf2csr.columns import among
from crf2csr.errors import Cause
from crf2csr.trace import Made, edges_to

FILE = "config/adam/adtte.yaml"
SOURCE = ["USUBJID", "DAY", "TEXT", "DOM", "VAR", "SEQ"]


def derive(
    adsl: pd.DataFrame,
    adrs: pd.DataFrame | None = None,
    adice: pd.DataFrame | None = None,
    adae: pd.DataFrame | None = None,
    *,
    spec: dict[str, Any],
    page: dict[str, Any],
    lists: dict[str, Any],
) -> Made:
    """Build ADTTE, one row per subject of the population and parameter."""
    data = {
        name: frame
        for name, frame in (("adsl", adsl), ("adrs", adrs), ("adice", adice), ("adae", adae))
        if frame is not None
    }
    made = Made(pd.DataFrame())
    parts, edges = [], []
    for nth, parameter in enumerate(spec["parameters"], start=1):
        rows, links = _parameter(parameter, data, made)
        rows = rows.assign(
            PARAM=parameter["label"], PARAMCD=parameter["code"], PARAMN=nth, PARCAT1=parameter.get("category")
        )
        parts.append(rows.assign(_KEY=parameter["code"] + "|" + rows["USUBJID"]))
        edges.append(links.assign(_KEY=parameter["code"] + "|" + links["USUBJID"]))
    made.data = pd.concat(parts, ignore_index=True)
    about = adsl.set_index("USUBJID")
    for name in spec["variables"]:
        if name in about.columns and name not in made.data:
            made.data[name] = made.data["USUBJID"].map(about[name])
    links = pd.concat(edges, ignore_index=True)
    if len(links):
        made.edges = pd.concat(
            [edges_to(some, str(dom), "SEQ") for dom, some in links.groupby("DOM")], ignore_index=True
        )
    return made


def _rows(source: dict[str, Any], data: dict[str, pd.DataFrame], code: str) -> pd.DataFrame:
    """Dated rows of one source: the subject, the day, what it is called and where it stands."""
    name = source["of"]
    if name not in data:
        raise Cause("is not among the sources of this data set", file=FILE, field=code, value=name)
    frame = data[name]
    rows = frame[populations.matches(frame, source.get("where"), source=f"{FILE}: {code}")]
    said = source["description"]
    if isinstance(said, dict):
        text = rows[said["variable"]].astype("str")
    else:
        text = pd.Series(said, index=rows.index, dtype="str")
    seq = rows["ASEQ"] if "ASEQ" in rows else pd.Series(0, index=rows.index)
    out = pd.DataFrame(
        {
            "USUBJID": rows["USUBJID"],
            "DAY": rows[source["date"]].astype("Int64"),
            "TEXT": text,
            "DOM": name.upper(),
            "VAR": source["date"],
            "SEQ": seq.astype("int64"),
        }
    )
    return out[out["DAY"].notna()]


def _all(sources: list[dict[str, Any]], data: dict[str, pd.DataFrame], code: str, start: pd.Series) -> pd.DataFrame:
    """Rows of all sources from the start on, of the subjects in ``start``, in order of day."""
    parts = [_rows(source, data, code) for source in sources]
    rows = pd.concat(parts, ignore_index=True) if parts else _nothing()
    rows = rows.astype({"DAY": "Int64"})
    begun = (rows["DAY"] >= rows["USUBJID"].map(start).astype("Int64")).fillna(False).astype(bool)
    return rows[begun].sort_values(["USUBJID", "DAY", "DOM", "SEQ"], kind="stable", ignore_index=True)


def _nothing() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype="str") for name in SOURCE})


def _parameter(
    parameter: dict[str, Any], data: dict[str, pd.DataFrame], made: Made
) -> tuple[pd.DataFrame, pd.DataFrame]:
    code, adsl = parameter["code"], data["adsl"]
    people = adsl[populations.matches(adsl, parameter.get("population"), source=f"{FILE}: {code}")]
    people = made.ledger.split(
        people, people[parameter["start"]].notna(), f"ADTTE: {code}, start of time", "ADSL", "no start date"
    )
    if "among" in parameter:
        frame = data[parameter["among"]["of"]]
        some = frame[populations.matches(frame, parameter["among"]["where"], source=f"{FILE}: {code}")]
        people = made.ledger.split(
            people,
            among(people["USUBJID"], some["USUBJID"]),
            f"ADTTE: {code}, event possible",
            "ADSL",
            parameter["among"]["reason"],
        )
    rows = pd.DataFrame(
        {"USUBJID": people["USUBJID"], "STARTDT": people[parameter["start"]].astype("Int64")}
    ).reset_index(drop=True)
    start = rows.set_index("USUBJID")["STARTDT"]

    def first(sources: list[dict[str, Any]]) -> pd.DataFrame:
        return _all(sources, data, code, start).drop_duplicates("USUBJID").set_index("USUBJID").reindex(rows["USUBJID"])

    stop = first(parameter.get("before", []))
    stop_day = stop["DAY"].set_axis(start.index)
    events = _all(parameter["events"], data, code, start)
    limit = events["USUBJID"].map(stop_day).astype("Int64")
    events = events[~(events["DAY"] >= limit).fillna(False).astype(bool)]
    event = events.drop_duplicates("USUBJID").set_index("USUBJID").reindex(rows["USUBJID"]).reset_index(drop=True)
    censors = _all(parameter["censors"], data, code, start)
    limit = censors["USUBJID"].map(stop_day).astype("Int64")
    censors = censors[~(censors["DAY"] > limit).fillna(False).astype(bool)]
    censor = (
        censors.drop_duplicates("USUBJID", keep="last")
        .set_index("USUBJID")
        .reindex(rows["USUBJID"])
        .reset_index(drop=True)
    )
    return _times(rows, event, censor, stop.reset_index(drop=True), parameter, data, start)


def _times(
    rows: pd.DataFrame,
    event: pd.DataFrame,
    censor: pd.DataFrame,
    stop: pd.DataFrame,
    parameter: dict[str, Any],
    data: dict[str, pd.DataFrame],
    start: pd.Series,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Dates, times, censoring, interval and competing event of each subject, and the rows they come from."""
    code, seen, none = parameter["code"], event["DAY"].notna(), censor["DAY"].isna()
    rows["ADT"] = event["DAY"].where(seen, censor["DAY"].where(~none, rows["STARTDT"])).astype("Int64")
    rows["AVAL"] = (rows["ADT"] - rows["STARTDT"] + 1).astype("float64")
    stopped = ~seen & stop["DAY"].notna()
    rows["EVNTDESC"] = (
        event["TEXT"].where(seen, "Censored: no event").mask(stopped, "Censored: " + stop["TEXT"].astype("str"))
    )
    nothing = "Start, for want of anything later"
    rows["CNSDTDSC"] = censor["TEXT"].where(~none, nothing).where(~seen)
    for name, part in (("SRCDOM", "DOM"), ("SRCVAR", "VAR"), ("SRCSEQ", "SEQ")):
        rows[name] = event[part].where(seen, censor[part])
    rows["SRCDOM"] = rows["SRCDOM"].astype("str").where(seen | ~none, "ADSL")
    rows["SRCVAR"] = rows["SRCVAR"].astype("str").where(seen | ~none, parameter["start"])
    rows["SRCSEQ"] = rows["SRCSEQ"].astype("Int64").where(seen | ~none, 0)
    links = [
        frame.assign(USUBJID=rows["USUBJID"])[use]
        for frame, use in ((event, seen), (censor, ~seen & ~none), (stop, stopped))
    ]
    rows["LBOUND"], rows["RBOUND"] = pd.Series(np.nan, index=rows.index), rows["AVAL"].where(seen)
    if "assessments" in parameter:
        looks = _all([parameter["assessments"] | {"description": ""}], data, code, start)
        end = looks["USUBJID"].map(rows.set_index("USUBJID")["ADT"]).astype("Int64")
        had = looks["USUBJID"].map(pd.Series(seen.to_numpy(), index=start.index)).astype(bool)
        free = looks[((looks["DAY"] < end) | ((looks["DAY"] == end) & ~had)).fillna(False).astype(bool)]
        last = (
            free.drop_duplicates("USUBJID", keep="last")
            .set_index("USUBJID")
            .reindex(rows["USUBJID"])
            .reset_index(drop=True)
        )
        rows["LBOUND"] = (last["DAY"].where(last["DAY"].notna(), rows["STARTDT"]) - rows["STARTDT"] + 1).astype(
            "float64"
        )
        links.append(last.assign(USUBJID=rows["USUBJID"])[last["DAY"].notna()])
    rows["CNSR"] = (~seen).astype("Int64")
    rows["CMPSTAT"], rows["CMPAVAL"] = seen.astype("Int64"), rows["AVAL"]
    rows["CMPDT"], rows["CMPDESC"] = (
        pd.Series(pd.NA, index=rows.index, dtype="Int64"),
        pd.Series(np.nan, index=rows.index, dtype="str"),
    )
    if "competing" in parameter:
        rival = (
            _all(parameter["competing"], data, code, start)
            .drop_duplicates("USUBJID")
            .set_index("USUBJID")
            .reindex(rows["USUBJID"])
            .reset_index(drop=True)
        )
        # On one day the event comes first: it was seen at a visit that still took place.
        wins = rival["DAY"].notna() & ~(seen & (event["DAY"] <= rival["DAY"]).fillna(False).astype(bool))
        rows["CMPSTAT"] = rows["CMPSTAT"].mask(wins, 2)
        rows["CMPAVAL"] = rows["CMPAVAL"].mask(wins, (rival["DAY"] - rows["STARTDT"] + 1).astype("float64"))
        rows["CNSR"] = rows["CNSR"].mask(wins & ~seen, 2)
        rows["CMPDT"], rows["CMPDESC"] = rival["DAY"].where(wins), rival["TEXT"].where(wins)
        links.append(rival.assign(USUBJID=rows["USUBJID"])[wins])
    return rows, pd.concat([part[SOURCE] for part in links if len(part)] or [_nothing()], ignore_index=True)
