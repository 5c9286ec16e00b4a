"""How every page of the house is filled: names must exist, text is escaped, and what hides in it is made visible."""

from __future__ import annotations

from pathlib import Path

import jinja2

from crf2csr.safe import visible


def templates(folder: Path) -> jinja2.Environment:
    """The templates of a folder, ready to be filled; markup that a program made passes, text does not become markup."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
