"""What SAS data sets have in common, whatever file they come in: formats, special missing values, catalogues."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crf2csr.errors import Cause
from crf2csr.raw import _numeric
from crf2csr.raw._staged import Told, check_names, tell, text_frame

FORMAT = re.compile(r"(\$?[A-Z_][A-Z_0-9]*?)(\d*)(?:\.\d*)?")
# Families of SAS formats by what the number counts: days since 1960, seconds since 1960, seconds since midnight.
DATE = re.compile(
    r"DATE|EURDF(?:DD|DE|WDX|WKX)|MINGUO|NENGO|JULIAN|(?:DDMMYY|MMDDYY|YYMMDD)[BCDNPS]?|(?:[BE]|IS)8601DA"
    r"|WEEKDAT[EX]|WORDDAT[EX]|NLDATE[A-Z]*"
)
PARTIAL = re.compile(
    r"MONYY|YYMON|YEAR|MONTH|MONNAME|QTRR?|(?:MMYY|YYMM|YYQR?)[CDNPS]?|DAY|JULDAY|WEEKDAY|DOWNAME|WEEK[UVW]"
)
MOMENT = re.compile(
    r"DATETIME|DATEAMPM|[BE]8601D[NTZX]|IS8601D[NTZ]|DTDATE|DTMONYY|DTWKDATX|DTYEAR|DTYYQC|MDYAMPM|NLDATM[A-Z]*"
)
TIME = re.compile(r"TIME|TIMEAMPM|HHMM|HOUR|MMSS|TOD|[BE]8601T[MZX]|IS8601TM|NLTIM[A-Z]*")
EPOCH = np.datetime64("1960-01-01", "D").astype("int64")
FIRST_DAY, LAST_DAY = (np.datetime64(day, "D").astype("int64") for day in ("1582-10-15", "9999-12-31"))
DAY = 86400


@dataclass
class Column:
    """One variable.

    Attributes
    ----------
    name, format : str
        Its name and the format that the file binds to it ("" for none).
    text : array of str, optional
        Values of a character variable.
    number : array of float, optional
        Values of a numeric variable, missing ones NaN.
    special : array of str, optional
        Beside ``number``: ``A`` to ``Z`` or ``_`` of a special missing value, else blank.
    """

    name: str
    format: str
    text: np.ndarray | None = None
    number: np.ndarray | None = None
    special: np.ndarray | None = None


def base_of(format_: str) -> tuple[str, int]:
    """Name of a format without its width, and the width (0 where none is given)."""
    found = FORMAT.fullmatch(format_.upper().strip())
    return (found.group(1), int(found.group(2) or 0)) if found else (format_.upper(), 0)


def stage(columns: list[Column], labels: dict[str, dict[Any, str]], file: str, told: list[Told]) -> pd.DataFrame:
    """Make the staging of a data set.

    Parameters
    ----------
    columns : list of Column
        The variables, all of one length.
    labels : dict
        Format -> code (float, text, or letter of a special missing value) -> decode, from the catalogue.
    file : str
        The name of the file, for messages.
    told : list of Told
        What the reader has to tell already.

    Returns
    -------
    DataFrame
        Codes as text, dates and times in ISO 8601, special missing values as ``.A``; ``<name>_DECODE`` where the
        catalogue has the variable's format; ``LINE``, the number of the observation.
    """
    cells: dict[str, Any] = {}
    decodes: list[str] = []
    check_names([column.name for column in columns], file, None)
    for column in columns:
        cells[column.name], doubts = _texts(column)
        told += doubts
        if (words := _labels_of(column, labels)) is not None:
            name = f"{column.name}_DECODE"
            if any(name == other.name for other in columns):
                raise Cause("the data set has a variable of the name of a decode", file=file, field=name)
            cells[name] = _decoded(column, words)
            decodes.append(name)
    size = len(next(iter(cells.values()))) if cells else 0
    return tell(text_frame(cells, range(1, size + 1)), told, decodes)


def _texts(column: Column) -> tuple[np.ndarray, list[Told]]:
    """The cells of one variable and what must be told of them."""
    if column.text is not None:
        return column.text, []
    assert column.number is not None
    base, width = base_of(column.format)
    told: list[Told] = []
    for family, write in ((DATE, _dates), (PARTIAL, _dates), (MOMENT, _moments), (TIME, _times)):
        if family.fullmatch(base):
            out, good = write(column.number, width)
            bad = ~good & ~np.isnan(column.number)
            out[bad] = _numeric.texts(column.number[bad])
            message = f"The number is no value of the format {column.format}; it is staged as a number."
            told += [
                Told(int(row) + 1, "R-SASDATE", column.name, out[row], message, "major") for row in np.flatnonzero(bad)
            ]
            if family is PARTIAL and good.any():
                message = f"The format {column.format} shows a part of a date; the whole stored date is staged."
                told.append(Told(1, "R-PARTIAL", column.name, column.format, message))
            break
    else:
        out = _numeric.texts(column.number)
    if column.special is not None:
        marked = column.special != ""
        out[marked] = ["." + letter for letter in column.special[marked]]
    return out, told


def _dates(days: np.ndarray, _: int) -> tuple[np.ndarray, np.ndarray]:
    """ISO dates of SAS dates, and which numbers are dates."""
    whole = np.nan_to_num(days, nan=0.5, posinf=0.5, neginf=0.5)
    good = (whole == np.floor(whole)) & (whole + EPOCH >= FIRST_DAY) & (whole + EPOCH <= LAST_DAY)
    out = np.full(days.shape, "", dtype=object)
    iso = np.datetime_as_string((whole[good].astype("int64") + EPOCH).astype("datetime64[D]"))
    out[good] = iso.astype(object)
    return out, good


def _clock(seconds: np.ndarray) -> np.ndarray:
    """``HH:MM``, or ``HH:MM:SS`` where any time of the column has seconds (with their fraction)."""
    minutes = np.floor(seconds / 60)
    rest = np.round(seconds - minutes * 60, 6)
    carried = rest >= 60
    minutes, rest = minutes + carried, np.where(carried, 0.0, rest)
    out = [f"{int(m) // 60:02d}:{int(m) % 60:02d}" for m in minutes]
    if (rest != 0).any():
        ends = [_numeric.plain(float(s)) for s in rest]
        out = [f"{text}:{'0' if s < 10 else ''}{end}" for text, s, end in zip(out, rest, ends, strict=True)]
    return np.array(out, dtype=object)


def _times(seconds: np.ndarray, _: int) -> tuple[np.ndarray, np.ndarray]:
    """ISO times of SAS times, and which numbers are times of a day (24:00 is one)."""
    good = (seconds >= 0) & (seconds <= DAY)
    out = np.full(seconds.shape, "", dtype=object)
    out[good] = _clock(seconds[good])
    return out, good


def _moments(seconds: np.ndarray, _: int) -> tuple[np.ndarray, np.ndarray]:
    """ISO date and time of SAS datetimes, and which numbers are such."""
    filled = np.round(np.nan_to_num(seconds, nan=np.inf), 6)
    days = np.floor(np.where(np.isfinite(filled), filled, 0) / DAY)
    dates, good = _dates(days, 0)
    good &= np.isfinite(filled)
    out = np.full(seconds.shape, "", dtype=object)
    times = _clock(filled[good] - days[good] * DAY)
    out[good] = [f"{day}T{time}" for day, time in zip(dates[good], times, strict=True)]
    return out, good


def _labels_of(column: Column, labels: dict[str, dict[Any, str]]) -> dict[Any, str] | None:
    """The decodes of a variable's own format, if the catalogue has it."""
    name = column.format.upper()
    known = {key.upper().rstrip("."): words for key, words in labels.items()}
    for spelling in (name, name.rstrip("."), base_of(name)[0]):
        for variant in (spelling, "$" + spelling) if column.text is not None else (spelling,):
            if variant and variant in known:
                return known[variant]
    return None


def _decoded(column: Column, words: dict[Any, str]) -> np.ndarray:
    """The decode of every value; blank where the catalogue has none."""
    if column.text is not None:
        named = {str(code).rstrip(): label for code, label in words.items()}
        return np.array([named.get(text, "") for text in column.text], dtype=object)
    assert column.number is not None
    numbers = {float(code): label for code, label in words.items() if not isinstance(code, str)}
    out = np.array([numbers.get(float(value), "") for value in column.number], dtype=object)
    if column.special is not None:
        letters = {code: label for code, label in words.items() if isinstance(code, str)}
        for row in np.flatnonzero(column.special != ""):
            out[row] = letters.get(column.special[row], "")
    return out


def catalogue(
    beside: dict[str, tuple[bytes, dict[str, Any]]] | None, entry: dict[str, Any]
) -> dict[str, dict[Any, str]]:
    """Formats of the catalogue (``.sas7bcat``) that the manifest names beside the data set."""
    if not beside or "catalogue" not in beside:
        return {}
    import io as memory

    import pyreadstat

    content, own = beside["catalogue"]
    try:
        _, found = pyreadstat.read_sas7bcat(memory.BytesIO(content), encoding=own["encoding"])
    except Exception as error:
        raise Cause(f"is not a readable format catalogue ({error})", file=own["name"]) from None
    return dict(found.value_labels)
