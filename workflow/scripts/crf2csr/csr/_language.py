"""The language of a page: its own words come from the house, titles and labels from the study; data stay as collected.

A catalogue says for each text, as it is written, the same in another language; ``{0}``, ``{1}`` are what the text is
about, in any order. Those of the house are in ``words/``, one for each language; a study may have its own in
``config/words/``. A word of the house that its catalogue lacks is a cause; a label of the study that has none stands as
it was written, and is marked as being of the language of the study.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import markupsafe
import yaml

from crf2csr.errors import Cause
from crf2csr.safe import visible
from crf2csr.spread import FOLDER, WRITTEN, ending

HERE = Path(__file__).parent / "words"
NAMES = {"en": "English", "zh": "中文"}
TAGS = {"en": "en", "zh": "zh-Hans"}  # as HTML names languages
PLACE = re.compile(r"(\{[0-9]+\})")


class Language:
    """Words of one language: ``code``, and the catalogue ``labels`` of a study (text as written -> text)."""

    def __init__(self, code: str = WRITTEN, labels: dict[str, str] | None = None) -> None:
        self.code, self.tag = code, TAGS[code]
        self.own = {} if code == WRITTEN else yaml.safe_load((HERE / f"{code}.yaml").read_text(encoding="utf-8"))
        self.labels = labels or {}
        self.missing: dict[str, None] = {}  # labels that were asked for and have no words, in their order

    def say(self, text: str, *values: Any) -> str:
        """A text of the house, filled with values; one that holds markup gives markup."""
        if self.code != WRITTEN:
            if text not in self.own:
                raise Cause("has no words in this language", file=f"words/{self.code}.yaml", value=text)
            text = self.own[text]
        if not values:
            return text
        if any(isinstance(value, markupsafe.Markup) for value in values):
            return markupsafe.Markup(markupsafe.escape(text)).format(*values)
        return PLACE.sub(lambda place: visible(str(values[int(place[1][1:-1])])), text)

    def label(self, text: str) -> str:
        """A title or label of the study, or a word of the house in it; as written where there are no words for it."""
        if self.code == WRITTEN or not isinstance(text, str) or not text.strip():
            return text
        known = self.labels.get(text) or self.own.get(text)
        if known is None:
            self.missing[text] = None
        return known or text

    def foreign(self, text: str) -> str:
        """The attribute that says that a label stands in the language of the study, not in that of the page."""
        plain = self.code == WRITTEN or not text or not re.search("[A-Za-z]{2}", text)
        if plain or text in self.labels or text in self.own:
            return markupsafe.Markup("")
        self.missing[text] = None
        return markupsafe.Markup(f' lang="{TAGS[WRITTEN]}"')

    def parts(self, parts: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """A sentence of texts and printed numbers: looked up whole, each number under its place (``{0} of {1}``)."""
        given = list(parts)
        if self.code == WRITTEN:
            return given
        numbers = [part for part in given if set(part) != {"t"}]
        at = iter(range(len(numbers)))
        written = "".join(part["t"] if set(part) == {"t"} else f"{{{next(at)}}}" for part in given)
        if not re.search("[A-Za-z]{2}", written):
            return given
        said = self.labels.get(written)
        if said is None:
            self.missing[written] = None
            return given
        return [
            numbers[int(piece[1:-1])] if PLACE.fullmatch(piece) else {"t": piece}
            for piece in PLACE.split(said)
            if piece
        ]

    def packed(self) -> str:
        """Both catalogues in one for the script of the page, the words of the house first, safe inside an element."""
        if self.code == WRITTEN:
            return ""
        text = json.dumps(self.labels | self.own, ensure_ascii=False, separators=(",", ":"))
        return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def of(part: dict[str, Any]) -> dict[str, Language]:
    """The languages of the pages of a study, that in which it is written first."""
    codes = [WRITTEN, *part["csr"].get("also_in", [])]
    return {code: Language(code, part.get("words", {}).get(code)) for code in codes}


def said_by(language: Language) -> dict[str, Callable[..., Any]]:
    """The names by which templates ask for words."""
    return {
        "_": language.say,
        "said": language.label,
        "foreign": language.foreign,
        "sentence": language.parts,
        "missing": lambda: len(language.missing),
    }


def file_of(code: str) -> str:
    """Where the page of a language lies."""
    return FOLDER + ending(code)


def beside(languages: dict[str, Language], code: str, file: Callable[[str], str]) -> list[tuple[str, str, str, str]]:
    """The same page in the other languages: code, name, tag, and where it lies (``file`` of the code)."""
    return [(c, NAMES[c], other.tag, file(c)) for c, other in languages.items() if c != code]
