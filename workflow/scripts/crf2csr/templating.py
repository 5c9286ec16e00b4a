"""How every page of the house is filled: names must exist, text is escaped, and what hides in it is made visible."""

from __future__ import annotations

from pathlib import Path
from types import CodeType

import jinja2
from jinja2.bccache import Bucket

from crf2csr.safe import visible


class Compiled(jinja2.BytecodeCache):
    """Templates that this process compiled: all environments of ``templates`` compile alike, so once is enough."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Hand over the code of a template whose text is still the same."""
        bucket.code = self._held.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code of a template."""
        if bucket.code is not None:
            self._held[bucket.key, bucket.checksum] = bucket.code


COMPILED = Compiled()


def templates(folder: Path) -> jinja2.Environment:
    """The templates of a folder, ready to be filled; markup that a program made passes, text does not become markup."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        bytecode_cache=COMPILED,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
