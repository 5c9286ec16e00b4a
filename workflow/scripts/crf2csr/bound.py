"""The printed numbers of displays, and a display with nothing but these and the lines of its listing.

What stands behind the numbers of a report depends on which facts its displays print, not on their words: a title that
was written anew leaves it as it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Part = dict[str, Any]


def parts(body: Any) -> Iterator[Part]:
    """Yield every printed number ``{t: text, f: fact}`` of a display, wherever its layout put it.

    The data of listings and the ink of figures hold none, and are not searched.
    """
    if isinstance(body, dict):
        if "f" in body and "t" in body:
            yield body
            return
        for key, value in body.items():
            if key not in ("listing", "svg"):
                yield from parts(value)
    elif isinstance(body, list):
        for item in body:
            yield from parts(item)


def bound(chapter: dict[str, Any]) -> dict[str, Any]:
    """A chapter without its words: of each display the facts that it prints, and the columns and lines of a listing."""
    return chapter | {"displays": [_bound(display) for display in chapter["displays"]]}


def _bound(display: dict[str, Any]) -> dict[str, Any]:
    facts = sorted({part["f"] for part in parts(display)})
    listing = {key: display[key] for key in ("columns", "listing") if "listing" in display}
    return {"id": display["id"], "kind": display.get("kind"), "numbers": [{"f": f, "t": ""} for f in facts]} | listing
