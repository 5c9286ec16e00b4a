"""The engine that sets and draws: typst, in faces of its own and of the locked packages, none of the machine's."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import import_module, resources
from pathlib import Path
from types import ModuleType
from typing import Any

from crf2csr.errors import Cause

# typst brings Libertinus Serif; these have what it lacks: Chinese, and signs; the letters of figures are DejaVu Sans.
FACES = (("pylopdf_fonts_zh_cn", ""), ("matplotlib", "mpl-data/fonts/ttf"))
SURE = (("pylopdf_fonts_zh_cn", "NotoSerifSC-Regular.otf"), ("matplotlib", "mpl-data/fonts/ttf/DejaVuSans.ttf"))
OTHER = re.compile(r"[^\x00-\x7f]")
HINT = "is not installed: `make pdf` and `make rtf` install requirements-paper.lock"


def _package(name: str) -> ModuleType:
    try:
        return import_module(name)
    except ModuleNotFoundError:
        raise Cause(HINT, value=name) from None


def _folder(package: str, inside: str) -> Path:
    return Path(str(resources.files(_package(package)))) / inside


@cache
def _covered() -> frozenset[int]:
    """Every character that a face which is sure to be there can show."""
    ft2font: Any = import_module("matplotlib.ft2font")
    return frozenset().union(*(ft2font.FT2Font(str(_folder(*face))).get_charmap() for face in SURE))


def shown(content: Any) -> Any:
    """The same content with every character that no face has as a token such as ``⟨U+1F9A0⟩``: nothing turns blank."""
    if isinstance(content, str):
        if content.isascii():
            return content
        covered = _covered()
        return OTHER.sub(lambda c: c.group() if ord(c.group()) in covered else f"⟨U+{ord(c.group()):04X}⟩", content)
    if isinstance(content, dict):
        return {key: shown(value) for key, value in content.items()}
    if isinstance(content, list):
        return [shown(value) for value in content]
    return content


def compiled(template: str, document: str, **options: Any) -> bytes:
    """Let typst set a template, which reads ``document`` (JSON) as data: no text of it is ever obeyed."""
    typst = _package("typst")
    try:
        made = typst.compile(
            template.encode(),
            sys_inputs={"document": document},
            font_paths=[str(_folder(*face)) for face in FACES],
            ignore_system_fonts=True,
            timestamp=0,
            **options,
        )
    except RuntimeError as error:
        raise Cause(f"typst could not set the document: {error}") from None
    return made if isinstance(made, bytes) else b"".join(made)


def placed(template: Path, document: str, label: str, **options: Any) -> tuple[bytes, list[Any]]:
    """As `compiled`, with the values of the ``metadata`` called ``label``: what only the engine knows, like pages."""
    typst = _package("typst")
    try:
        engine = typst.Compiler(
            str(template.resolve()),
            root=str(template.resolve().parent),
            sys_inputs={"document": document},
            font_paths=[str(_folder(*face)) for face in FACES],
            ignore_system_fonts=True,
        )
        made = engine.compile(timestamp=0, **options)
        return made, json.loads(engine.query(f"<{label}>", field="value"))
    except RuntimeError as error:
        raise Cause(f"typst could not set the document: {error}") from None


DRAWING = """
#set page(width: auto, height: auto, margin: 2pt, fill: white)
#image(bytes(sys.inputs.document), format: "svg")
"""
PIXELS_PER_INCH = 200


def picture(svg: str) -> bytes:
    """A drawing as PNG."""
    return compiled(DRAWING, ink(svg), format="png", ppi=PIXELS_PER_INCH)


def ink(svg: str) -> str:
    """A drawing in the face that its texts were measured with."""
    return str(shown(svg.replace('font-family="sans-serif"', 'font-family="DejaVu Sans"', 1)))
