"""A domain from its specification: records of forms become rows, each with the ids of its records."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from crf2csr import codelists, dates, numbers
from crf2csr.columns import each, looked_up
from crf2csr.errors import Cause
from crf2csr.populations import matches
from crf2csr.sdtm import _coding, _repeats, _timing
from crf2csr.sdtm._verbs import Context, fill
from crf2csr.trace import Made

CARRIED = ["STUDYID", "SITEID", "SUBJID", "USUBJID", "EVENT", "EVENTREP", "REC"]


def tabulate(context: Context) -> Made:
    """Build one domain.

    Returns
    -------
    Made
        ``data`` has the variables of the specification plus ``_REC`` (ids of the raw records, first the
        row's own) and ``_FLD`` (the field that holds the result, where one record makes several rows).
    """
    made = Made(pd.DataFrame())
    return finished(collected(context, made), context, made)


def collected(context: Context, made: Made) -> pd.DataFrame:
    """Rows of all blocks of the specification, with coded terms; a room may work on them before `finished`."""
    parts = [part for block in context.spec["records"] for part in _block(block, context, made)]
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=CARRIED)
    if "coding" in context.spec:
        rows = _coding.add(rows, context.spec["coding"], context.tables, made, context.spec["name"])
    return rows


def finished(rows: pd.DataFrame, context: Context, made: Made) -> Made:
    """Complete the rows by what the standard says of every domain and ask about repeated results."""
    made.data = standard(rows, context)
    made.queries += _repeats.ask_about(made.data, context)
    return made


def _block(block: dict[str, Any], context: Context, made: Made) -> list[pd.DataFrame]:
    """One block of the specification: some records of one form, made into one row each or one per test."""
    form, where = block["form"], f"config/sdtm/{context.spec['name'].lower()}.yaml"
    if form not in context.forms:
        raise Cause("is not among the forms that this domain declares", file=where, field="form", value=form)
    records = context.forms[form]
    met = matches(records, block.get("where"), source=where)
    chosen = made.ledger.split(
        records,
        met,
        f"{context.spec['name']}: {block.get('label', 'records')}",
        form,
        block.get("otherwise", "does not meet the block's condition"),
    )
    chosen = chosen.copy()
    if "each" in block:
        chosen = each_option(chosen, block["each"], form, where, made)
    chosen.attrs["form"] = form
    if "tests" in block:
        return _transposed(chosen, block, context, where, made)
    return [_rows(chosen, block["set"], context, where)]


def each_option(records: pd.DataFrame, name: str, form: str, where: str, made: Made) -> pd.DataFrame:
    """One record per ticked option of a field with several choices (``a|b``), in the order as entered."""
    if name not in records:
        raise Cause("is not a field of this form", file=where, field=name)
    texts = records[name].fillna("").astype("str")
    options = texts.str.split("|").explode().str.strip()
    options = options[options != ""]
    ticked = records.index.isin(options.index)
    made.ledger.enter(
        f"options of {name}", form, len(records), int(ticked.sum()), {"no option is ticked": int((~ticked).sum())}
    )
    return records.loc[options.index].assign(**{name: options.to_numpy()}).reset_index(drop=True).astype({name: "str"})


def _rows(chosen: pd.DataFrame, rules: dict[str, Any], context: Context, where: str) -> pd.DataFrame:
    rows = chosen[CARRIED].copy()
    recs = rows["REC"].astype("str")
    for variable, rule in rules.items():
        filled = fill(chosen, rule, context, f"{where}: {variable}")
        rows[variable] = filled.values
        if filled.recs is not None:
            recs = recs + (" " + filled.recs.astype("str")).fillna("")
    rows["_REC"] = recs
    return rows


def _transposed(
    chosen: pd.DataFrame, block: dict[str, Any], context: Context, where: str, made: Made
) -> list[pd.DataFrame]:
    """One row per record and answered field of ``tests``; blank fields are counted."""
    prefix = context.spec["name"]
    common = _rows(chosen, block["set"], context, where)
    contract = context.crf[block["form"].lower()]["fields"]
    parts, blank = [], 0
    for name, constants in block["tests"].items():
        if name not in chosen:
            raise Cause("is not a field of this form", file=where, field=name)
        text = chosen[name].astype("str")
        answered = text.str.strip() != ""
        blank += int((~answered).sum())
        rows = common[answered].copy()
        rows[f"{prefix}ORRES"] = text[answered]
        for variable, value in constants.items():
            if variable != "convert":
                rows[variable] = value
        rows["_FLD"] = name
        rows = standardised(rows, prefix, contract[name], context, block.get("encode", {}).get(name))
        parts.append(converted(rows, prefix, constants["convert"]) if "convert" in constants else rows)
    cells = len(chosen) * len(block["tests"])
    made.ledger.enter(
        f"{prefix}: items of {block['form']}", block["form"], cells, cells - blank, {"item is blank": blank}
    )
    return parts


def standardised(
    rows: pd.DataFrame, prefix: str, contract: dict[str, Any], context: Context, codelist: str | None = None
) -> pd.DataFrame:
    """Add --STRESC, --STRESN (and --STRESU) from --ORRES by the type that the contract gives the field.

    A number outside the contract's bounds, or a decimal where an integer is due, has no --STRESN.
    """
    text = rows[f"{prefix}ORRES"].astype("str").str.strip()
    stresc, stresn = text, pd.Series(np.nan, index=rows.index, dtype="float64")
    if contract["type"] in ("int", "num"):
        clean = each(text, dates.tidy)
        value = numbers.to_number(numbers.pointed(clean, contract.get("decimal")))
        value = value.where(in_contract(value, contract))
        stresn = value
        shortest = each(value, lambda v: f"{v:.10g}")
        stresc = shortest.where(value.notna(), text)
    elif codelist:
        stresc, stresn = answers(text, context.codelists[codelist])
    rows = rows.assign(**{f"{prefix}STRESC": stresc, f"{prefix}STRESN": stresn})
    if f"{prefix}ORRESU" in rows:
        rows[f"{prefix}STRESU"] = rows[f"{prefix}ORRESU"]
    return rows


def answers(text: pd.Series, listed: dict[str, Any]) -> tuple[pd.Series, pd.Series]:
    """Terms and scores of coded answers; of several ticked boxes (``1|2``) the one with the highest score counts.

    An answer with a box that is not listed has neither term nor score.
    """
    scored = {w: {"number": str(e["number"])} for w, e in listed.items() if isinstance(e, dict) and "number" in e}
    boxes = pd.Series(sorted({b.strip() for t in text.dropna().unique() for b in t.split("|")}), dtype="str")
    scores = dict(zip(boxes, numbers.to_number(codelists.encode(boxes, scored, "number")["term"]), strict=True))
    chosen = {}
    for entered in text.dropna().unique():
        ticked = [box.strip() for box in entered.split("|")]
        known = len(ticked) > 1 and not any(np.isnan(scores[box]) for box in ticked)
        chosen[entered] = max(ticked, key=scores.__getitem__) if known else entered
    words = text.map(chosen).astype("str")
    return codelists.encode(words, listed)["term"], words.map(scores).astype("float64")


def converted(rows: pd.DataFrame, prefix: str, rule: dict[str, Any]) -> pd.DataFrame:
    """Convert --STRESN to ``unit``: (value - minus) x times / over, in decimals, rounded to ``digits``.

    Each distinct value is converted once, in exact decimal arithmetic, half away from zero.
    """
    minus, times, over = (Decimal(str(rule.get(k, d))) for k, d in (("minus", 0), ("times", 1), ("over", 1)))
    values = rows[f"{prefix}STRESN"]
    table = {
        v: float(numbers.rounded_decimal((Decimal(repr(v)) - minus) * times / over, rule["digits"]))
        for v in values.dropna().unique().tolist()
    }
    standard = values.map(table).astype("float64")
    text = each(standard, lambda v: f"{v:.10g}")
    return rows.assign(
        **{
            f"{prefix}STRESN": standard,
            f"{prefix}STRESC": text.where(standard.notna(), rows[f"{prefix}STRESC"]),
            f"{prefix}STRESU": rule["unit"],
        }
    )


def in_contract(value: pd.Series, contract: dict[str, Any]) -> pd.Series:
    """Tell which numbers the contract of their field allows (missing is not allowed)."""
    good = value.notna()
    if contract["type"] == "int":
        good &= value % 1 == 0
    if contract.get("lo") is not None:
        good &= value >= contract["lo"]
    if contract.get("hi") is not None:
        good &= value <= contract["hi"]
    return good


def standard(rows: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Add what every domain of the standard has: identifiers, visit, study days, epoch, flags, --SEQ."""
    spec, page = context.spec, context.page
    prefix, wanted = spec["name"], spec["variables"]
    rows["STUDYID"] = page["study"]["id"]
    rows["DOMAIN"] = prefix
    if "VISITNUM" in wanted and "VISITNUM" not in rows:
        rows = _timing.add_visits(rows, page, context.calendar)
    dm = context.domains.get("dm")
    if dm is not None:
        about = dm.drop_duplicates("USUBJID").set_index("USUBJID")
        persons = rows["USUBJID"]
        rows = _timing.add_days(rows, prefix, looked_up(persons, about["RFSTDTC"]))
        when = next((v for v in (f"{prefix}STDTC", f"{prefix}DTC") if v in rows), None)
        if "EPOCH" in wanted and "EPOCH" not in rows and when:
            first, last = (looked_up(persons, about[name]) for name in ("RFXSTDTC", "RFXENDTC"))
            rows["EPOCH"] = _timing.epoch(rows[when], first, last, page["epochs"])
        flag = next((f"{prefix}{s}" for s in ("LOBXFL", "BLFL") if f"{prefix}{s}" in wanted), None)
        if flag:
            first = looked_up(persons, about["RFXSTDTC"])
            rows[flag] = _timing.last_before_exposure(rows, prefix, first, spec["baseline_by"])
    if "_FLD" not in rows:
        rows["_FLD"] = np.nan
    rows = rows.sort_values(["USUBJID", *spec["sort"]], kind="stable", ignore_index=True, na_position="last")
    if f"{prefix}SEQ" in wanted:
        rows[f"{prefix}SEQ"] = rows.groupby("USUBJID").cumcount() + 1
    return rows
