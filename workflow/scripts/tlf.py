"""The door of the tlf floor: open the facts of a chapter, call each display's layout, write them."""

from importlib import import_module

from crf2csr import io
from crf2csr.errors import Cause
from crf2csr.plan import Job, has_room
from crf2csr.tlf._cells import Shelf, notes

KEPT = ("id", "number", "title", "population", "kind", "sap", "analysis")


def display(job: Job) -> None:
    """Write the displays of one chapter as JSON: words, cells bound to facts, figures as SVG."""
    part = job.slice
    shelf = Shelf(io.read_table(job.inputs["facts"]))
    listings = {name: path for name, path in job.inputs.items() if name != "facts"}
    made = []
    for spec in part["spec"]["displays"]:
        if not has_room("tlf", spec["layout"]):
            raise Cause(
                "is not a layout of the house",
                file=f"config/tlf/{job.name}.yaml",
                field=spec["id"],
                value=spec["layout"],
            )
        room = import_module(f"crf2csr.tlf.{spec['layout']}")
        source = {"listing": io.read_table(listings[spec["analysis"]])} if spec.get("analysis") in listings else {}
        body = room.display(spec, shelf, part["page"], **source)
        said = {"footnotes": notes(spec, shelf)} if "footnotes" in spec else {}
        made.append({k: spec[k] for k in KEPT if k in spec} | said | body)
    io.write_json(job.outputs["displays"], {"chapter": job.name, "displays": made})
