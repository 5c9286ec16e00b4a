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


def analyze(job: Job) -> None:
    """Write the facts of one chapter, the sets of their members, the cards of its methods, and its listings."""
    part = job.slice
    datasets = {name.partition("/")[2]: _read(path, part) for name, path in job.inputs.items()}
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
        analysis = choose(spec, datasets, part["page"] | part["lists"])
        sizes |= {(spec["id"], arm): len(people) for arm, people in analysis.people().items()}
        listed = room.analyze(analysis, facts)
        if listed is not None:
            io.write_table(job.outputs[spec["id"]], listed)
    found = facts.frame()
    exempt = {spec["id"] for spec in part["spec"]["analyses"] if not cards[spec["method"]].share}
    _registry.verify(found, exempt, place)
    _registry.populations(found, sizes, place)
    found["reference"] = found["method"].map({name: card.reference for name, card in cards.items()}).astype("str")
    io.write_table(job.outputs["facts"], found)
    io.write_json(job.outputs["methods"], {name: card.about() for name, card in sorted(cards.items())})
    io.write_table(job.outputs["sets"], facts.sets())


def _read(path: str, part: dict[str, Any]) -> pd.DataFrame:
    """The columns of a data set that the chapter or the code of its methods names: selections copy no others."""
    named = set(CAPITALS.findall(json.dumps(part)))
    for spec in part["spec"]["analyses"]:
        if has_room("ard", spec["method"]):
            named |= words(f"crf2csr.ard.{spec['method']}")
    return io.read_table(path, [name for name in io.columns(path) if name in named])
