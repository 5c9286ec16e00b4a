"""One step of a study: what it reads and writes, and the digest of all else that it depends on."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from crf2csr import io
from crf2csr.errors import Cause
from crf2csr.specs import Study, digest

HOUSE = Path(__file__).parent
# How variables of data sets are written, in code as in specifications; a working one begins with a line.
CAPITALS = re.compile(r"_?[A-Z][A-Z0-9_]*")
# The role of a table of lines among the inputs of a job; it is read with the display that names it.
LISTED = "ard/_listing/"
ROOM = 2  # dots in the name of a room: crf2csr.<floor>.<room>


@dataclass
class Job:
    """One step: the names of its inputs and outputs, and the digest of all else that it depends on.

    ``after`` are files that must have been made before, and that it does not read.
    """

    name: str
    inputs: dict[str, str]
    outputs: dict[str, str]
    digest: str
    slice: dict[str, Any] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)


# An import is a statement of its own, so it begins a line; to parse the whole house takes ten times as long. A line of
# a docstring that looks like one costs no more than a job done once too often. A test holds this against the parser.
IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(?P<module>crf2csr[\w.]*)[ \t]+import[ \t]*"
    r"(?P<names>\((?:#[^\n]*|[^)#])*\)|(?:[^\n#\\]|\\\n)+)"
    r"|import[ \t]+(?P<modules>crf2csr(?:[^\n#\\]|\\\n)*))",
    re.MULTILINE,
)
COMMENT = re.compile(r"#[^\n]*")


@cache
def imports(module: str) -> frozenset[str]:
    """Names of all house modules that ``module`` (``crf2csr.x.y``) imports, itself included."""
    found = {module}
    path = _path(module)
    if path is None:
        raise Cause("no such module in the house", value=module)
    for name in named(io.read_bytes(path).decode("utf-8")):
        if name not in found and _path(name) is not None:
            found |= imports(name)
    return frozenset(found)


def named(text: str) -> set[str]:
    """What a module of the house imports of the house, by its text: modules, and names in modules that may be such."""
    found: set[str] = set()
    for statement in IMPORT.finditer(text):
        module = statement["module"]
        listed = COMMENT.sub("", statement["names"] or statement["modules"]).strip("()").replace("\\\n", " ")
        names = {part.split()[0] for part in listed.split(",") if part.split()}
        found |= {module} | {f"{module}.{name}" for name in names} if module else names
    return found


def _path(module: str) -> Path | None:
    return _found(HOUSE.parent, module)


@cache
def _found(base: Path, module: str) -> Path | None:
    stem = base.joinpath(*module.split("."))
    return next((file for file in (stem.with_suffix(".py"), stem / "__init__.py") if file.is_file()), None)


@cache
def _code_of(names: frozenset[str]) -> str:
    return digest({name: io.content(path) for name in sorted(names) if (path := _path(name))})


def code(*modules: str) -> str:
    """Digest of the text of all that these modules run with (``covered``)."""
    return _code_of(covered(*modules))


def covered(*modules: str) -> frozenset[str]:
    """These modules, everything in the house that they import, and the doors of their floors.

    Of what a door imports it is the ground alone: it opens the rooms of other jobs too.
    """
    doors = {module.split(".")[1] for module in modules} & {path.stem for path in HOUSE.parent.glob("*.py")}
    ground = {name for door in doors for name in imports(door) if name.count(".") < ROOM}
    return frozenset({"crf2csr", *ground}).union(*(imports(module) for module in modules))


@cache
def words(module: str) -> frozenset[str]:
    """Every word in capitals in the text of this module and of all that it imports: each variable that they name.

    A reader may leave out the columns of a table that neither these nor the specification name.
    """
    texts = (io.read_bytes(path).decode("utf-8") for name in sorted(imports(module)) if (path := _path(name)))
    return frozenset(word for text in texts for word in CAPITALS.findall(text))


def has_room(floor: str, name: str) -> bool:
    """Tell whether the floor has a module of this name."""
    return _path(f"crf2csr.{floor}.{name}") is not None


def page_slice(study: Study, keys: list[str]) -> dict[str, Any]:
    """The parts of the study's page that a job may see."""
    return {key: study.page[key] for key in keys if key in study.page}


def sdtm_outputs(name: str) -> dict[str, str]:
    """Outputs of a job of the sdtm floor."""
    return {
        "data": f"results/sdtm/{name}.parquet",
        "ledger": f"results/sdtm/_ledger/{name}.parquet",
        "queries": f"results/sdtm/_queries/{name}.parquet",
    }


def listed(displays: dict[str, Job]) -> dict[str, str]:
    """The tables of lines that these displays name: inputs of every job that prints them."""
    return {
        f"{LISTED}{chapter}/{role}": path
        for chapter, job in displays.items()
        for role, path in job.inputs.items()
        if role != "facts"
    }


def ordered(jobs: Iterable[Job]) -> list[Job]:
    """Sort jobs so that each comes after those whose outputs it reads; a circle is refused."""
    every = list(jobs)
    maker = {path: n for n, job in enumerate(every) for path in job.outputs.values()}
    needs = {n: {maker[p] for p in job.inputs.values() if p in maker} for n, job in enumerate(every)}
    try:
        return [every[n] for n in TopologicalSorter(needs).static_order()]
    except CycleError as circle:
        names = " -> ".join(every[n].name for n in circle.args[1])
        raise Cause(f"the declared sources go in a circle: {names}") from None


def mentioned(spec: Any, key: str) -> set[str]:
    """All values that stand under ``key`` anywhere in a specification."""
    found: set[str] = set()
    if isinstance(spec, dict):
        for name, value in spec.items():
            if name == key and isinstance(value, str):
                found.add(value)
            elif name == key and isinstance(value, dict):
                found |= {v for v in value.values() if isinstance(v, str)}
            found |= mentioned(value, key)
    elif isinstance(spec, list):
        for item in spec:
            found |= mentioned(item, key)
    return found
