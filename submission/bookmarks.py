"""Bookmarks of a PDF that lead elsewhere than their headings stand.

The engine makes a bookmark of each heading, at the heading. A list of forms by visit is a list of headings, and a
reader who opens one wants the form. So the entries of one branch get the destination of the entry of the same title
outside of it, by an incremental update (ISO 32000-2, 7.5.6): nothing that the engine wrote is changed.
"""

from __future__ import annotations

import re

from crf2csr.errors import Cause

ENTRY = re.compile(rb"(\d+) 0 obj\s*<<(/Parent \d+ 0 R(?:(?!>>).)*?/Title(?:(?!>>).)*?/Dest (\d+) 0 R)>>", re.S)
TITLE = re.compile(rb"/Title(\((?:\\.|[^\\)])*\)|<[0-9A-Fa-f]*>)", re.S)
TRAILER = re.compile(rb"trailer\s*<<(.*?)>>\s*startxref\s*(\d+)\s*%%EOF\s*\Z", re.S)


def moved(pdf: bytes, branch: str) -> bytes:
    """Let the second level below the bookmark ``branch`` lead to what bears the same title elsewhere."""
    entries = {int(m[1]): m for m in ENTRY.finditer(pdf)}
    titles = {number: TITLE.search(m[2]) for number, m in entries.items()}
    parent = {number: int(re.match(rb"/Parent (\d+)", m[2])[1]) for number, m in entries.items()}  # type: ignore[index]
    top = [n for n, title in titles.items() if title and title[1] == b"(" + branch.encode("ascii") + b")"]
    trailer = TRAILER.search(pdf)
    if len(top) != 1 or trailer is None:
        raise Cause(f"the engine set {len(top)} bookmarks of this title", value=branch)
    inner = [n for n in entries if parent.get(parent[n]) == top[0]]
    outer = {titles[n][1]: entries[n][3] for n in entries if n not in inner}  # type: ignore[index]
    body, offsets = bytearray(pdf), {}
    for number in sorted(inner):
        entry = entries[number][2]
        goal = outer.get(titles[number][1])  # type: ignore[index]
        if goal is None:
            raise Cause("a bookmark by visit names a form that has none of its own", value=branch)
        offsets[number] = len(body)
        new = re.sub(rb"/Dest \d+ 0 R\Z", b"/Dest " + goal + b" 0 R", entry)
        body += b"%d 0 obj\n<<%s>>\nendobj\n" % (number, new)
    if not offsets:
        return pdf
    start = len(body)
    lines = b"".join(b"%d 1\n%010d 00000 n \n" % (number, offsets[number]) for number in sorted(offsets))
    body += b"xref\n" + lines + b"trailer\n<<%s/Prev %s>>\nstartxref\n%d\n%%%%EOF\n" % (trailer[1], trailer[2], start)
    return bytes(body)
