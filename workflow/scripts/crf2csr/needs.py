"""What a job needs of a machine: memory and time, by floor and by the size of the raw data.

The figures are measured (``python bench/needs.py``) and rounded up to about one and a half times the peak. A run on
one machine does not look at them; a cluster keeps a job to them, so a job that was ended from outside asks for twice
as much the next time.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from crf2csr.specs import Study


@dataclass(frozen=True)
class Floor:
    """Megabytes and minutes that a job needs: at least, and more for each megabyte of raw data."""

    memory: float
    memory_per_mb: float
    minutes: float
    minutes_per_mb: float


# Measured: peak MB of a process that does a whole floor, at 0.9 and 8.3 MB of raw data (60 and 600 treated subjects):
# raw 120, 153; sdtm 157, 293; adam 184, 516; ard 204, 302; tlf 200, 379; csr 345, 1183. Of the hungriest job at 368 MB
# (10,000 subjects, 2.5 million laboratory results): raw 2617, sdtm 3009, adam 2955, ard 2770, tlf 307; of a report in
# many files 1942 for the sections, 2600 for a quarter of the subjects. Two jobs of a group run beside each other;
# Snakemake takes 150 MB more.
FLOORS = {
    "raw": Floor(600, 8, 1, 0.02),
    "sdtm": Floor(600, 17, 1, 0.02),
    "adam": Floor(800, 17, 1, 0.1),
    "ard": Floor(600, 16, 3, 0.2),
    "tlf": Floor(800, 6, 1, 0.05),
    "csr": Floor(800, 150, 2, 0.2),
    "csr in many files": Floor(1500, 8, 2, 0.1),
}


class Needs:
    """What the jobs of one study need; each method gives a function as Snakemake takes it for a resource."""

    def __init__(self, study: Study) -> None:
        files = {study.raw_file(entry["name"]) for entry in study.manifest["files"]}
        self._many = "split" in study.csr
        self.raw_mb = sum(Path(file).stat().st_size for file in files if Path(file).exists()) / 1e6

    def memory(self, floor: str) -> Callable[..., int]:
        """Memory of a job of the floor, in MB."""
        of = self._floor(floor)
        return self._growing(of.memory + of.memory_per_mb * self.raw_mb)

    def minutes(self, floor: str) -> Callable[..., int]:
        """Time of a job of the floor, in minutes."""
        of = self._floor(floor)
        return self._growing(of.minutes + of.minutes_per_mb * self.raw_mb)

    def _floor(self, name: str) -> Floor:
        return FLOORS["csr in many files" if name == "csr" and self._many else name]

    @staticmethod
    def _growing(first: float) -> Callable[..., int]:
        """Twice as much with each further attempt."""

        def wanted(wildcards: object, attempt: int) -> int:
            return math.ceil(first) * 2 ** (attempt - 1)

        return wanted
