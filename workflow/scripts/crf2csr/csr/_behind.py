"""What stands behind a page: all that it shows or embeds that comes of the data and of no words of a display."""

from __future__ import annotations

from typing import Any

from crf2csr.csr import _embedded, _gathered, _payload, _shown


def content(read: dict[str, Any], part: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the page is filled with beside its displays, as JSON can hold it, and what it embeds, unpacked.

    Parameters
    ----------
    read : dict
        Content of the floors, by floor and name; ``bound`` are the chapters without words.
    part : dict
        What the plan hands over.

    Returns
    -------
    content : dict
        As of ``_gathered.about``; ``payload`` and its ``payload_sha256``, ``hashes`` of the facts by chapter, and
        ``first``, the number of the first fact of each chapter in the numbering of the page.
    embedded : dict
        The payload before it was packed.
    """
    chapters = {name: doc["displays"] for name, doc in read["bound"].items()}
    found = _gathered.behind(read, part, chapters)
    displays = [display for some in chapters.values() for display in some]
    embedded = _embedded.payload(read, part, found | {"displays": displays, "methods": read["methods"]})
    data, digest = _payload.pack(embedded)
    made = _gathered.about(read, found) | {
        "payload": data,
        "payload_sha256": digest,
        "hashes": read["hashes"],
        "first": _shown.first_numbers(chapters, read["facts"]),
    }
    return made, embedded
