"""Responders and non-responders of one group, from rows that hold 0 or 1 or from rows that meet a condition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from crf2csr.ard._facts import one_row_each
from crf2csr.columns import among
from crf2csr.errors import Cause
from crf2csr.populations import matches

FATES = ("nonresponder", "exclude")


@dataclass(frozen=True)
class Responses:
    """Who responded, who did not and who is not known.

    Attributes
    ----------
    yes, no : Index
        Rows of the data set with a response, and with a known failure to respond.
    absent : Index
        Rows of ADSL of the subjects without a known response.
    people : Index
        Rows of ADSL of the subjects in the denominator.
    responders : Index
        Rows of ADSL of the subjects with a response.
    """

    yes: pd.Index
    no: pd.Index
    absent: pd.Index
    people: pd.Index
    responders: pd.Index

    @property
    def x(self) -> int:
        """Number of responders."""
        return len(self.responders)

    @property
    def n(self) -> int:
        """The denominator."""
        return len(self.people)


def checked(rows: pd.DataFrame, variable: str, place: str) -> pd.Series:
    """A variable that is 0, 1 or missing, of rows of which each subject has one; anything else is refused."""
    one_row_each(rows, place)
    value = rows[variable]
    strange = value[value.notna() & ~value.isin([0, 1])]
    if len(strange):
        raise Cause("a response is 0 or 1", file=place, field=variable, value=strange.iloc[0])
    return value


def known(rows: pd.DataFrame, people: pd.DataFrame, variable: str, missing: str, place: str) -> Responses:
    """Responses of a variable that is 0 or 1, one row per subject.

    A subject without a value is a non-responder, or is left out of the denominator with ``exclude``.
    """
    if missing not in FATES:
        raise Cause("`missing` is nonresponder or exclude", file=place, value=missing)
    value = checked(rows, variable, place)
    yes, no = rows.index[value == 1], rows.index[value == 0]
    absent = people.index[~among(people["USUBJID"], rows.loc[value.notna(), "USUBJID"])]
    counted = people.index if missing == "nonresponder" else people.index.difference(absent)
    return Responses(yes, no, absent, counted, people.index[among(people["USUBJID"], rows.loc[yes, "USUBJID"])])


def having(rows: pd.DataFrame, people: pd.DataFrame, where: dict[str, Any] | None, place: str) -> Responses:
    """Responses of subjects with at least one row that meets a condition; every other subject has none."""
    mine = rows[matches(rows, where, source=place)]
    held = among(people["USUBJID"], mine["USUBJID"])
    return Responses(mine.index, mine.index[:0], people.index[:0], people.index, people.index[held])
