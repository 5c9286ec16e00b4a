"""What REDCap's exports have in common, as CSV and as ODM: boxes, and forms that nobody opened."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd

from crf2csr import io


def box_columns(field: str, codes: Iterable[str]) -> dict[str, str]:
    """Column of each box of a checkbox field (``field___code``) -> its code."""
    return {f"{field}___{re.sub('[^a-z0-9_]', '_', code.lower())}": code for code in codes}


def choices(text: str) -> list[str]:
    """The codes of ``1, Yes | 2, No``."""
    return [part.split(",", 1)[0].strip() for part in text.split("|") if part.strip()]


def opened(
    frame: pd.DataFrame, fields: list[str], boxes: Iterable[str], status: str, identifier: str | None
) -> pd.Series:
    """Tell which rows hold a form that somebody opened.

    Parameters
    ----------
    frame : DataFrame
        Text columns; a missing one counts as blank.
    fields : list of str
        Columns of the form, boxes among them.
    boxes : iterable of str
        Those columns where 0 stands for a box that is not ticked, or that nobody saw.
    status : str
        The column of the form's status: blank or 0 where the form was never saved.
    identifier : str, optional
        The record's identifier, where the form holds it and the study has no events: with a status, the
        form exists.

    Returns
    -------
    Series of bool
        True where an answer was given, a box ticked, or the form saved with a status above 0.
    """
    boxes = set(boxes)
    found = pd.Series(False, index=frame.index)
    for name in fields:
        if name in frame and name not in (status, identifier):
            found |= ~frame[name].isin(["", "0"] if name in boxes else [""])
    if status in frame:
        found |= ~frame[status].isin(["", "0"])
        if identifier is not None:
            found |= frame[status] != ""
    return found


def joined(frame: pd.DataFrame, boxes: dict[str, dict[str, str]]) -> pd.DataFrame:
    """Add, per checkbox field, the codes of its ticked boxes joined with ``|``; its boxes stay as they are.

    ``boxes`` maps each field to its columns and their codes. A field whose name is taken is left alone.
    """
    for field, columns in boxes.items():
        if field in frame:
            continue
        found = pd.Series("", index=frame.index, dtype=io.TEXT)
        for column, code in columns.items():
            if column in frame:
                found = found.where(frame[column] != "1", found + ("|" + code))
        frame[field] = found.str.slice(1)
    return frame
