"""The door of the ard floor: open the data sets of a chapter, choose rows, call each method, write facts."""

import json
from importlib import import_module
from typing import Any

import pandas as pd

from crf2csr import io
from crf2csr.ard import _registry
from crf2csr.ard._facts import Facts, choose
from crf2csr.errors import Cause
from crf2csr.jobs import CAPITALS, Job, has_room, words

# Of a data set with more cells than these, each analysis reads its own columns anew.
CELLS = 10_000_000


def analyze(job: Job) -> None:
    """Write the facts of one chapter, the sets of their members, the cards of its methods, and its listings."""
    part = job.slice
    datasets = {name.partition("/")[2]: _opened(path, part) for name, path in job.inputs.items()}
    facts, sizes, place = Facts(), {}, f"config/ard/{job.name}.yaml"
    cards = {}
    for spec in part["spec"]["analyses"]:
        if not has_room("ard", spec["method"]):
            raise Cause(
                "is not a method of the house",
                file=place,
                field=spec["id"],
                value=spec["method"],
            )
        room = import_module(f"crf2csr.ard.{spec['method']}")
        cards[spec["method"]] = room.CARD
        analysis = choose(spec, _narrow(datasets, spec, part), part["page"] | part["lists"])
        sizes |= {(spec["id"], arm): len(people) for arm, people in analysis.people().items()}
        listed = room.analyze(analysis, facts)
        if listed is not None:
            io.write_table(job.outputs[spec["id"]], listed)
        del analysis, listed  # of a large data set, before the next rows are read
    found = facts.frame()
    exempt = {spec["id"] for spec in part["spec"]["analyses"] if not cards[spec["method"]].share}
    _registry.verify(found, exempt, place)
    _registry.populations(found, sizes, place)
    found["reference"] = found["method"].map({name: card.reference for name, card in cards.items()}).astype("str")
    io.write_table(job.outputs["facts"], found)
    io.write_json(job.outputs["methods"], {name: card.about() for name, card in sorted(cards.items())})
    io.write_table(job.outputs["sets"], facts.sets())


def _opened(path: str, part: dict[str, Any]) -> pd.DataFrame | str:
    """The columns of a data set that the chapter names, or its path, where these are too many cells to keep."""
    named = _named(part["spec"]["analyses"], part)
    columns = [name for name in io.columns(path) if name in named]
    return io.read_table(path, columns) if io.rows(path) * len(columns) <= CELLS else path


def _named(analyses: list[dict[str, Any]], part: dict[str, Any]) -> set[str]:
    """Every variable that these analyses, the settings of the study or the code of the methods may name."""
    named = set(CAPITALS.findall(json.dumps([analyses, {k: v for k, v in part.items() if k != "spec"}])))
    for spec in analyses:
        if has_room("ard", spec["method"]):
            named |= words(f"crf2csr.ard.{spec['method']}")
    return named


def _narrow(datasets: dict[str, pd.DataFrame | str], spec: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """The data sets with the columns that one analysis may name: selections of rows copy no others."""
    named = _named([spec], part)
    others = [*spec.get("without", []), *spec.get("beside", {}).values(), *([spec["split"]] if "split" in spec else [])]
    used = {"adsl", spec["dataset"], *(about["dataset"] for about in others)}
    return {
        name: io.read_table(held, [c for c in io.columns(held) if c in named])
        if isinstance(held, str)
        else held[[c for c in held if c in named]]
        for name, held in datasets.items()
        if name in used
    }
