"""ADPH: the phases of a subject's course: lines of treatment, and the time before, between and after them.

``phases`` of the study's page says which rows of which domains are lines of treatment. Phases do not overlap: a line
that is still running when the next begins is a phase up to the day before; lines that begin on one day are one
phase and bear both names.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr import dates, populations
from crf2csr.adam._occurrence import ask
from crf2csr.columns import among
from crf2csr.errors import Cause
from crf2csr.trace import Made, edges_to

PAGE = "config/config.yaml: phases.lines"
TEXTS = ("name", "regimen", "route", "reason", "judged")
COLUMNS = {"name": "APHASE", "regimen": "PHREGIM", "route": "PHROUTE", "reason": "PHREAS", "judged": "PHRESP"}


def derive(
    adsl: pd.DataFrame,
    cm: pd.DataFrame | None = None,
    ex: pd.DataFrame | None = None,
    *,
    spec: dict[str, Any],
    page: dict[str, Any],
    lists: dict[str, Any],
) -> Made:
    """Build ADPH: one row per subject and phase; phases follow one another without a gap from the onset on."""
    rules, domains = page["phases"], {"cm": cm, "ex": ex}
    made = Made(pd.DataFrame())
    lines = _lines(rules, {name: frame for name, frame in domains.items() if frame is not None}, made)
    lines = made.ledger.split(
        lines,
        among(lines["USUBJID"], adsl["USUBJID"]),
        "ADPH: lines of subjects in ADSL",
        "CM EX",
        "subject not in ADSL",
    )
    dated = lines["first"].notna()
    made.queries.append(
        _asked(lines[~dated], adsl, "The line of treatment has no start that can be read; it is no phase.")
    )
    lines = made.ledger.split(lines, dated, "ADPH: lines with a start", "CM EX", "no start that can be read")
    phases = _phases(lines, adsl, made)
    overlapping = lines[lines["_KEY"].isin(phases.loc[phases["_cut"], "_KEY"])]
    made.queries.append(
        _asked(
            overlapping, adsl, "The next line of treatment begins before this one ends; the phase ends the day before."
        )
    )
    whole = _with_gaps(phases, adsl, rules)
    made.data = _named(whole, adsl, spec)
    gaps = made.data[made.data["APERIOD"].isna()]
    parts = [edges_to(some, str(domain), "SEQ") for domain, some in lines.groupby("DOM")]
    made.edges = pd.concat([*parts, edges_to(gaps, "ADSL", None)], ignore_index=True)
    return made


def _lines(rules: dict[str, Any], domains: dict[str, pd.DataFrame], made: Made) -> pd.DataFrame:
    """Rows that are lines of treatment, of all domains: first and last possible day, texts, DOM and SEQ."""
    parts = []
    for rule in rules["lines"]:
        name = rule["of"]
        if name not in domains:
            raise Cause("is not among the sources of ADPH", file=PAGE, field="of", value=name)
        frame = domains[name]
        met = populations.matches(frame, rule.get("where"), source=PAGE)
        rows = made.ledger.split(frame, met, "ADPH: lines of treatment", name.upper(), "not a line of treatment")
        start, end = dates.period(rows[rule["start"]].astype("str")), dates.period(rows[rule["end"]].astype("str"))
        texts = {key: _text(rows, rule.get(key)) for key in TEXTS}
        seq = f"{name.upper()}SEQ"
        about = {
            "DOM": name.upper(),
            "SEQ": rows[seq].astype("int64"),
            "_FIELD": rule["start"],
            "_WRITTEN": rows[rule["start"]],
        }
        span = {"first": start["first"], "last": end["last"], "PHSDTF": start["unknown"], "PHEDTF": end["unknown"]}
        parts.append(rows[["USUBJID", "_REC"]].assign(**about, **span, **texts))
    found = pd.concat(parts, ignore_index=True)
    for name, day in (("PHSDTF", "first"), ("PHEDTF", "last")):
        found[name] = found[name].where((found[name] != "") & found[day].notna())
    found["_KEY"] = found["USUBJID"] + "|" + found["first"].astype("str")
    return found


def _text(rows: pd.DataFrame, names: str | list[str] | None) -> pd.Series:
    """One variable, or several joined with blanks where they are filled, as text."""
    out = pd.Series("", index=rows.index, dtype="str")
    for name in [names] if isinstance(names, str) else names or []:
        if name not in rows:
            raise Cause("is not a variable of these rows", file=PAGE, field=name)
        values = rows[name]
        text = values.map("{:.10g}".format, na_action="ignore") if pd.api.types.is_float_dtype(values) else values
        out = (out + " " + text.astype("str").fillna("")).str.strip()
    return out.where(out != "")


def _asked(rows: pd.DataFrame, adsl: pd.DataFrame, message: str) -> pd.DataFrame:
    parts = [
        ask(some, adsl, rule="P37", field=str(field), severity="minor", value=some["_WRITTEN"], message=message)
        for field, some in rows.groupby("_FIELD")
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _phases(lines: pd.DataFrame, adsl: pd.DataFrame, made: Made) -> pd.DataFrame:
    """One row per subject and start: names joined, the end cut at the next start; an open line ends at last contact."""
    ordered = lines.sort_values(["USUBJID", "first", "DOM", "SEQ"], kind="stable")
    by = ordered.groupby(["USUBJID", "first"], sort=False)
    phases = by[list(TEXTS)].agg(lambda texts: " + ".join(dict.fromkeys(texts.dropna())) or np.nan).reset_index()
    # A phase of several lines lasts as long as any of them; one that is open keeps it open.
    open_ = by["last"].agg(lambda days: days.isna().any()).to_numpy(dtype=bool)
    phases["PHEDT"] = pd.array(by["last"].max().to_numpy(), dtype="Int64")
    phases[["PHSDTF", "PHEDTF", "_KEY"]] = by[["PHSDTF", "PHEDTF", "_KEY"]].first().to_numpy()
    contact = phases["USUBJID"].map(adsl.set_index("USUBJID")["LSTCNDT"]).astype("Int64")
    following = phases.groupby("USUBJID")["first"].shift(-1).astype("Int64")
    phases["PHEDT"] = phases["PHEDT"].mask(open_, contact)
    phases["_cut"] = (phases["PHEDT"] >= following).fillna(False).astype(bool)
    phases["PHEDT"] = phases["PHEDT"].mask(phases["_cut"], following - 1)
    phases["PHONGOFL"] = pd.Series("Y", index=phases.index, dtype="str").where(open_ & following.isna())
    made.ledger.enter(
        "ADPH: phases of treatment",
        "CM EX",
        len(lines),
        len(phases),
        {"begins with another line": len(lines) - len(phases)},
    )
    phases["APERIOD"] = phases.groupby("USUBJID").cumcount().add(1).astype("Int64")
    # A treatment that is taken up again is a phase of its own, with a name of its own.
    nth = phases.groupby(["USUBJID", "name"]).cumcount() + 1
    phases["name"] = phases["name"].where(nth == 1, phases["name"] + " (" + nth.astype("str") + ")")
    return phases.rename(columns={"first": "PHSDT"} | COLUMNS)


def _with_gaps(phases: pd.DataFrame, adsl: pd.DataFrame, rules: dict[str, Any]) -> pd.DataFrame:
    """Add the phases before the first line (from the onset), between lines, and after the last (to last contact)."""
    by = phases.groupby("USUBJID")
    first = by.head(1)
    about = adsl.set_index("USUBJID")
    onset = first["USUBJID"].map(about[rules["onset"]]).astype("Int64") if "onset" in rules else first["PHSDT"]
    before = pd.DataFrame(
        {"USUBJID": first["USUBJID"], "PHSDT": onset, "PHEDT": first["PHSDT"] - 1, "APHASE": rules["before"]}
    )
    following = by["PHSDT"].shift(-1).astype("Int64")
    gap = (following > phases["PHEDT"] + 1).fillna(False).astype(bool)
    between = pd.DataFrame(
        {"USUBJID": phases["USUBJID"], "PHSDT": phases["PHEDT"] + 1, "PHEDT": following - 1, "APHASE": rules["between"]}
    )
    last = by.tail(1)
    contact = last["USUBJID"].map(about["LSTCNDT"]).astype("Int64")
    after = pd.DataFrame(
        {"USUBJID": last["USUBJID"], "PHSDT": last["PHEDT"] + 1, "PHEDT": contact, "APHASE": rules["after"]}
    )
    gaps = pd.concat([before, between[gap], after], ignore_index=True)
    gaps = gaps[(gaps["PHSDT"] <= gaps["PHEDT"]).fillna(False).astype(bool)]
    gaps = gaps.assign(_KEY=gaps["USUBJID"] + "|" + gaps["PHSDT"].astype("str"))
    return pd.concat([phases, gaps], ignore_index=True)


def _named(rows: pd.DataFrame, adsl: pd.DataFrame, spec: dict[str, Any]) -> pd.DataFrame:
    """Number the phases in time and add days, durations and the subject's variables."""
    rows = rows.sort_values(["USUBJID", "PHSDT"], kind="stable", ignore_index=True)
    rows["APHASEN"] = rows.groupby("USUBJID").cumcount() + 1
    rows["APERIODC"] = ("Line " + rows["APERIOD"].astype("str")).where(rows["APERIOD"].notna())
    rows["PHDUR"] = rows["PHEDT"] - rows["PHSDT"] + 1
    about = adsl.set_index("USUBJID")
    first = rows["USUBJID"].map(about["TRTSDT"]).astype("Int64")
    rows["PHSDY"], rows["PHEDY"] = dates.study_day(rows["PHSDT"], first), dates.study_day(rows["PHEDT"], first)
    if "ONSETDT" in about:
        onset = rows["USUBJID"].map(about["ONSETDT"]).astype("Int64")
        rows["PHSONDY"], rows["PHEONDY"] = dates.study_day(rows["PHSDT"], onset), dates.study_day(rows["PHEDT"], onset)
    for name in spec["variables"]:
        if name in about.columns and name not in rows:
            rows[name] = rows["USUBJID"].map(about[name])
    return rows
