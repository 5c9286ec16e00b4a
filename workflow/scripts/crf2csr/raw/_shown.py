"""What a number of a spreadsheet means by the format in which it is shown."""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import cache

from crf2csr.raw import _numeric

# Built-in formats that show dates or times; those from 27 on are of Chinese Excel.
BUILT_IN = {
    14: "yyyy-m-d",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "yyyy-m-d h:mm",
    27: "yyyy-m",
    28: "m-d",
    29: "m-d",
    30: "m-d-yy",
    31: "yyyy-m-d",
    32: "h:mm",
    33: "h:mm:ss",
    34: "h:mm AM/PM",
    35: "h:mm:ss AM/PM",
    36: "yyyy-m",
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
    50: "yyyy-m",
    51: "m-d",
    52: "yyyy-m",
    53: "m-d",
    54: "m-d",
    55: "h:mm",
    56: "h:mm:ss",
    57: "yyyy-m",
    58: "m-d",
    11: "0.00E+00",
    48: "##0.0E+0",
}
# What in a format code is no code: quoted words, escaped and padding characters, colours, conditions, locales.
PLAIN = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


@cache
def parts(shown: str) -> str:
    """Letters of what a format shows of a moment: of ``y``, ``m``, ``d``, ``t``; ``e`` for an exponent.

    >>> parts("d-mmm-yy"), parts("#20"), parts('0.00"d"'), parts("0.0E+0"), parts("[h]:mm")
    ('dmy', 't', '', 'e', 't')
    """
    if shown.startswith("#") and shown[1:].isdigit():
        shown = BUILT_IN.get(int(shown[1:]), "")
    code = PLAIN.sub("", shown.split(";")[0])
    if re.search(r"[0#?]\.?[0#?]*E[+-]", code, re.IGNORECASE):
        return "e"
    if re.search("general|@", code, re.IGNORECASE):
        return ""
    code = re.sub("am/pm|a/p|上午/下午", "t", code, flags=re.IGNORECASE).lower()
    found = {letter for letter in "ymd" if letter in code} | ({"t"} if re.search("[hst]", code) else set())
    # m is a month, unless it stands beside hours or seconds alone.
    if "m" in found and "t" in found and not found & {"y", "d"} and "mmm" not in code:
        found.discard("m")
    # In East Asian formats e is a year.
    if re.search(r"(?<![0#?.])e", code) and found & {"m", "d"}:
        found.add("y")
    return "".join(sorted(found))


def moment(number: float, shown: str, from_1904: bool) -> tuple[str, str]:
    """Return what a number shown as a date or time says, and what is wrong with it.

    Returns
    -------
    text : str
        ISO 8601; only the parts that are shown, where Excel has made up the others (``2026-03``, ``05-JAN``);
        the plain number where it is no date.
    doubt : str
        Blank, ``no date``, ``year`` (the year is Excel's and not the person's) or ``month`` (the day is).
    """
    kinds = parts(shown)
    plain = _numeric.plain(number)
    seconds = round(number * 86400, 3)
    days, rest = divmod(seconds, 86400)
    if set(kinds) <= {"t"} and (0 <= number < 1 or "[" in shown or shown == "#46"):
        return (_clock(seconds), "") if seconds >= 0 else (plain, "no date")
    # Excel counts a 29 February 1900 that never was: days before it are not certain.
    first = date(1904, 1, 1) if from_1904 else date(1899, 12, 30)
    if not (0 if from_1904 else 61) <= days <= 2_958_465:
        return plain, "no date"
    try:
        day = first + timedelta(days=int(days))
    except OverflowError:
        return plain, "no date"
    if "t" in kinds or rest:
        return f"{day.isoformat()}T{_clock(rest)}", ""
    if "y" not in kinds:
        return f"{day.day:02d}-{MONTHS[day.month - 1]}", "year"
    if "d" not in kinds and "m" in kinds and day.day == 1:
        return day.isoformat()[:7], "month"
    return day.isoformat(), ""


def _clock(seconds: float) -> str:
    """``HH:MM``, with seconds where there are any."""
    minutes, rest = divmod(round(seconds, 3), 60)
    text = f"{int(minutes) // 60:02d}:{int(minutes) % 60:02d}"
    rest = round(rest, 3)
    return text if not rest else f"{text}:{'0' if rest < 10 else ''}{_numeric.plain(rest)}"
