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


# Measured: peak MB of a process that does a whole floor, at 0.9, 8.3 and 55 MB of raw data (60, 600 and 4,000 treated
# subjects): raw 120, 153, 327; sdtm 157, 293, 913; adam 184, 516, 2165; ard 204, 302; tlf 200, 379; csr 345, 1183 (here
# the third size was not measured). Snakemake itself takes about 150 MB more.
FLOORS = {
    "raw": Floor(600, 6, 1, 0.02),
    "sdtm": Floor(600, 21, 1, 0.02),
    "adam": Floor(600, 57, 1, 0.1),
    "ard": Floor(600, 21, 3, 0.2),
    "tlf": Floor(600, 30, 1, 0.05),
    "csr": Floor(800, 150, 2, 0.2),
}


class Needs:
    """What the jobs of one study need; each method gives a function as Snakemake takes it for a resource."""

    def __init__(self, study: Study) -> None:
        files = {study.raw_file(entry["name"]) for entry in study.manifest["files"]}
        self.raw_mb = sum(Path(file).stat().st_size for file in files if Path(file).exists()) / 1e6

    def memory(self, floor: str) -> Callable[..., int]:
        """Memory of a job of the floor, in MB."""
        of = FLOORS[floor]
        return self._growing(of.memory + of.memory_per_mb * self.raw_mb)

    def minutes(self, floor: str) -> Callable[..., int]:
        """Time of a job of the floor, in minutes."""
        of = FLOORS[floor]
        return self._growing(of.minutes + of.minutes_per_mb * self.raw_mb)

    @staticmethod
    def _growing(first: float) -> Callable[..., int]:
        """Twice as much with each further attempt."""

        def wanted(wildcards: object, attempt: int) -> int:
            return math.ceil(first) * 2 ** (attempt - 1)

        return wanted
