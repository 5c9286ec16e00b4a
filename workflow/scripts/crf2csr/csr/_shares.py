"""Subjects cut into shares, in the order of their ids: each share has a file of its own in a report of many files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from crf2csr.tables import Tables

FLOORS = ("adam/", "sdtm/")


class Shares:
    """All subjects, ``size`` to a share, the shares spread over ``jobs`` folders.

    Parameters
    ----------
    subjects : iterable of str
        USUBJID of every subject.
    size, jobs : int
        Subjects of one file; jobs that write the files.
    """

    def __init__(self, subjects: Iterable[str], size: int, jobs: int) -> None:
        self.subjects = sorted(set(subjects))
        self.size, self.jobs = size, jobs
        self.count = -(-len(self.subjects) // size)

    def of(self, ids: pd.Series) -> np.ndarray:
        """The share of each USUBJID; -1 for what is none."""
        at = pd.Index(self.subjects).get_indexer(ids.to_numpy(object))
        found: np.ndarray = np.where(at < 0, -1, at // self.size)
        return found

    def members(self, share: int) -> list[str]:
        """The subjects of a share."""
        return self.subjects[share * self.size : (share + 1) * self.size]

    def job_of(self, share: int) -> int:
        """Which job writes a share; the shares of a job are neighbours."""
        return share * self.jobs // self.count

    def of_job(self, job: int) -> list[int]:
        """The shares that a job writes."""
        return [share for share in range(self.count) if self.job_of(share) == job]

    def stem(self, share: int) -> str:
        """The file of a share, within the folder of the report, without its ending."""
        return f"subjects-{self.job_of(share) + 1}/{share + 1:03d}"

    def packed(self, prefix: str) -> dict[str, Any]:
        """What a page knows of them: the first subject of each file, and where it lies (without its ending)."""
        return {
            "first": [self.members(share)[0] for share in range(self.count)],
            "file": [f"{prefix}{self.stem(share)}" for share in range(self.count)],
        }


def of_study(tables: Tables, split: dict[str, Any]) -> Shares:
    """The shares of a study: every subject that some table of SDTM or ADaM names."""
    found: set[str] = set()
    for name in tables:
        if name.startswith(FLOORS) and "USUBJID" in tables.columns(name):
            found |= set(tables.some(name, ["USUBJID"])["USUBJID"].dropna().unique())
    return Shares(found, split["subjects"], split.get("jobs", 2))
