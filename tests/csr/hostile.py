"""Text that attacks: each is shown as it was entered, hidden characters as tokens, and none does anything."""

from __future__ import annotations

import re
from pathlib import Path

from crf2csr.csr import appendix
from tests.csr import small

STRINGS = [
    # HTML and script, open and in disguise
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "<ScRiPt>alert(1)</sCrIpT>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<math><mtext></mtext><mglyph><style><img src=x onerror=alert(1)>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    "<a href='javascript:alert(1)'>x</a>",
    "<img src='https://attacker.example/x.png'>",
    "<link rel=stylesheet href=//attacker.example/x.css>",
    "<meta http-equiv=refresh content='0;url=https://attacker.example'>",
    "<base href=https://attacker.example/>",
    "<form action=https://attacker.example><button>send</button></form>",
    "<object data=data:text/html,alert(1)>",
    "<template><script>alert(1)</script></template>",
    "<style>*{display:none}</style>",
    "</style><style>body{background:url(//attacker.example)}",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "<!--<script>",
    "--!><script>alert(1)</script>",
    "]]><script>alert(1)</script>",
    '"><script>alert(1)</script>',
    "' onmouseover='alert(1)",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;",
    "\\u003cscript\\u003ealert(1)\\u003c/script\\u003e",
    "{{ 7 * 7 }}{% raw %}${7*7}<%= 7*7 %>",
    "__proto__",
    "constructor",
    "hasOwnProperty",
    # Spreadsheets and shells
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "+1+1+cmd|' /C calc'!A0",
    "$(touch /tmp/x); `id` && rm -rf /",
    "'; DROP TABLE adsl; --",
    "../../../../etc/passwd",
    # What hides or turns text
    "a\u202egnp.exe",
    "\u2066\u202dleft\u2069right",
    "zero\u200bwidth\ufeff",
    "soft\u00adhyphen",
    "bell\x07 escape\x1b[31m",
    "line\u2028separator\u2029end",
    "tag\U000e0041\U000e007f",
    # What is long, or looks like something else
    "W" * 2000,
    "\u0430\u0440\u0440\u04cf\u0435",
    "e\u0301\u0327\u0323" * 20,
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
]
HIDDEN = [(0, 0x1F), (0x7F, 0x9F), (0xAD, 0xAD), (0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F), (0xFEFF, 0xFEFF)]
HIDDEN += [(0xE0000, 0xE007F)]


def shown(text: str) -> str:
    """What a reader must see."""
    return "".join(f"⟨U+{ord(c):04X}⟩" if any(low <= ord(c) <= high for low, high in HIDDEN) else c for c in text)


def alike(seen: str | None, text: str) -> bool:
    """Tell whether what is seen is what must be seen; a browser may fold blanks."""
    return re.sub(r"\s+", " ", seen or "").strip() == re.sub(r"\s+", " ", shown(text)).strip()


TOGETHER = "\u241e".join(STRINGS)


def page(file: Path) -> Path:
    """Write a page with each string as title of a table and of a section, as a cell of a listing, all in a raw cell."""
    tables = [small.table(title=text) | {"id": f"t-{k}", "number": f"{k}"} for k, text in enumerate(STRINGS)]
    listing = small.listing(list(STRINGS), [k % 3 for k in range(len(STRINGS))])
    sections = [{"number": f"14.2.{k}", "title": text, "displays": [f"t-{k}"]} for k, text in enumerate(STRINGS)]
    sections.append({"number": "16.2", "title": "Listings", "displays": ["l-1"]})
    asked = {"sdtm/_queries/rs": small.asked(message=TOGETHER)}
    made = appendix.assemble(
        small.read([*tables, listing], values=(TOGETHER, "3", "0"), queries=asked), small.part(sections)
    )
    file.write_text(made, encoding="utf-8")
    return file
