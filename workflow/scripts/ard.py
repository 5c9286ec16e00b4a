"""The door of the ard floor: open the data sets of a chapter, choose rows, call each method, write facts."""

from importlib import import_module

from crf2csr import io
from crf2csr.ard._facts import Facts, choose
from crf2csr.errors import Cause
from crf2csr.plan import Job, has_room


def analyze(job: Job) -> None:
    """Write the facts of one chapter, the sets of their members, the cards of its methods, and its listings."""
    part = job.slice
    datasets = {name.partition("/")[2]: io.read_table(path) for name, path in job.inputs.items()}
    facts = Facts()
    cards = {}
    for spec in part["spec"]["analyses"]:
        if not has_room("ard", spec["method"]):
            raise Cause(
                "is not a method of the house",
                file=f"config/ard/{job.name}.yaml",
                field=spec["id"],
                value=spec["method"],
            )
        room = import_module(f"crf2csr.ard.{spec['method']}")
        cards[spec["method"]] = room.CARD
        listed = room.analyze(choose(spec, datasets, part["page"] | part["lists"]), facts)
        if listed is not None:
            io.write_table(job.outputs[spec["id"]], listed)
    found = facts.frame()
    found["reference"] = found["method"].map({name: card.reference for name, card in cards.items()}).astype("str")
    io.write_table(job.outputs["facts"], found)
    io.write_json(job.outputs["methods"], {name: card.about() for name, card in sorted(cards.items())})
    io.write_table(job.outputs["sets"], facts.sets())
