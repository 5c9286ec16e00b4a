"""Staged cells as records: the names of the contract for the columns of an export, and an id for each record."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crf2csr import dates, numbers
from crf2csr.columns import each, whole_text

KEYS = ("STUDYID", "SITEID", "SUBJID", "EVENT", "EVENTREP", "FORM", "FORMREP", "GRPREP", "FORMSTAT", "LASTMOD")


def canonical(staged: pd.DataFrame, form: dict[str, Any]) -> pd.DataFrame:
    """Rename the export's columns to the names of the contract and add REC, the id of each record."""
    keys = form.get("keys") or {key: key for key in KEYS}
    names = keys | {name: field.get("column") or name for name, field in form["fields"].items()}
    frame = pd.DataFrame({name: staged[column] for name, column in names.items()})
    for key, default in (("STUDYID", ""), ("EVENT", ""), ("EVENTREP", "1"), ("SITEID", "")):
        if key not in frame:
            frame[key] = default
    frame["LINE"] = staged["LINE"].astype("int64")
    frame["REC"] = form["name"] + ":" + whole_text(staged["LINE"])
    return frame


def lines_by_form(ids: pd.Series) -> dict[str, np.ndarray]:
    """Numbers of the lines that these ids of records (``REC``) name, by form."""
    parts = pc.list_flatten(pc.split_pattern(pa.array(ids.array, pa.string()), ":", max_splits=1, reverse=True))
    codes, forms = pd.factorize(pd.Series(parts[0::2], dtype="str"))
    lines = pc.cast(parts[1::2], pa.int64()).to_numpy(zero_copy_only=False)
    return {form: lines[codes == number] for number, form in enumerate(forms)}


def with_comma(rows: pd.DataFrame, crf: dict[str, Any]) -> pd.Series:
    """Tell which rows come from a form whose file is declared to write numbers with a decimal comma."""
    forms = [form["name"] for form in crf.values() if form.get("decimal") == ","]
    return form_of(rows).isin(forms) if forms else pd.Series(False, index=rows.index)


def form_of(rows: pd.DataFrame) -> pd.Series:
    """Form of each record, from its id."""
    return rows["REC"].str.replace(r":.*", "", regex=True)


def pointed(rows: pd.DataFrame, name: str, crf: dict[str, Any]) -> pd.Series:
    """Cells of a column with a decimal point, whichever mark the file of each row declares."""
    own = with_comma(rows, crf)
    return rows[name].mask(own, numbers.pointed(rows.loc[own, name], ",")) if own.any() else rows[name]


def event_of(label: pd.Series, visits: list[dict[str, Any]]) -> pd.Series:
    """Event that each visit label stands for by the study's list of labels; missing where it stands for none."""
    known = {
        dates.tidy(word): visit["event"] for visit in visits for word in [visit["event"], *visit.get("labels", [])]
    }
    return each(label, lambda text: known.get(dates.tidy(text)))
