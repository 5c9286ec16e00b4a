"""Delimited text, one form per file: every cell as entered, nothing guessed."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.raw import _csv

OPTIONS = _csv.OPTIONS


def stage(
    content: bytes,
    entry: dict[str, Any],
    file: str,
    form: dict[str, Any] | None = None,
    beside: dict[str, tuple[bytes, dict[str, Any]]] | None = None,
) -> pd.DataFrame:
    """Stage a file without loss: its columns as text, and ``LINE``, the physical line of each record.

    Lines that count the records stand in ``attrs["aside"]``.
    """
    return _csv.read(content, entry, file)
