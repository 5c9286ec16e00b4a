"""A file that gives several forms is read once: the last reading is kept until every form has had it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from threading import Lock
from typing import Any


class Memo:
    """Keeps one reading. Jobs run as threads, so one reads and the others wait."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._key: tuple[str, ...] = ()
        self._kept: Any = None
        self._left = 0

    def get(self, content: bytes, asks: tuple[str, ...], uses: int, make: Callable[[], Any]) -> Any:
        """Return ``make()`` for this content and these options, or what it returned before.

        ``uses`` is the number of forms that will ask; after the last one nothing is kept.
        """
        if uses < 2:
            return make()
        key = (hashlib.sha256(content).hexdigest(), *asks)
        with self._lock:
            if key != self._key or self._kept is None:
                self._kept, self._key, self._left = make(), key, uses
            kept = self._kept
            self._left -= 1
            if self._left <= 0:
                self._kept, self._key = None, ()
            return kept
