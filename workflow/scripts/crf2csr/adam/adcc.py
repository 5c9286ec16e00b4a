"""ADCC: the clinical course: every score and biomarker by the date on which it was had, against the phases.

There are no planned visits and no windows: each record stands on its own day, in the phase that holds the day. The
baseline of a phase is the last value on or before its first day, not older than ``baseline_days``. Where that record
lies in an earlier phase it is repeated with the BASETYPE of the phase that it is the baseline of.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr import dates, numbers, populations
from crf2csr.adam import _phases
from crf2csr.columns import among
from crf2csr.errors import Cause
from crf2csr.trace import Made

LIMIT = rf"(<=|>=|<|>)({numbers.NUMBER.pattern})"
BY = ["USUBJID", "PARAMCD", "BASETYPE"]


def derive(
    adsl: pd.DataFrame,
    adph: pd.DataFrame,
    rs: pd.DataFrame | None = None,
    qs: pd.DataFrame | None = None,
    lb: pd.DataFrame | None = None,
    *,
    spec: dict[str, Any],
    page: dict[str, Any],
    lists: dict[str, Any],
) -> Made:
    """Build ADCC: one row per subject, parameter, record and BASETYPE."""
    given = {"rs": rs, "qs": qs, "lb": lb}
    domains = {name: frame for name, frame in given.items() if frame is not None}
    made = Made(pd.DataFrame())
    parts = [_collected(parameter, domains, page) for parameter in spec["parameters"]]
    rows = pd.concat([part for part in parts if len(part)], ignore_index=True)
    source = " ".join(name.upper() for name in domains)
    made.ledger.enter("ADCC: records of the parameters", source, sum(map(len, parts)), len(rows))
    known = among(rows["USUBJID"], adsl["USUBJID"])
    rows = made.ledger.split(rows, known, "ADCC: records of subjects in ADSL", source, "subject is not in ADSL")
    dated = rows["ADT"].notna()
    rows = made.ledger.split(rows, dated, "ADCC: records with a full date", source, "date missing or partial")
    rows = _phases.of(rows.reset_index(drop=True), adph, "ADT")
    rows = _baselines(rows, adph, page["phases"].get("baseline_days"))
    rows = _flags(_change(rows), spec)
    made.data = _days(rows, adsl, spec)
    return made


def _collected(parameter: dict[str, Any], domains: dict[str, pd.DataFrame], page: dict[str, Any]) -> pd.DataFrame:
    """The dated results of one test; a result printed as a limit has the study's analysis value and says so (DTYPE)."""
    about, code, place = parameter["from"], parameter["code"], "config/adam/adcc.yaml"
    if about["of"] not in domains:
        raise Cause("is not among the sources of ADCC", file=place, field=code, value=about["of"])
    frame, p = domains[about["of"]], about["of"].upper()
    rows = frame[populations.matches(frame, about.get("where"), source=f"{place}: {code}")]
    value, text = rows[f"{p}STRESN"].astype("float64"), rows[f"{p}STRESC"].astype("str")
    dtype = pd.Series(np.nan, index=rows.index, dtype="str")
    limit = text.str.extract(LIMIT)
    if value.isna().any() and limit[0].notna().any():
        bound, sign = numbers.to_number(limit[1]), limit[0].where(value.isna(), "")
        for signs, rule in (
            (("<", "<="), page["labs"]["censored"]["below"]),
            ((">", ">="), page["labs"]["censored"]["above"]),
        ):
            met = sign.isin(signs)
            value, dtype = value.mask(met, bound * rule["times"]), dtype.mask(met, rule["dtype"])
    nothing = pd.Series(np.nan, index=rows.index)

    def own(name: str, kind: str) -> pd.Series:
        return rows[f"{p}{name}"].astype(kind) if f"{p}{name}" in rows else nothing.astype(kind)

    return pd.DataFrame(
        {
            "USUBJID": rows["USUBJID"],
            "PARAMCD": code,
            "ADT": dates.to_day(rows[f"{p}DTC"].astype("str")),
            "AVAL": value,
            "AVALC": text,
            "AVALU": own("STRESU", "str").where(text.notna()),
            "DTYPE": dtype,
            "_SIGN": limit[0].where(dtype.notna()).astype("str"),
            "_BOUND": numbers.to_number(limit[1]).where(dtype.notna()),
            "ALLOQ": own("LLOQ", "float64"),
            "ANRLO": own("STNRLO", "float64"),
            "ANRHI": own("STNRHI", "float64"),
            "ANRIND": own("NRIND", "str"),
            "SRCDOM": p,
            "SRCVAR": pd.Series(f"{p}STRESN", index=rows.index, dtype="str").mask(dtype.notna(), f"{p}STRESC"),
            "SRCSEQ": rows[f"{p}SEQ"].astype("Int64"),
        }
    )


def _baselines(rows: pd.DataFrame, adph: pd.DataFrame, within: int | None) -> pd.DataFrame:
    """Give each record its BASETYPE (its line of treatment) and its baseline; repeat baselines of earlier phases."""
    lines = adph[adph["APERIOD"].notna()]
    pairs = lines[["USUBJID", "APHASE", "PHSDT", "PHEDT"]].rename(
        columns={"APHASE": "BASETYPE", "PHSDT": "_START", "PHEDT": "_END"}
    )
    rows = rows.assign(_ORDER=range(len(rows)))
    able = rows[rows["AVAL"].notna()].merge(pairs, on="USUBJID")
    early = (able["ADT"] <= able["_START"]).astype(bool)
    if within is not None:
        early &= (able["_START"] - able["ADT"] <= within).astype(bool)
    base = able[early].sort_values(["ADT", "SRCSEQ"], kind="stable").groupby(BY).tail(1)
    own = rows.assign(BASETYPE=rows["APHASE"].where(rows["APERIOD"].notna()))
    lying = own[own["BASETYPE"].notna()]
    copied = base[~_among(base, lying, [*BY, "_ORDER"])]
    # Only a phase with a record of the parameter needs a baseline.
    copied = copied[_among(copied, lying, BY)]
    own = own.merge(base[[*BY, "_ORDER"]].assign(_BASE=True), on=[*BY, "_ORDER"], how="left")
    every = pd.concat([own.assign(ANL01FL="Y"), copied.assign(_BASE=True)], ignore_index=True)
    every["ABLFL"] = pd.Series("Y", index=every.index, dtype="str").where(every["_BASE"].eq(True).fillna(False))
    first = every[every["ABLFL"] == "Y"].set_index(BY)
    about = {
        "BASE": "AVAL",
        "BASEC": "AVALC",
        "BASEDT": "ADT",
        "BNRIND": "ANRIND",
        "_BSIGN": "_SIGN",
        "_BBOUND": "_BOUND",
    }
    every = every.join(first[list(about.values())].set_axis(list(about), axis=1), on=BY)
    starts = pairs.set_index(["USUBJID", "BASETYPE"])[["_START", "_END"]]
    every = every.drop(columns=[c for c in ("_START", "_END") if c in every]).join(starts, on=["USUBJID", "BASETYPE"])
    every["_POST"] = (every["ADT"] > every["BASEDT"]).fillna(False).astype(bool) & every["BASETYPE"].notna()
    return every


def _among(rows: pd.DataFrame, others: pd.DataFrame, by: list[str]) -> np.ndarray:
    """Tell which rows have a key that stands among the others."""
    return np.asarray(pd.MultiIndex.from_frame(rows[by]).isin(pd.MultiIndex.from_frame(others[by])), dtype=bool)


def _change(rows: pd.DataFrame) -> pd.DataFrame:
    """CHG and PCHG after the baseline of the phase; scores are subtracted in whole tenths.

    Where one of the two is below the limit of quantitation the change from the limit is a bound, and PCHGSGN says
    which: ``<`` for a value below the limit, ``>`` for a baseline below it. Where both are, there is none.
    """
    now, base = (
        rows["_BOUND"].where(rows["_SIGN"].notna(), rows["AVAL"]),
        rows["_BBOUND"].where(rows["_BSIGN"].notna(), rows["BASE"]),
    )
    tenths = ((now * 10).round() == now * 10) & ((base * 10).round() == base * 10)
    difference = (now - base).mask(tenths, ((now * 10).round() - (base * 10).round()) / 10)
    hundredfold = (100 * (now - base)).mask(tenths, 10 * ((now * 10).round() - (base * 10).round()))
    post, limits = rows["_POST"], rows["_SIGN"].notna() & rows["_BSIGN"].notna()
    rows["CHG"] = difference.where(post & rows["_SIGN"].isna() & rows["_BSIGN"].isna())
    rows["PCHG"] = (hundredfold / base).where(post & ~limits & (base > 0))
    turned = rows["_BSIGN"].map({"<": ">", "<=": ">", ">": "<", ">=": "<"})
    sign = rows["_SIGN"].str.slice(0, 1).where(rows["_SIGN"].notna(), turned)
    rows["PCHGSGN"] = sign.where(rows["PCHG"].notna()).astype("str")
    return rows


def _flags(rows: pd.DataFrame, spec: dict[str, Any]) -> pd.DataFrame:
    """ANL02FL: the last record of its phase after the baseline. ANL03FL: the lowest such, of equals the first."""
    among = rows[(rows["ANL01FL"] == "Y") & rows["_POST"] & rows["AVAL"].notna()]
    last = among.sort_values(["ADT", "SRCSEQ"], kind="stable").groupby(BY).tail(1).index
    best = among.sort_values(["AVAL", "ADT", "SRCSEQ"], kind="stable").groupby(BY).head(1).index
    for name, index in (("ANL02FL", last), ("ANL03FL", best)):
        rows[name] = pd.Series("Y", index=rows.index, dtype="str").where(rows.index.isin(index))
    about = {p["code"]: p for p in spec["parameters"]}
    rows["PARAM"] = rows["PARAMCD"].map({code: p["label"] for code, p in about.items()})
    rows["PARAMN"] = rows["PARAMCD"].map({code: n for n, code in enumerate(about, start=1)})
    rows["PARCAT1"] = rows["PARAMCD"].map({code: p.get("category") for code, p in about.items()})
    return rows


def _days(rows: pd.DataFrame, adsl: pd.DataFrame, spec: dict[str, Any]) -> pd.DataFrame:
    """ADY from the first dose, ADYON from the onset, APHDY from the first day of the phase; the subject's variables."""
    about = adsl.set_index("USUBJID")
    rows["ADY"] = dates.study_day(rows["ADT"], rows["USUBJID"].map(about["TRTSDT"]))
    rows["APHDY"] = dates.study_day(rows["ADT"], rows["PHSDT"])
    if "ONSETDT" in about:
        onset = rows["USUBJID"].map(about["ONSETDT"])
        rows["ADYON"], rows["BASEDYON"] = dates.study_day(rows["ADT"], onset), dates.study_day(rows["BASEDT"], onset)
    for name in spec["variables"]:
        if name in about.columns and name not in rows:
            rows[name] = rows["USUBJID"].map(about[name])
    return rows
