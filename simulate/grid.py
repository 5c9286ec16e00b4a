"""The declared grid, read strictly."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from crf2csr.errors import Cause
from crf2csr.specs import read_yaml

METHODS = {
    "nri": "Missing is non-response",
    "locf": "Last response carried forward",
    "observed": "Observed subjects only",
    "mi": "Multiple imputation of the score",
}


@dataclass(frozen=True)
class Grid:
    """What is simulated; rates, dropout, level and correlation are shares of 1."""

    seed: int
    trials: int
    block: int
    subjects: int
    level: float
    null_rates: tuple[float, ...]
    true_rates: tuple[float, ...]
    dropout: tuple[float, ...]
    visits: tuple[str, ...]
    of_rate: tuple[float, ...]
    correlation: float
    leaving: float
    imputations: int
    methods: tuple[str, ...]

    def whole(self) -> dict[str, Any]:
        """All that is declared."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    def fixed(self) -> dict[str, Any]:
        """What a block depends on beside its own cell: more cells or blocks leave those that are there as they are."""
        return {k: v for k, v in self.whole().items() if k not in ("trials", "true_rates", "dropout")}

    @property
    def blocks(self) -> int:
        """Blocks of one cell."""
        return self.trials // self.block

    @property
    def cells(self) -> list[tuple[float, float]]:
        """Each true rate with each share of dropout."""
        return [(rate, left) for rate in self.true_rates for left in self.dropout]


def read(file: str | Path) -> Grid:
    """Read a grid; a key that is missing or unknown, or a value out of its range, is a cause."""
    held = read_yaml(file)
    plain = set(Grid.__annotations__) - {"of_rate"}
    if strange := sorted(set(held) ^ plain):
        raise Cause("is missing or unknown", file=str(file), field=strange[0])
    visits = held.pop("visits")
    lists: dict[str, Any] = {name: tuple(held.pop(name)) for name in ("null_rates", "true_rates", "dropout", "methods")}
    grid = Grid(
        **held, **lists, visits=tuple(v["name"] for v in visits), of_rate=tuple(float(v["of_rate"]) for v in visits)
    )
    inside = [*grid.null_rates, *grid.true_rates, grid.level]
    rules = {
        "true_rates, null_rates, level": all(0 < value < 1 for value in inside),
        "dropout": all(0 <= value < 0.5 for value in grid.dropout),
        "correlation": 0 <= grid.correlation < 1,
        "block": grid.block > 0 and grid.trials % grid.block == 0,
        "subjects": grid.subjects >= 20,
        "imputations": grid.imputations >= 2,
        "methods": bool(grid.methods) and set(grid.methods) <= set(METHODS),
        "visits": len(visits) >= 2 and grid.of_rate[-1] == 1 and all(0 < share <= 1 for share in grid.of_rate),
    }
    for field, kept in rules.items():
        if not kept:
            raise Cause("is out of its range", file=str(file), field=field)
    return grid
