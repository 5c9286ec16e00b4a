"""SAS transport files, version 5 and 8, read byte by byte.

The library that reads SAS data sets loses special missing values of transport files, and blank records at their end.
Source: SAS technical support TS-140 (version 5) and the record layout of version 8 and 9 transport files.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

import numpy as np

from crf2csr.errors import Cause

CARD = 80
HEADER = re.compile(rb"HEADER RECORD\*{7}(\w+) +HEADER RECORD!{7}")
ROLES = {
    "MEMBER": "member",
    "MEMBV8": "member",
    "DSCRPTR": "described",
    "DSCPTV8": "described",
    "NAMESTR": "names",
    "NAMSTV8": "names",
    "OBS": "data",
    "OBSV8": "data",
}
NAMESTR = struct.Struct(">hhhh8s40s8shhh2s8shhi52s")
TAGS = frozenset(b"_ABCDEFGHIJKLMNOPQRSTUVWXYZ")


@dataclass
class Variable:
    """One variable of a member: name and format as bytes, whether numeric, where it lies in a record."""

    name: bytes
    format: bytes
    width: int
    numeric: bool
    start: int
    length: int


@dataclass
class Member:
    """One data set: its name, its variables and its records (records x bytes)."""

    name: str
    variables: list[Variable]
    records: np.ndarray
    doubtful: bool


def _cards(content: bytes, file: str) -> list[tuple[str, int]]:
    """Role and offset of each header record."""
    if content.startswith(b"**COMPRESSED**"):
        raise Cause("is a CPORT file; only transport files of the XPORT engine can be read", file=file)
    if len(content) % CARD or not HEADER.match(content) or not content[20:23] == b"LIB":
        raise Cause("is not a SAS transport file (records of 80 bytes that begin with a library header)", file=file)
    found = [(m.group(1).decode(), m.start()) for m in HEADER.finditer(content) if m.start() % CARD == 0]
    return [(ROLES[kind], start) for kind, start in found if kind in ROLES]


def members(content: bytes, file: str) -> list[Member]:
    """All data sets of a transport file."""
    cards = _cards(content, file)
    firsts = [n for n, (role, _) in enumerate(cards) if role == "member"]
    made: list[Member] = []
    if not firsts:
        raise Cause("holds no data set", file=file)
    for first, last in zip(firsts, [*firsts[1:], len(cards)], strict=True):
        own = dict(cards[first:last])
        if len(own) < len(set(ROLES.values())):
            raise Cause("a header record of a data set is missing", file=file)
        end = cards[last][1] if last < len(cards) else len(content)
        made.append(_member(content, own, end, file))
    return made


def _member(content: bytes, cards: dict[str, int], end: int, file: str) -> Member:
    """One data set, from its header records up to ``end``."""
    described, names, data = (cards[role] for role in ("described", "names", "data"))
    card = content[cards["member"] : cards["member"] + CARD]
    long = b"MEMBV8" in card
    try:
        size, count = int(card[74:78]), int(content[names + 53 : names + 58])
    except ValueError:
        raise Cause("the number of variables cannot be read", file=file) from None
    if size not in (136, 140) or names + CARD + size * count > data:
        raise Cause("the description of the variables is damaged", file=file)
    variables = [
        _variable(content[at : at + size].ljust(140, b"\x00"), long)
        for at in range(names + CARD, names + CARD + size * count, size)
    ]
    width = max((v.start + v.length for v in variables), default=0)
    if not variables or any(v.length < 1 or v.start < 0 or (v.numeric and not 2 <= v.length <= 8) for v in variables):
        raise Cause("the description of the variables is damaged", file=file)
    body = np.frombuffer(content[data + CARD : end], dtype="uint8")
    whole = len(body) // width
    records = body[: whole * width].reshape(whole, width)
    said = content[data + 48 : data + 63].strip()
    if long and said.isdigit() and int(said):
        if not 0 <= whole - int(said) <= (CARD - 1) // width:
            raise Cause(f"holds {whole} records and says {int(said)}", file=file)
        return Member(_name(content, described, long), variables, records[: int(said)], False)
    if (body[whole * width :] != 0x20).any():
        raise Cause("the last record is cut off", file=file, line=whole + 1)
    # The last card is filled with blanks. A blank record there can be real only where all variables are text.
    while whole and len(body) - (whole - 1) * width < CARD and (records[whole - 1] == 0x20).all():
        whole -= 1
    doubtful = whole < len(records) and not any(v.numeric for v in variables)
    return Member(_name(content, described, long), variables, records[:whole], doubtful)


def _name(content: bytes, described: int, long: bool) -> str:
    """The name of a data set, from the record below its description header."""
    begin = described + CARD + 8
    return content[begin : begin + (32 if long else 8)].decode("ascii", "replace").strip("\x00 ")


def _variable(packed: bytes, long: bool) -> Variable:
    kind, _, length, _, name, _, form, width, _, _, _, _, _, _, start, rest = NAMESTR.unpack(packed)
    if long and (full := rest[:32].rstrip(b"\x00 ")):
        name = full
    return Variable(name.rstrip(b"\x00 "), form.rstrip(b"\x00 "), width, kind == 1, start, length)


def numbers(cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of IBM mainframes (records x 2 to 8 bytes).

    Returns
    -------
    number : array of float
        NaN where missing.
    special : array of str
        ``A`` to ``Z`` or ``_`` of a special missing value, else blank.
    """
    full = np.zeros((len(cells), 8), dtype="uint8")
    full[:, : cells.shape[1]] = cells
    bits = full.view(">u8").ravel().astype("uint64")
    lead, fraction = full[:, 0], bits & np.uint64((1 << 56) - 1)
    scale = 4 * ((lead & 0x7F).astype("int64") - 64) - 56
    number = np.ldexp(fraction.astype("float64"), scale) * np.where(lead & 0x80, -1.0, 1.0)
    bare = fraction == 0
    special = np.full(len(cells), "", dtype=object)
    for tag in np.unique(lead[bare]):
        if int(tag) in TAGS:
            special[bare & (lead == tag)] = chr(tag)
    number[bare & (lead == 0x2E)] = np.nan
    number[special != ""] = np.nan
    return number, special
