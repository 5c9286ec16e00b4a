"""ADTL: the timeline of a subject: one row for each dated event that the specification names, in order of time."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from crf2csr import dates, populations
from crf2csr.errors import Cause
from crf2csr.trace import Made, edges_to

FILE = "config/adam/adtl.yaml"
TOKEN = re.compile(r"\{([A-Z][A-Z0-9]*)(?::(\d))?\}")


def derive(
    adsl: pd.DataFrame,
    adph: pd.DataFrame | None = None,
    admil: pd.DataFrame | None = None,
    adae: pd.DataFrame | None = None,
    mh: pd.DataFrame | None = None,
    *,
    spec: dict[str, Any],
    page: dict[str, Any],
    lists: dict[str, Any],
) -> Made:
    """Build ADTL; a source is ``{of, where, date, kind, text}`` with ``{VAR}`` of its rows in the text."""
    given = {"adsl": adsl, "adph": adph, "admil": admil, "adae": adae, "mh": mh}
    sources = {name: frame for name, frame in given.items() if frame is not None}
    made = Made(pd.DataFrame())
    parts, edges = [], []
    for number, rule in enumerate(spec["timeline"], start=1):
        if rule["of"] not in sources:
            raise Cause("is not among the sources of ADTL", file=FILE, field="timeline.of", value=rule["of"])
        frame = sources[rule["of"]]
        rows = frame[populations.matches(frame, rule.get("where"), source=FILE)]
        if rule["date"] not in rows:
            raise Cause("is not a variable of these rows", file=FILE, field="timeline.date", value=rule["date"])
        day = rows[rule["date"]]
        day = day.astype("Int64") if pd.api.types.is_integer_dtype(day) else dates.period(day.astype("str"))["first"]
        step, source = f"ADTL: {rule['kind']}, {rule['date']}", rule["of"].upper()
        rows = made.ledger.split(rows.assign(ADT=day), day.notna(), step, source, "no date that can be read")
        name = next((v for v in ("ASEQ", f"{source}SEQ") if v in rows), None)
        sequence = rows[name].astype("int64") if name else pd.Series(0, index=rows.index)
        part = pd.DataFrame(
            {
                "USUBJID": rows["USUBJID"],
                "ADT": rows["ADT"],
                "TLKIND": rule["kind"],
                "TLTEXT": filled(rule["text"], rows),
                "TLORD": number,
                "_SEQ": sequence,
            }
        )
        part["_KEY"] = f"{number}|" + part["USUBJID"] + "|" + sequence.astype("str")
        parts.append(part)
        edges.append(edges_to(part, source, "_SEQ"))
    rows = pd.concat(parts, ignore_index=True)
    about = adsl.set_index("USUBJID")
    rows["ADY"] = dates.study_day(rows["ADT"], rows["USUBJID"].map(about["TRTSDT"]))
    if "ONSETDT" in about:
        rows["ADYON"] = dates.study_day(rows["ADT"], rows["USUBJID"].map(about["ONSETDT"]))
    for variable in spec["variables"]:
        if variable in about.columns and variable not in rows:
            rows[variable] = rows["USUBJID"].map(about[variable])
    made.data, made.edges = rows, pd.concat(edges, ignore_index=True)
    return made


def filled(template: str, rows: pd.DataFrame) -> pd.Series:
    """Fill ``{VAR}`` (``{VAR:1}`` with one decimal) with each row's value; a missing one leaves nothing."""
    text, last = pd.Series("", index=rows.index, dtype="str"), 0
    for match in TOKEN.finditer(template):
        name, digits = match.groups()
        if name not in rows:
            raise Cause("is not a variable of these rows", file=FILE, field="timeline.text", value=name)
        values = rows[name]
        if pd.api.types.is_float_dtype(values):
            values = values.map((f"{{:.{digits}f}}" if digits else "{:.10g}").format, na_action="ignore")
        text = text + template[last : match.start()] + values.astype("str").fillna("")
        last = match.end()
    return (text + template[last:]).str.replace(r"\s+", " ", regex=True).str.strip(" ,;")
