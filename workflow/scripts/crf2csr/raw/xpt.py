"""SAS transport files (XPT): special missing values, dates in ISO 8601, a declared fallback for old encodings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr.errors import Cause
from crf2csr.raw import _sas, _text, _xport
from crf2csr.raw._staged import Told, chosen, unread

OPTIONS = frozenset({"part", "catalogue", "fallback"})


def stage(
    content: bytes,
    entry: dict[str, Any],
    file: str,
    form: dict[str, Any] | None = None,
    beside: dict[str, tuple[bytes, dict[str, Any]]] | None = None,
) -> pd.DataFrame:
    """Stage one data set of a transport file.

    Parameters
    ----------
    content : bytes
        The file.
    entry : dict
        Its entry in the manifest: ``encoding``, ``fallback`` (the encoding of the whole file if it is not the first),
        ``part`` (the data set, where the file holds several), ``catalogue``.
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
        Not a transport file, cut off, text of neither encoding.
    """
    held = {member.name: member for member in _xport.members(content, file)}
    member = held[chosen(entry, list(held), "data set", file)]
    told = unread(entry, list(held), "data set")
    encoding = entry["encoding"]
    try:
        columns = _columns(member, encoding, file)
    except Cause as cause:
        if "fallback" not in entry or cause.field == "encoding":
            raise
        columns = _columns(member, entry["fallback"], file)
        message = f"The text is not {encoding}; the whole file was read as {entry['fallback']}, as the manifest allows."
        told.append(Told(1, "R-ENCODING", "*", entry["fallback"], message))
    if member.doubtful:
        message = "Blank records at the end cannot be told from the filling of the file; they are no records."
        told.append(Told(len(member.records) + 1, "R-EMPTY", "*", "", message))
    return _sas.stage(columns, _sas.catalogue(beside, entry), file, told)


def _columns(member: _xport.Member, encoding: str, file: str) -> list[_sas.Column]:
    codec = _text.codec(encoding, file)
    made = []
    for variable in member.variables:
        name = _decoded(variable.name, codec, encoding, file, "*", 0)
        format_ = _decoded(variable.format, codec, encoding, file, name, 0)
        format_ += str(variable.width) if format_ and variable.width else ""
        cells = member.records[:, variable.start : variable.start + variable.length]
        if variable.numeric:
            number, special = _xport.numbers(cells)
            made.append(_sas.Column(name, format_, number=number, special=special))
        else:
            made.append(_sas.Column(name, format_, text=_texts(cells, codec, encoding, file, name)))
    return made


def _texts(cells: np.ndarray, codec: str, encoding: str, file: str, name: str) -> np.ndarray:
    """A character variable; each distinct value is decoded once. Blanks at the end are the filling of SAS."""
    width = cells.shape[1]
    values = np.ascontiguousarray(cells).view(f"V{width}").ravel()
    distinct, first, place = np.unique(values, return_index=True, return_inverse=True)
    words = [
        _decoded(value.tobytes(), codec, encoding, file, name, int(row) + 1)
        for value, row in zip(distinct, first, strict=True)
    ]
    return np.array(words, dtype=object)[place] if words else np.array([], dtype=object)


def _decoded(value: bytes, codec: str, encoding: str, file: str, name: str, row: int) -> str:
    try:
        text = value.rstrip(b" \x00").decode(codec, errors="strict")
    except UnicodeDecodeError as error:
        bad = value[error.start : error.end].hex(" ")
        raise Cause(f"byte {bad} is not {encoding}", file=file, line=row or None, field=name) from None
    if "\x00" in text:
        raise Cause("a NUL character stands in the text", file=file, line=row or None, field=name)
    return text
