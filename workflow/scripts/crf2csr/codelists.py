"""Words of the CRF to controlled terms; what has no term is said, never guessed."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr import dates
from crf2csr.columns import per_value


def encode(text: pd.Series, codelist: dict[str, Any], column: str = "code") -> pd.DataFrame:
    """Translate a column of collected words.

    Parameters
    ----------
    text : Series of str
        Words as entered; blank and missing are no answer. A word that is not listed as entered is compared
        without differences of width, case and blanks at the rim, where that names one listed word.
    codelist : dict
        Word -> term, or word -> {column: term} where a word has several attributes.
    column : str
        The attribute that is wanted.

    Returns
    -------
    DataFrame
        ``term`` (NaN where there is none) and ``unknown`` (True where a word has no entry).
    """
    return per_value(text, lambda words: _encoded(words, codelist, column))


def _encoded(text: pd.Series, codelist: dict[str, Any], column: str) -> pd.DataFrame:
    words = text.fillna("").astype("str").str.strip()
    terms = {word: (entry.get(column) if isinstance(entry, dict) else entry) for word, entry in codelist.items()}
    loose = pd.Series(list(codelist), index=[dates.tidy(str(word)) for word in codelist], dtype="object")
    loose = loose[~loose.index.duplicated(keep=False)].to_dict()
    listed = {word: word if word in terms else loose.get(dates.tidy(word), word) for word in words.unique()}
    words = words.map(listed).astype("str")
    known = words.isin(list(terms))
    term = words.map(terms).astype("str")
    return pd.DataFrame({"term": term, "unknown": ~known & (words != "")})
