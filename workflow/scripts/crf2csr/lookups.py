"""Names looked up: the cause that one is not known, and the cause that two things bear one id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from crf2csr.errors import Cause


def strange(name: str, known: Iterable[str], what: str, file: str, field: str) -> Iterator[Cause]:
    """Yield the cause that ``name`` is not among ``known``."""
    listed = sorted(known)
    if name not in listed:
        said = ", ".join(listed) if len(listed) <= 40 else f"{', '.join(listed[:40])} ..."
        yield Cause(f"is not {what}; known: {said or 'none'}", file=file, field=field, value=name)


def twice(names: Iterable[str], what: str, file: str) -> Iterator[Cause]:
    """Yield a cause for each name that stands a second time."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            yield Cause(f"two {what} bear this id", file=file, field="id", value=name)
        seen.add(name)
