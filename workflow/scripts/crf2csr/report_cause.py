"""How a run says why it stopped: one line per cause, on the screen, in logs/cause.log, and no traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from crf2csr.errors import Cause

CAUSES = Path("logs/cause.log")


def say(line: str) -> None:
    """Print one cause and keep it for the end of the run."""
    print(f"CAUSE: {line}", file=sys.stderr, flush=True)
    CAUSES.parent.mkdir(parents=True, exist_ok=True)
    with CAUSES.open("a", encoding="utf-8") as log:
        log.write(line + "\n")


@contextmanager
def shown() -> Iterator[None]:
    """Turn a cause into its line and a quiet stop."""
    try:
        yield
    except Cause as cause:
        say(cause.as_line())
        sys.exit(1)


def guarded(door: Callable[[Any], None], job: Any, log: str) -> None:
    """Run one job through its door; a cause is said once and the job fails."""
    try:
        door(job)
    except Cause as cause:
        say(cause.as_line())
        Path(log).parent.mkdir(parents=True, exist_ok=True)
        Path(log).write_text(cause.as_line() + "\n", encoding="utf-8")
        raise
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    Path(log).write_text(f"{door.__module__}.{door.__name__} {job.name}: {job.digest}\n", encoding="utf-8")
