"""Submission frames: the data sets as they are submitted, after transformations that are declared and listed.

A frame holds text as ``str`` (``""`` where missing, since a transport file knows no other), and numbers as
``float64``; dates are days since 1960-01-01. Every file of the package is made from these frames.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from anyascii import anyascii

from crf2csr import io
from crf2csr.errors import Cause
from crf2csr.specs import read_yaml
from submission import long_text

NAME = re.compile(r"[A-Z][A-Z0-9]{0,7}")
LABEL_BYTES, VALUE_BYTES = 40, 200
# Days between 1960-01-01, from which a transport file counts, and 1970-01-01.
EPOCH_DAYS = 3653
# A transport file keeps numbers in base 16: exact for every double between these.
SMALLEST, LARGEST = 5.4e-79, 7.2e75
KINDS = {"text", "integer", "float", "date"}
CHANGES = ("dataset", "record", "variable", "transformation", "from", "to")


@dataclass(frozen=True)
class Variable:
    """One column: what the specification says, and ``length``, the longest value in bytes (8 for a number)."""

    name: str
    label: str
    kind: str
    length: int = 8
    about: dict[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Dataset:
    """One data set: its metadata, its variables in order, and its submission frame."""

    name: str
    label: str
    floor: str
    spec: dict[str, Any]
    variables: tuple[Variable, ...]
    frame: pd.DataFrame

    @property
    def stem(self) -> str:
        """The name of its files."""
        return self.name.lower()

    @property
    def folder(self) -> str:
        """The folder of its files below that of the study."""
        return "tabulations/sdtm" if self.floor == "sdtm" else "analysis/adam/datasets"

    def keys(self) -> dict[str, int]:
        """Key variable -> its place in the key, from 1."""
        return {name: n for n, name in enumerate(self.spec["keys"], 1) if name in self.frame}


@dataclass(frozen=True)
class Submission:
    """All data sets of a study, what was changed on the way (columns ``CHANGES``) and what was left out, with why."""

    page: dict[str, Any]
    datasets: tuple[Dataset, ...]
    changes: pd.DataFrame
    left_out: dict[str, str]

    def __getitem__(self, name: str) -> Dataset:
        return next(one for one in self.datasets if one.name == name)

    def of(self, floor: str) -> list[Dataset]:
        """The data sets of one floor."""
        return [one for one in self.datasets if one.floor == floor]

    @cached_property
    def changed(self) -> dict[tuple[str, str], dict[str, int]]:
        """How many cells of a variable of a data set were changed, by transformation."""
        found: dict[tuple[str, str], dict[str, int]] = {}
        counts = self.changes.groupby(["dataset", "variable", "transformation"], sort=True).size()
        for (dataset, variable, kind), n in counts.items():
            found.setdefault((dataset, variable), {})[kind] = n
        return found


def collect(study: Path) -> Submission:
    """Read the results of a study and make their submission frames.

    Raises
    ------
    Cause
        When a data set is missing, or breaks a limit of the transport format that no declared transformation mends.
    """
    page = read_yaml(study / "config/config.yaml")
    made, changes, left_out = [], [], {}
    for floor in ("sdtm", "adam"):
        here = []
        for path in sorted((study / f"config/{floor}").glob("*.yaml")):
            table = io.read_table(study / f"results/{floor}/{path.stem}.parquet")
            if len(table):
                dataset, changed = prepare(table, read_yaml(path), floor)
                here.append(dataset)
                changes.append(changed)
            else:
                left_out[path.stem.upper()] = "No record of this data set exists"
        here, split = long_text.spread(here)
        made += [sealed(dataset) for dataset in here]
        changes.append(split)
    if not made:
        raise Cause("has no data set to submit", file=str(study))
    return Submission(page, tuple(made), pd.concat(changes, ignore_index=True), left_out)


def prepare(table: pd.DataFrame, spec: dict[str, Any], floor: str) -> tuple[Dataset, pd.DataFrame]:
    """Return the data set with text in ASCII, and the list of cells that this changed. Trace columns are left out."""
    file = f"config/{floor}/{spec['name'].lower()}.yaml"
    wanted = {name: about for name, about in spec["variables"].items() if not about.get("supp")}
    missing = [name for name in wanted if name not in table]
    if missing:
        raise Cause("the data set lacks a variable of its specification", file=file, field=missing[0])
    columns, changes = {}, [empty_changes()]
    for name, about in wanted.items():
        if about["type"] not in KINDS:
            raise Cause("is not a type that can be submitted", file=file, field=name, value=about["type"])
        if about["type"] == "text":
            text = table[name].astype("str").where(table[name].notna(), "").astype("object")
            columns[name] = plain(text)
            changes.append(_changed(spec["name"], name, text, columns[name]))
        else:
            columns[name] = _number(table[name], about["type"], file, name)
    variables = tuple(Variable(name, about["label"], about["type"], 8, about) for name, about in wanted.items())
    frame = pd.DataFrame(columns)
    return Dataset(spec["name"], spec["label"], floor, spec, variables, frame), pd.concat(changes, ignore_index=True)


def plain(text: pd.Series) -> pd.Series:
    """Text in printable ASCII: transliterated, control characters and line ends as a blank, no trailing blank."""
    words = {word: re.sub(r"[\x00-\x1f\x7f]+", " ", anyascii(word)).rstrip(" ") for word in text.unique()}
    return text.map(words).astype("object")


def _number(column: pd.Series, kind: str, file: str, name: str) -> pd.Series:
    values = column.astype("float64")
    size = values.abs()
    outside = values[(size > 0) & ~size.between(SMALLEST, LARGEST)]
    if len(outside):
        raise Cause("a transport file cannot hold this number", file=file, field=name, value=outside.iloc[0])
    if kind in ("integer", "date") and (values.dropna() % 1 != 0).any():
        raise Cause(f"is no whole number although the type is {kind}", file=file, field=name)
    return values + EPOCH_DAYS if kind == "date" else values


def empty_changes() -> pd.DataFrame:
    """A listing of changes without rows."""
    return pd.DataFrame({name: pd.Series(dtype="object") for name in CHANGES})


def _changed(dataset: str, name: str, before: pd.Series, after: pd.Series) -> pd.DataFrame:
    moved = before.ne(after)
    if not moved.any():
        return empty_changes()
    made = pd.DataFrame({"from": before[moved], "to": after[moved]}, dtype="object")
    ascii_already = made["from"].map(str.isascii).astype("bool")
    kind = pd.Series("transliterated to ASCII", index=made.index, dtype="object").mask(
        ascii_already, "control character or trailing blank removed"
    )
    made = made.assign(dataset=dataset, record=made.index + 1, variable=name, transformation=kind)
    return made[list(CHANGES)].astype("object")


def sealed(dataset: Dataset) -> Dataset:
    """Measure the lengths and refuse what version 5 of the transport format cannot hold; nothing is ever cut."""
    where = f"{dataset.floor}/{dataset.stem}"
    if not NAME.fullmatch(dataset.name):
        raise Cause("a transport file needs a name of at most 8 capitals and digits", file=where, value=dataset.name)
    if len(dataset.label.encode()) > LABEL_BYTES or not dataset.label.isascii():
        raise Cause(f"the label has more than {LABEL_BYTES} bytes of ASCII", file=where, value=dataset.label)
    sized = []
    for variable in dataset.variables:
        column = dataset.frame[variable.name]
        if not NAME.fullmatch(variable.name):
            raise Cause(
                "a transport file needs a name of at most 8 capitals and digits", file=where, field=variable.name
            )
        if len(variable.label.encode()) > LABEL_BYTES or not variable.label.isascii():
            rule = f"the label has more than {LABEL_BYTES} bytes of ASCII"
            raise Cause(rule, file=where, field=variable.name, value=variable.label)
        length = 8
        if variable.kind == "text":
            length = max(1, int(column.str.len().max()))
            odd = column[~column.map(str.isascii).astype("bool")]
            if len(odd):
                raise Cause("holds text that is not ASCII", file=where, field=variable.name, value=odd.iloc[0])
            if length > VALUE_BYTES:
                rule = f"a value has more than {VALUE_BYTES} bytes and no rule splits it"
                raise Cause(rule, file=where, field=variable.name, value=column[column.str.len().idxmax()])
        sized.append(replace(variable, length=length))
    return replace(dataset, variables=tuple(sized), frame=dataset.frame[[v.name for v in sized]].reset_index(drop=True))
