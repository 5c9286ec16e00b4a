"""Cards: what a method is, its formula, its source, and the call of R that computes the same."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Card:
    """How a method presents itself beside its results.

    Attributes
    ----------
    name : str
        The method in the words of its field.
    formulas, r : dict of str
        Formula, and call of R, by the beginning of a statistic's name; the longest beginning that fits is shown,
        ``""`` stands for the whole method.
    references : tuple of str
        Author, journal, year; volume: page.
    share : bool
        Whether the statistic ``p`` is n / N of its cell; then every one of them is checked.
    """

    name: str
    formulas: dict[str, str]
    references: tuple[str, ...] = ()
    r: dict[str, str] = field(default_factory=dict)
    share: bool = True

    @property
    def reference(self) -> str:
        """All references in one text, as each fact carries it."""
        return "; ".join(self.references)

    def about(self) -> dict[str, Any]:
        """The card as plain data."""
        known = asdict(self) | {"references": list(self.references)}
        return {name: value for name, value in known.items() if name != "share"}
