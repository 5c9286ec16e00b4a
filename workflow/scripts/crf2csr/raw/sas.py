"""SAS7BDAT, with or without a catalogue of formats: code and decode, dates in ISO 8601, special missing values."""

from __future__ import annotations

import codecs
import io as memory
from typing import Any

import numpy as np
import pandas as pd

from crf2csr.errors import Cause
from crf2csr.raw import _sas, _text
from crf2csr.raw._staged import Told

OPTIONS = frozenset({"catalogue"})


def stage(
    content: bytes,
    entry: dict[str, Any],
    file: str,
    form: dict[str, Any] | None = None,
    beside: dict[str, tuple[bytes, dict[str, Any]]] | None = None,
) -> pd.DataFrame:
    """Stage a SAS data set.

    Parameters
    ----------
    content : bytes
        The file.
    entry : dict
        Its entry in the manifest: ``encoding`` (it rules over what the file says of itself), ``catalogue``.
    file : str
        Its name, for messages.
    beside : dict
        ``catalogue``: content and manifest entry of the catalogue of formats.

    Returns
    -------
    DataFrame
        As ``_sas.stage`` makes it.

    Raises
    ------
    Cause
        Not readable, text that is not of the declared encoding.
    """
    _text.codec(entry["encoding"], file)
    table, about = _read(content, entry["encoding"], file)
    told = []
    own = _own_encoding(content)
    if own and _text.codec(entry["encoding"], file) not in (own, "ascii"):
        message = f"The file says that its text is {own}; the manifest declares {entry['encoding']}, which was used."
        told.append(Told(1, "R-ENCODING", "*", own, message, "major"))
    columns = [_column(name, table[name], about) for name in about.column_names]
    return _sas.stage(columns, _sas.catalogue(beside, entry), file, told)


def _read(content: bytes, encoding: str | None, file: str, *, only_names: bool = False) -> tuple[Any, Any]:
    import pyreadstat

    try:
        return pyreadstat.read_sas7bdat(
            memory.BytesIO(content),
            encoding=encoding,
            user_missing=True,
            disable_datetime_conversion=True,
            metadataonly=only_names,
        )
    except Exception as error:  # the library has exceptions of many kinds for a damaged file
        reason = f"{error}" if isinstance(error, UnicodeError) else str(error).split("\n")[0]
        raise Cause(f"is not a readable SAS data set ({reason})", file=file, field="encoding", value=encoding) from None


def _own_encoding(content: bytes) -> str:
    """Python's name of the encoding that the file names; blank where it cannot be told."""
    try:
        found = _read(content, None, "", only_names=True)[1].file_encoding
        return codecs.lookup(found).name if found else ""
    except (Cause, LookupError):
        return ""


def _column(name: str, values: pd.Series, about: Any) -> _sas.Column:
    """One variable: text, or numbers beside the letters of their special missing values."""
    format_ = about.original_variable_types.get(name) or ""
    if about.readstat_variable_types[name] == "string":
        text = values.fillna("").to_numpy(dtype=object)
        return _sas.Column(name, format_, text=text)
    if values.dtype != object:
        return _sas.Column(name, format_, number=values.to_numpy(dtype="float64"))
    special = np.array([v if isinstance(v, str) else "" for v in values], dtype=object)
    number = np.array([np.nan if v is None or isinstance(v, str) else float(v) for v in values], dtype="float64")
    return _sas.Column(name, format_, number=number, special=special)
