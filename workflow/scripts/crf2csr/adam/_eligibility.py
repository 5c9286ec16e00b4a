"""One declared check of eligibility against the rows of a domain: met, not met, or not known, and what shows it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr import dates
from crf2csr.columns import among
from crf2csr.errors import Cause
from crf2csr.populations import matches

FILE = "config/eligibility.yaml"
SIGNS = {"at_least": ">=", "at_most": "<="}
# Limits are products such as 2 x ULN: both sides are compared to nine decimals.
DECIMALS = 9
Found = tuple[pd.DataFrame, pd.DataFrame]


def check(rule: dict[str, Any], rows: pd.DataFrame, dm: pd.DataFrame, analytes: dict[str, Any]) -> Found:
    """Decide one check for every subject.

    Parameters
    ----------
    rule : dict
        A check of ``config/eligibility.yaml``.
    rows : DataFrame
        The domain that the check is about.
    dm : DataFrame
        One row per subject, with RFXSTDTC.
    analytes : dict
        Analytes with their units and factors, for limits stated in another unit than the standard one.

    Returns
    -------
    result : DataFrame
        Index USUBJID: ``MET`` (Y, N, U), ``COLLVAL``, ``CONVVAL`` and ``LIMIT`` (texts).
    evidence : DataFrame
        USUBJID, SEQ, _REC and FIELD of the rows that show it.
    """
    prefix = rule["of"].upper()
    sequence = rows[f"{prefix}SEQ"] if f"{prefix}SEQ" in rows else pd.Series(0, index=rows.index)
    rows = rows.assign(SEQ=sequence.astype("Int64"))
    decide = _bound if "value" in rule else _among
    return decide(rule, rows, dm.drop_duplicates("USUBJID").set_index("USUBJID"), prefix, analytes)


def _bound(rule: dict[str, Any], rows: pd.DataFrame, dm: pd.DataFrame, prefix: str, analytes: dict[str, Any]) -> Found:
    """Compare the last value on or before the first dose (of all, where never dosed) with a limit."""
    rows = rows[matches(rows, rule.get("where"), source=FILE)]
    when = f"{prefix}DTC"
    if when in rows:
        dose = dates.to_day(rows["USUBJID"].map(dm["RFXSTDTC"]).astype("str"))
        rows = rows[~(dates.to_day(rows[when]) > dose).fillna(False).astype(bool)]
        rows = rows.sort_values([when, "SEQ"], kind="stable", na_position="first")
    known = rows[rows[rule["value"]].notna()]
    last = pd.concat([rows.drop_duplicates("USUBJID", keep="last"), known]).drop_duplicates("USUBJID", keep="last")
    last = last.set_index("USUBJID", drop=False)
    kind = "at_least" if "at_least" in rule else "at_most"
    limit, stated = _limit(rule, kind, last, prefix, analytes)
    value = last[rule["value"]].astype("float64").round(DECIMALS)
    met = value.ge(limit) if kind == "at_least" else value.le(limit)
    answer = pd.Series(np.where(met, "Y", "N"), index=last.index).mask(value.isna() | limit.isna(), "U")
    unit = last[_unit_variable(rule, prefix)].fillna("").astype("str") if _unit_variable(rule, prefix) in last else ""
    name = last[f"{prefix}TESTCD"] + " " if f"{prefix}TESTCD" in last else rule["value"] + " "
    said = _text(last, f"{prefix}ORRES", rule["value"])
    collected = (name + said).where(said != "")
    if f"{prefix}ORRESU" in last:
        collected = collected + " " + last[f"{prefix}ORRESU"].fillna("").astype("str")
    shown = value.map(lambda number: f"{number:.10g}", na_action="ignore").astype("str")
    result = pd.DataFrame(
        {
            "MET": answer,
            "COLLVAL": collected.str.strip(),
            "CONVVAL": (name + shown + " " + unit).str.strip(),
            "LIMIT": stated,
        }
    ).reindex(dm.index)
    result["MET"] = result["MET"].fillna("U")
    return result, _evidence(last.reset_index(drop=True), prefix, rule)


def _unit_variable(rule: dict[str, Any], prefix: str) -> str:
    return str(rule.get("unit_in", f"{prefix}STRESU"))


def _limit(
    rule: dict[str, Any], kind: str, rows: pd.DataFrame, prefix: str, analytes: dict[str, Any]
) -> tuple[pd.Series, pd.Series]:
    """Limit of each row in the unit of its value, and how it is told."""
    sign, bound = SIGNS[kind], float(rule[kind])
    if "times" in rule:
        reference = rows[rule["times"]].astype("float64")
        limit = (bound * reference).round(DECIMALS)
        told = limit.map(lambda number: f"{number:.10g}", na_action="ignore").astype("str")
        told = told + (" " + rows[_unit_variable(rule, prefix)].astype("str")).fillna("")
        stated = f"{sign} {bound:g} x {rule['of_limit']} = " + told
        return limit, stated.fillna(f"{sign} {bound:g} x {rule['of_limit']} (not known)")
    plain = pd.Series(bound, index=rows.index)
    if f"{prefix}STRESU" not in rows:
        return plain, pd.Series(f"{sign} {bound:g} {rule.get('unit', '')}".strip(), index=rows.index)
    unit = rows[f"{prefix}STRESU"].astype("str")
    other = rows.loc[unit.notna() & (unit != rule["unit"]), [f"{prefix}TESTCD", f"{prefix}STRESU"]].drop_duplicates()
    stated = pd.Series(f"{sign} {bound:g} {rule['unit']}", index=rows.index)
    for test, standard in zip(other[f"{prefix}TESTCD"], other[f"{prefix}STRESU"], strict=True):
        analyte = analytes.get(test, {})
        factor = analyte.get("units", {}).get(rule["unit"])
        if factor is None or analyte["unit"] != standard:
            raise Cause(f"no factor leads from {rule['unit']} to {standard}", file=FILE, field=test)
        here = unit == standard
        converted = round(bound * factor.get("times", 1) / factor.get("over", 1), DECIMALS)
        plain, stated = plain.mask(here, converted), stated.mask(here, stated + f" = {converted:.10g} {standard}")
    return plain, stated


def _among(rule: dict[str, Any], rows: pd.DataFrame, dm: pd.DataFrame, prefix: str, analytes: dict[str, Any]) -> Found:
    """Decide by whether rows of a kind are there (``any``) or are not (``none``)."""
    sure, possible = pd.Series(False, index=rows.index), pd.Series(False, index=rows.index)
    wanted = "any" if "any" in rule else "none"
    for entry in rule[wanted]:
        fits = matches(rows, entry["where"], source=FILE)
        proven, open_ = _lasting(rows, entry.get("lasting"))
        perhaps = bool(entry.get("perhaps", False))
        sure |= fits & proven & (not perhaps)
        possible |= fits & (proven | open_)
    asked = matches(rows, rule["asked"], source=FILE) if "asked" in rule else pd.Series(False, index=rows.index)
    people = {
        name: set(rows.loc[which, "USUBJID"])
        for name, which in (("sure", sure), ("possible", possible), ("asked", asked))
    }
    answer = pd.Series("N" if wanted == "any" else "Y", index=dm.index)
    if "asked" in rule:
        answer = answer.mask(~dm.index.isin(people["asked"]), "U")
    answer = answer.mask(dm.index.isin(people["possible"]), "U")
    answer = answer.mask(dm.index.isin(people["sure"]), "Y" if wanted == "any" else "N")
    deciding = sure | (possible & ~among(rows["USUBJID"], people["sure"]))
    shown = rows[deciding | (asked & ~among(rows["USUBJID"], people["possible"] | people["sure"]))]
    parts = [shown[name].fillna("").astype("str") for name in rule["show"]]
    text = parts[0].str.cat(parts[1:], sep=" | ") if len(parts) > 1 else parts[0]
    collected = text.groupby(shown["USUBJID"]).agg("; ".join).reindex(dm.index)
    stated = "at least one record that meets the criterion" if wanted == "any" else "no record that meets the criterion"
    result = pd.DataFrame({"MET": answer, "COLLVAL": collected, "CONVVAL": collected, "LIMIT": stated}, index=dm.index)
    return result, _evidence(shown, prefix, rule)


def _lasting(rows: pd.DataFrame, rule: dict[str, Any] | None) -> tuple[pd.Series, pd.Series]:
    """Whether a duration is reached for sure, and whether it may be; what is not known may be."""
    if rule is None:
        return pd.Series(True, index=rows.index), pd.Series(False, index=rows.index)
    start, end = dates.period(rows[rule["from"]]), dates.period(rows[rule["to"]])
    proven = (end["first"] - start["last"] + 1 >= rule["days"]).fillna(False).astype(bool)
    possible = (end["last"] - start["first"] + 1 >= rule["days"]).fillna(True).astype(bool)
    return proven, possible


def _evidence(rows: pd.DataFrame, prefix: str, rule: dict[str, Any]) -> pd.DataFrame:
    field = rows["_FLD"] if "_FLD" in rows else pd.Series(np.nan, index=rows.index, dtype="str")
    if "field" in rule:
        field = pd.Series(rule["field"], index=rows.index)
    other = f"{prefix}ORRES" if f"{prefix}ORRES" in rows else prefix
    return pd.DataFrame(
        {
            "USUBJID": rows["USUBJID"],
            "SEQ": rows["SEQ"],
            "_REC": rows["_REC"],
            "FIELD": field.fillna(other).astype("str"),
        }
    )


def _text(rows: pd.DataFrame, name: str, otherwise: str) -> pd.Series:
    values = rows[name if name in rows else otherwise]
    return values.astype("str").where(values.notna(), "")
