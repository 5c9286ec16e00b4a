"""Words of the CRF to controlled terms; what has no term is said, never guessed."""

from __future__ import annotations

from typing import Any

import pandas as pd


def encode(text: pd.Series, codelist: dict[str, Any], column: str = "code") -> pd.DataFrame:
    """Translate a column of collected words.

    Parameters
    ----------
    text : Series of str
        Words as entered; blank and missing are no answer.
    codelist : dict
        Word -> term, or word -> {column: term} where a word has several attributes.
    column : str
        The attribute that is wanted.

    Returns
    -------
    DataFrame
        ``term`` (NaN where there is none) and ``unknown`` (True where a word has no entry).
    """
    words = text.fillna("").astype("str").str.strip()
    terms = {
        word: (entry.get(column) if isinstance(entry, dict) else entry) for word, entry in codelist.items()
    }
    known = words.isin(list(terms))
    term = words.map(terms).astype("str")
    return pd.DataFrame({"term": term, "unknown": ~known & (words != "")})
