"""Lay two lists of artefacts beside each other: identical, or what differs and how that looks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from crf2csr.sealed import Artefact

BOM = b"\xef\xbb\xbf"


@dataclass
class Line:
    """What became of one artefact: ``identical``, ``differs``, ``missing`` or ``extra``, and what is seen of it."""

    verdict: str
    kind: str
    path: str
    said: str = ""

    def __str__(self) -> str:
        return f"{self.verdict:10} {self.kind:14} {self.path}" + (f"   {self.said}" if self.said else "")


def compare(
    locked: list[Artefact], found: list[Artefact], content: Callable[[Artefact], bytes] | None = None
) -> list[Line]:
    """Compare what a lock names with what is here; ``content`` reads a file that is here."""
    old, new = ({(a.kind, a.path): a for a in side} for side in (locked, found))
    missing = {key: a for key, a in old.items() if key not in new}
    extra = {key: a for key, a in new.items() if key not in old}
    differ = {key for key in old.keys() & new.keys() if old[key].sha256 != new[key].sha256}
    named = {a.sha256: a for key, a in old.items() if key in differ or key in missing}
    lines = []
    for key in sorted(old.keys() | new.keys()):
        if key in extra:
            lines.append(Line("extra", *key, _elsewhere(extra[key], missing.values(), "has the content of")))
            continue
        if key in missing:
            lines.append(Line("missing", *key, _elsewhere(missing[key], extra.values(), "its content is at")))
            continue
        was, now = old[key], new[key]
        if key in differ:
            lines.append(Line("differs", *key, _how(was, now, named, content)))
        elif was.mode != now.mode:
            lines.append(Line("differs", *key, f"mode {was.mode} -> {now.mode}"))
        elif now.mode == "symlink":
            lines.append(Line("differs", *key, "is a symbolic link, whose content can change behind the lock"))
        else:
            lines.append(Line("identical", *key))
    return lines


def _elsewhere(one: Artefact, others: Iterable[Artefact], words: str) -> str:
    for other in others:
        if other.path != one.path and other.path.casefold() == one.path.casefold():
            return f"{words} {other.path}: upper and lower case of the name were changed"
        if other.sha256 == one.sha256:
            return f"{words} {other.path}: renamed"
    return ""


def _how(was: Artefact, now: Artefact, named: dict[str, Artefact], content: Callable[[Artefact], bytes] | None) -> str:
    """What a change looks like: it is seen in the bytes that are here, those of the lock are not at hand."""
    other = named.get(now.sha256)
    if other is not None:
        return f"has the content of {other.path}"
    if content is not None:
        held = content(now)
        trials = {
            "line ends are CRLF": held.replace(b"\r\n", b"\n"),
            "a byte order mark was put before it": held.removeprefix(BOM),
            "blanks were put at the ends of lines": b"\n".join(line.rstrip(b" \t") for line in held.split(b"\n")),
            "blanks were put at its end": held.rstrip() + b"\n",
        }
        for said, mended in trials.items():
            if mended != held and hashlib.sha256(mended).hexdigest() == was.sha256:
                return said
    sizes = "same size" if was.bytes == now.bytes else f"{was.bytes} -> {now.bytes} bytes"
    return f"{sizes}, sha256 {was.sha256[:12]} -> {now.sha256[:12]}" + ("; is a symlink" * (now.mode == "symlink"))
