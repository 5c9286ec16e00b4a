"""The one way in which the house says that it cannot go on."""

from __future__ import annotations


class Cause(Exception):
    """Why a run stops: where it was found, what was found and the rule it breaks.

    Parameters
    ----------
    rule : str
        The rule that is broken, as a sentence.
    file, field, value : str, optional
        The file, the field in it and the offending value.
    line : int, optional
        Physical line in ``file``, the header being line 1.
    """

    def __init__(
        self,
        rule: str,
        *,
        file: str | None = None,
        line: int | None = None,
        field: str | None = None,
        value: object = None,
    ) -> None:
        self.also: list[Cause] = []
        self.rule, self.file, self.line, self.field, self.value = rule, file, line, field, value
        super().__init__(self.as_line())

    def as_line(self) -> str:
        """One line: file, line, field, value, rule."""
        where = [
            self.file or "",
            f"line {self.line}" if self.line is not None else "",
            f"field {self.field}" if self.field else "",
            f"value {str(self.value)!r}" if self.value is not None else "",
        ]
        place = ", ".join(part for part in where if part)
        return f"{place}: {self.rule}" if place else self.rule

    def lines(self) -> list[str]:
        """Lines of this cause and of those that came with it."""
        return [self.as_line(), *(line for other in self.also for line in other.lines())]


def together(causes: list[Cause]) -> Cause:
    """Bind several causes into one that can be raised; the first one speaks for all."""
    first, *others = causes
    first.also = others
    return first
