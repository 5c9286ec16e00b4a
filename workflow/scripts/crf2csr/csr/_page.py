"""One HTML page of the report: templates filled in a language, style and script inlined under the page's policy."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import markupsafe

from crf2csr.csr import _ink, _language, _shown
from crf2csr.safe import visible
from crf2csr.templating import templates

HERE = Path(__file__).parent
STYLES = ("paper.css", "table.css", "walk.css", "profile.css", "print.css")
SCRIPTS = (
    "data.js",
    "text.js",
    "save.js",
    "axis.js",
    "grid.js",
    "fact.js",
    "record.js",
    "parts.js",
    "profile.js",
    "find.js",
    "check.js",
    "page.js",
)


class Press:
    """Writes pages of one study in one language; templates, style and script are read once."""

    def __init__(self, study: dict[str, Any], language: _language.Language) -> None:
        self.language = language
        self.environment = templates(HERE / "templates")
        self.environment.filters |= {"places": _shown.places, "label": language.label}
        # Macros keep what they saw when they were first imported, so the answer changes behind one name.
        self._at: Callable[[str], str] = lambda place: f"#{place}"
        self.environment.globals |= _language.said_by(language) | {"at": lambda place: self._at(place)}
        css = "".join((HERE / "assets" / name).read_text(encoding="utf-8") for name in STYLES)
        css += running_header(study)
        script = "".join((HERE / "assets" / name).read_text(encoding="utf-8") for name in SCRIPTS)
        digests = {
            k: base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            for k, text in (("css", css), ("script", script))
        }
        self.shell = {
            "css": markupsafe.Markup(css),
            "script": markupsafe.Markup(script),
            "digests": digests,
            "language": language,
            "words": markupsafe.Markup(language.packed()),
        }

    def page(self, content: dict[str, Any], at: Callable[[str], str]) -> str:
        """Fill the page; ``at`` says where the place of an id is: ``#id`` on the same page, else in which file."""
        self._at = at
        return self.environment.get_template("appendix.html.j2").render(**content, **self.shell)

    def drawn(self, display: dict[str, Any]) -> dict[str, Any]:
        """A display with its drawings, and those of its sheets, as they stand in a page."""

        def ink(one: dict[str, Any]) -> dict[str, Any]:
            drawing = _ink.inlined(one["svg"], one, self.language.label) if one["svg"] else ""
            return {"svg": markupsafe.Markup(drawing)}

        made = ink(display) if display.get("svg") else {}
        sheets = {"sheets": [s | ink(s) if "svg" in s else s for s in display["sheets"]]} if "sheets" in display else {}
        return display | made | sheets


def running_header(study: dict[str, Any]) -> str:
    """The rule that prints the study and its notice on every sheet of paper."""

    def quoted(text: str) -> str:
        return "".join(c if c.isalnum() or c == " " else f"\\{ord(c):06x}" for c in visible(text))

    notice = study.get("notice", "").partition(".")[0]
    return f'@page{{@top-left{{content:"{quoted(study["id"])}"}}@top-right{{content:"{quoted(notice)}"}}}}\n'
