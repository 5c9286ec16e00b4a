"""Bookmarks of a PDF that lead elsewhere than their headings stand, and that a reader sees on opening.

The engine makes a bookmark of each heading, at the heading. A list of forms by visit is a list of headings, and a
reader who opens one wants the form. So the entries of one branch get the destination of the entry of the same title
outside of it, by an incremental update (ISO 32000-2, 7.5.6): nothing that the engine wrote is changed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from crf2csr.errors import Cause

ENTRY = re.compile(rb"(\d+) 0 obj\s*<<(/Parent (\d+) 0 R(?:(?!>>).)*?/Title(?:(?!>>).)*?/Dest (\d+) 0 R)>>", re.S)
TITLE = re.compile(rb"/Title(\((?:\\.|[^\\)])*\)|<[0-9A-Fa-f]*>)", re.S)
TRAILER = re.compile(rb"trailer\s*<<(.*?)>>\s*startxref\s*(\d+)\s*%%EOF\s*\Z", re.S)
ROOT = re.compile(rb"/Root (\d+) 0 R")


@dataclass(frozen=True)
class Entry:
    """One bookmark: its dictionary, the number of the one above it, its title as written, where it leads."""

    text: bytes
    parent: int
    title: bytes
    goal: bytes


def moved(pdf: bytes, branch: str) -> bytes:
    """Let the second level below the bookmark ``branch`` lead to what bears the same title elsewhere."""
    entries = dict(_entries(pdf))
    trailer = TRAILER.search(pdf)
    root = ROOT.search(trailer[1]) if trailer else None
    top = [number for number, one in entries.items() if one.title == b"(" + branch.encode("ascii") + b")"]
    if len(top) != 1 or trailer is None or root is None:
        raise Cause(f"the engine set {len(top)} bookmarks of this title", value=branch)
    inner = {n: one for n, one in entries.items() if one.parent in entries and entries[one.parent].parent == top[0]}
    outer = {one.title: one.goal for n, one in entries.items() if n not in inner}
    changed = {int(root[1]): _catalogue(pdf, int(root[1]))}
    for number, one in inner.items():
        if one.title not in outer:
            raise Cause("a bookmark by visit names a form that has none of its own", value=branch)
        changed[number] = re.sub(rb"/Dest \d+ 0 R\Z", b"/Dest " + outer[one.title] + b" 0 R", one.text)
    return _updated(pdf, changed, trailer[1], trailer[2])


def _entries(pdf: bytes) -> list[tuple[int, Entry]]:
    found = []
    for m in ENTRY.finditer(pdf):
        title = TITLE.search(m[2])
        if title:
            found.append((int(m[1]), Entry(m[2], int(m[3]), title[1], m[4])))
    return found


def _catalogue(pdf: bytes, number: int) -> bytes:
    """The catalogue, asking for the bookmarks to be shown."""
    found = re.search(rb"(?:\A|\n)%d 0 obj\s*<<(.*?)>>\s*endobj" % number, pdf, re.S)
    if found is None:
        raise Cause("the document has no catalogue that can be read")
    return b"/PageMode/UseOutlines" + found[1]


def _updated(pdf: bytes, changed: dict[int, bytes], trailer: bytes, before: bytes) -> bytes:
    """The document with new versions of some dictionaries behind it, and a table of where they stand."""
    body = bytearray(pdf if pdf.endswith(b"\n") else pdf + b"\n")
    lines = [b"0 1\n0000000000 65535 f \n"]
    for number in sorted(changed):
        lines.append(b"%d 1\n%010d 00000 n \n" % (number, len(body)))
        body += b"%d 0 obj\n<<%s>>\nendobj\n" % (number, changed[number])
    start = len(body)
    body += b"xref\n" + b"".join(lines)
    body += b"trailer\n<<%s/Prev %s>>\nstartxref\n%d\n%%%%EOF\n" % (trailer, before, start)
    return bytes(body)
