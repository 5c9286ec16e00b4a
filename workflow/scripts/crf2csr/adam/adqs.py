"""ADQS: what patients say (DLQI, itch, pain, sleep, work) and the joints, by visit, with response."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr import dates, populations
from crf2csr.adam import _criteria, _dlqi, _doubts, _estimands, _records, _response, _subject, _wpai
from crf2csr.columns import among
from crf2csr.trace import Made, edges_to

BY_SUBJECT = True  # what a patient says is judged by the own rows alone
WRITTEN_TOTAL = "DLQI111"  # the total of the questionnaire as it stands on the form
NOT_USABLE = "Result missing or out of range"


def derive(
    adsl: pd.DataFrame,
    adice: pd.DataFrame,
    qs: pd.DataFrame,
    mk: pd.DataFrame | None = None,
    *,
    spec: dict[str, Any],
    page: dict[str, Any],
    lists: dict[str, Any],
) -> Made:
    """Build ADQS; parameters say whether they are ``from`` rows of a domain, a score, or a criterion."""
    treated = adsl[adsl["SAFFL"] == "Y"].set_index("USUBJID")
    domains = {"qs": qs} | ({"mk": mk} if mk is not None else {})
    parts = [_collected(p, domains) for p in spec["parameters"] if "from" in p]
    codes = {p["code"] for p in spec["parameters"]}
    edges: list[pd.DataFrame] = []
    for scored, links in (_dlqi_rows(qs, spec), _wpai_rows(qs)):
        parts.append(scored[scored["PARAMCD"].isin(codes)])
        edges.append(links[links["KEY"].isin(parts[-1]["_KEY"])])
    rows = pd.concat([part for part in parts if len(part)], ignore_index=True)
    made = Made(rows)
    rows = made.ledger.split(
        rows,
        among(rows["USUBJID"], treated.index),
        "ADQS: scores of treated subjects",
        "QS MK",
        "subject was not treated",
    )
    whole = rows["AVAL"].notna() & (rows["AVAL"] * 10 % 1 == 0) & ~rows["PARAMCD"].isin(_wpai.SCORES)
    rows["TENTHS"] = (rows["AVAL"] * 10).where(whole).astype("Int64")
    windows = {p["code"]: page["windows"][p["windows"]] for p in spec["parameters"] if "windows" in p}
    rows = _bands(_criteria.columns(_records.derive(rows, treated, windows, page), spec), spec)
    how = _estimands.handlings(lists, "adqs", "scores")
    rows, standing, standing_edges = _estimands.scores(rows, adice, how, windows, treated)
    how = _estimands.handlings(lists, "adqs", "responses")
    responses, response_edges = _response.derive(rows, treated, adice, windows, spec, how)
    both = _estimands.empty_flags(pd.concat([rows, standing, responses], ignore_index=True), spec)
    made.data = _records.label(both, spec, treated)
    sheets = parts_of_dlqi(rows)
    codes_of_visits = {visit["name"]: visit["event"] for visit in page["visits"]}
    made.queries.append(
        _doubts.written_totals(qs[qs["QSTESTCD"] == WRITTEN_TOTAL], sheets, treated, codes_of_visits, "DLQI")
    )
    made.edges = pd.concat([*edges, standing_edges, response_edges], ignore_index=True)
    return made


def parts_of_dlqi(rows: pd.DataFrame) -> pd.DataFrame:
    """Computed totals of the questionnaire with the raw record that each was filled in on."""
    total = rows[rows["PARAMCD"] == "DLQI"]
    return pd.DataFrame(
        {
            "USUBJID": total["USUBJID"],
            "_SHEET": total["_KEY"].str.split("|").str[2],
            "DLQI": total["AVAL"].astype("Int64"),
        }
    )


def _collected(parameter: dict[str, Any], domains: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The rows of one test, as collected."""
    about, code = parameter["from"], parameter["code"]
    prefix = about["of"].upper()
    frame = domains[about["of"]]
    rows = frame[populations.matches(frame, about["where"], source=f"config/adam/adqs.yaml: {code}")]
    value = rows[f"{prefix}STRESN"].astype("float64")
    return pd.DataFrame(
        {
            "USUBJID": rows["USUBJID"],
            "PARAMCD": code,
            "ADT": dates.to_day(rows[f"{prefix}DTC"].astype("str")),
            "AVAL": value,
            "VISIT": rows["VISIT"],
            "VISITNUM": rows["VISITNUM"],
            "ASEQ0": rows[f"{prefix}SEQ"].astype("int64"),
            "AREAS": pd.Series(NOT_USABLE, index=rows.index, dtype="str").where(value.isna()),
            "SRCDOM": prefix,
            "SRCVAR": f"{prefix}STRESN",
            "SRCSEQ": rows[f"{prefix}SEQ"].astype("Int64"),
            "_KEY": code + "|" + rows["USUBJID"] + "|" + rows[f"{prefix}SEQ"].astype("str"),
        }
    )


def _wide(qs: pd.DataFrame, tests: list[str]) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Items of each questionnaire as filled in (one raw record) side by side: scores, words, what it is, rows."""
    rows = qs[qs["QSTESTCD"].isin(tests)].copy()
    rows["_SHEET"] = rows["_REC"].str.split(" ").str[0]
    by = ["USUBJID", "_SHEET"]
    score = rows.pivot(index=by, columns="QSTESTCD", values="QSSTRESN").reindex(columns=tests).astype("float64")
    words = rows.pivot(index=by, columns="QSTESTCD", values="QSORRES").reindex(columns=tests)
    about = rows.groupby(by).agg(
        QSDTC=("QSDTC", "first"), VISIT=("VISIT", "first"), VISITNUM=("VISITNUM", "first"), ASEQ0=("QSSEQ", "min")
    )
    return score, words, about, rows


def _long(scored: pd.DataFrame, about: pd.DataFrame, names: list[str], reasons: pd.Series) -> pd.DataFrame:
    parts = []
    for name in names:
        part = about.reset_index().assign(
            PARAMCD=name, AVAL=scored[name].astype("float64").to_numpy(), AREAS=reasons.to_numpy()
        )
        part["AREAS"] = part["AREAS"].where(part["AVAL"].isna())
        parts.append(part)
    rows = pd.concat(parts, ignore_index=True)
    rows["ADT"] = dates.to_day(rows["QSDTC"].astype("str"))
    rows["_KEY"] = rows["PARAMCD"] + "|" + rows["USUBJID"] + "|" + rows["_SHEET"]
    rows["SRCDOM"], rows["SRCVAR"] = "QS", "QSSTRESN"
    return rows.drop(columns=["QSDTC", "_SHEET"])


def _links(rows: pd.DataFrame, used: dict[str, list[str]]) -> pd.DataFrame:
    """Edges from each score to the items that it is made of."""
    parts = [
        rows[rows["QSTESTCD"].isin(tests)].assign(_KEY=lambda r, n=name: n + "|" + r["USUBJID"] + "|" + r["_SHEET"])
        for name, tests in used.items()
    ]
    return pd.concat([edges_to(part, "QS", "QSSEQ") for part in parts], ignore_index=True)


def _dlqi_rows(qs: pd.DataFrame, spec: dict[str, Any]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scores of the questionnaire; a word of ``no_answer`` that has no score makes its item missing, not unreadable."""
    tests = [*_dlqi.ITEMS, _dlqi.SECOND_PART]
    score, words, about, rows = _wide(qs, tests)
    none = [word for p in spec["parameters"] if p["code"] == "DLQI" for word in p.get("no_answer", [])]
    scored = _dlqi.scores(score, words.notna() & ~(score.isna() & words.isin(none)))
    out = _long(scored, about, ["DLQI", *_dlqi.DOMAINS], scored["REASON"].fillna("An item is missing"))
    filled = ((scored["NMISS"] == 1) & scored["DLQI"].notna()).to_numpy()
    out["MISSFL"] = pd.Series("Y", index=out.index, dtype="str").where(
        (out["PARAMCD"] == "DLQI") & np.tile(filled, 1 + len(_dlqi.DOMAINS))
    )
    work = {"DLQIWRK": ["DLQI107", _dlqi.SECOND_PART]}
    return out, _links(rows, {"DLQI": tests} | _dlqi.DOMAINS | work)


def _wpai_rows(qs: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    score, words, about, rows = _wide(qs, _wpai.QUESTIONS)
    scored = _wpai.scores(score, words["WPAI0101"])
    out = _long(scored, about, _wpai.SCORES, scored["REASON"])
    q = _wpai.QUESTIONS
    return out, _links(
        rows,
        {
            "ABSENT": [q[0], q[1], q[3]],
            "PRESENT": [q[0], q[3], q[4]],
            "WORKIMP": [q[0], q[1], q[3], q[4]],
            "ACTIMP": [q[5]],
        },
    )


def _bands(rows: pd.DataFrame, spec: dict[str, Any]) -> pd.DataFrame:
    """AVALCAT1, BASECAT1 and their numbers, of the parameters that declare ``bands``."""
    for value in ("AVAL", "BASE"):
        text, number = (
            pd.Series(np.nan, index=rows.index, dtype="str"),
            pd.Series(pd.NA, index=rows.index, dtype="Int64"),
        )
        for parameter in spec["parameters"]:
            if "bands" in parameter:
                label, nth = _subject.grouped(rows[value].where(rows["PARAMCD"] == parameter["code"]), parameter)
                text, number = text.where(label.isna(), label), number.where(nth.isna(), nth)
        rows[f"{value}CAT1"], rows[f"{value}CA1N"] = text, number
    return rows
