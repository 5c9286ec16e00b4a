"""Prohibited treatment by rule table: class, name, route and indication decide; a ticked box never does."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import numpy as np
import pandas as pd


def match(rows: pd.DataFrame, domain: str, table: dict[str, Any]) -> pd.DataFrame:
    """Find the rule that a record of treatment breaks.

    Parameters
    ----------
    rows : DataFrame
        Rows of an SDTM interventions domain: --TRT, and where there are --DECOD, --CLASCD, --ROUTE, --INDC.
    domain : str
        Two letters, as in the rules (``cm``, ``pr``).
    table : dict
        ``config/prohibited.yaml``.

    Returns
    -------
    DataFrame
        ``PROHRULE`` and ``PROHDESC`` (id and label of the first rule that fits; missing where none does).
    """
    prefix = domain.upper()
    name = _plain(_column(rows, f"{prefix}TRT") + "\n" + _column(rows, f"{prefix}DECOD"))
    atc, route = _plain(_column(rows, f"{prefix}CLASCD")), _plain(_column(rows, f"{prefix}ROUTE"))
    indication = _plain(_column(rows, f"{prefix}INDC"))
    stated = _has(indication, table["disease"])
    possible = stated | (indication.str.strip() == "")
    never = table.get("never", {})
    out = _prefix(atc, never.get("atc", [])) | _has(name, never.get("words", []))
    for condition in table.get("not_treatment", []):
        if set(condition) <= set(rows.columns):
            listed = [
                rows[v].isin(w if isinstance(w, list) else [w]).fillna(False).astype(bool) for v, w in condition.items()
            ]
            out |= np.logical_and.reduce(listed)
    found = pd.DataFrame({n: pd.Series(np.nan, index=rows.index, dtype="str") for n in ("PROHRULE", "PROHDESC")})
    for rule in table["rules"]:
        if domain not in rule["domains"]:
            continue
        fits = _prefix(atc, rule.get("atc", [])) | _has(name, rule.get("words", []))
        fits |= route.isin([_fold(r) for r in rule.get("routes", [])])
        fits &= {"disease": possible, "disease, stated": stated}.get(
            rule["indication"], pd.Series(True, index=rows.index)
        )
        use = fits & ~out & found["PROHRULE"].isna()
        found["PROHRULE"], found["PROHDESC"] = (
            found["PROHRULE"].mask(use, rule["id"]),
            found["PROHDESC"].mask(use, rule["label"]),
        )
    return found


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _column(rows: pd.DataFrame, name: str) -> pd.Series:
    return rows[name].fillna("").astype("str") if name in rows else pd.Series("", index=rows.index, dtype="str")


def _plain(text: pd.Series) -> pd.Series:
    return text.map({t: _fold(t) for t in text.unique()}).astype("str")


def _has(text: pd.Series, words: list[str]) -> pd.Series:
    """A word of Latin letters stands at the start of a word; other scripts match anywhere."""
    if not words:
        return pd.Series(False, index=text.index)
    folded = [_fold(w) for w in words]
    pattern = re.compile("|".join((r"(?<![a-z0-9])" if w[0].isascii() else "") + re.escape(w) for w in folded))
    return text.map({t: bool(pattern.search(t)) for t in text.unique()}).astype(bool)


def _prefix(code: pd.Series, prefixes: list[str]) -> pd.Series:
    if not prefixes:
        return pd.Series(False, index=code.index)
    return code.str.startswith(tuple(_fold(p) for p in prefixes)).fillna(False).astype(bool)
