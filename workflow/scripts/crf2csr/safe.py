"""Text from an export that is shown to people: what could hide, reorder or be run is made visible and inert."""

from __future__ import annotations

import re

import pandas as pd

# Control, soft-hyphen, zero-width, bidirectional, line-separator and tag characters: they could hide or reorder text.
HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
# A spreadsheet takes a cell that begins so for a formula (the wide forms where its language is an Asian one).
FORMULA = re.compile("[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
# A signed number, and a result such as "++", begin so and are none.
HARMLESS = re.compile(r"[-+]?(?:\d+(?:[.,]\d+)?|[.,]\d+)(?:[eE][-+]?\d+)?|[-+]+", re.ASCII)


def visible(text: str) -> str:
    """Show each hidden character as a token such as ``⟨U+202E⟩``; other text stays as it is."""
    # Whatever hides is not printable for Unicode either, and most texts have nothing of the kind.
    return text if text.isprintable() else HIDDEN.sub(lambda found: f"⟨U+{ord(found.group()):04X}⟩", text)


def inert(text: str) -> str:
    """Text for a cell of a spreadsheet: visible, and with an apostrophe before what would be taken for a formula."""
    shown = visible(text)
    first = text.lstrip(" \u00a0\u3000")
    acts = FORMULA.match(first) and not HARMLESS.fullmatch(text)
    return f"'{shown}" if acts else shown


def inert_cells(values: pd.Series) -> pd.Series:
    """``inert`` for a column of text; each distinct text is looked at once, a missing one is blank."""
    text = values.astype(object).where(values.notna(), "")
    return text.map({one: inert(str(one)) for one in text.unique()}).astype(object)
