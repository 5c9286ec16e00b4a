"""Every word that the house itself says in the page: of templates, of scripts, and of the rooms that name things."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from crf2csr.csr import _integrity, _page, _words

TEXT = r'"((?:[^"\\]|\\.)*)"'


def _unquoted(text: str) -> str:
    return ast.literal_eval(f'"{text}"')


def of_templates(folder: Path = _page.HERE / "templates") -> set[str]:
    found: set[str] = set()
    for path in sorted(folder.glob("*.j2")):
        text = path.read_text(encoding="utf-8")
        found |= {_unquoted(m) for m in re.findall(rf"(?<![\w.])_\(\s*{TEXT}", text)}
        found |= {_unquoted(m) for m in re.findall(rf"p\.head\(d, {TEXT}\)", text)}
        for kinds in re.findall(r"{% set kinds = ({.*?}) %}", text):
            found |= set(ast.literal_eval(kinds).values())
        found |= {_unquoted(m) for m in re.findall(rf"kinds\.get\(d\.kind, {TEXT}\)", text)}
    return found


def of_scripts(folder: Path = _page.HERE / "assets") -> set[str]:
    found: set[str] = set()
    for path in sorted(folder.glob("*.js")):
        text = path.read_text(encoding="utf-8")
        found |= {_unquoted(m) for m in re.findall(rf"(?<![\w.])t\(\s*{TEXT}", text)}
        for word, many in re.findall(rf"plural\([^;]*?, {TEXT}(?:, {TEXT})?\)", text):
            found |= {f"{{0}} {word}", f"{{0}} {many or word + 's'}"}
    return found


def of_rooms() -> set[str]:
    return {
        *_words.STATISTICS.values(),
        *_words.ENDS.values(),
        *_integrity.QUERY_COLUMNS.values(),
        *_integrity.FLOORS.values(),
        *_integrity.SEVERITIES,
    }


def everything() -> set[str]:
    return of_templates() | of_scripts() | of_rooms()
