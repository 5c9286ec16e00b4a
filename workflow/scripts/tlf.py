"""The door of the tlf floor: open the facts of a chapter, call each display's layout, write them."""

from importlib import import_module
from typing import Any

from crf2csr import io
from crf2csr.bound import bound
from crf2csr.errors import Cause
from crf2csr.plan import Job, has_room
from crf2csr.tlf import _subjects
from crf2csr.tlf._cells import Nothing, Shelf, notes
from crf2csr.tlf.listing import Lines

KEPT = ("id", "number", "title", "population", "kind", "sap", "analysis")


def display(job: Job) -> None:
    """Write the displays of one chapter as JSON: words, cells bound to facts, figures as SVG, where listings lie.

    Written a second time without words, for what depends on the numbers alone.
    """
    part = job.slice
    shelf = Shelf(io.read_table(job.inputs["facts"]))
    # An analysis that no row of the data enters has no facts: its displays say so.
    silent = set(part.get("analyses", [])) - set(shelf.by_analysis)
    listings = {name: path for name, path in job.inputs.items() if name != "facts"}
    made = []
    for planned in part["spec"]["displays"]:
        spec = _without(planned, silent)
        if not has_room("tlf", spec["layout"]):
            raise Cause(
                "is not a layout of the house",
                file=f"config/tlf/{job.name}.yaml",
                field=spec["id"],
                value=spec["layout"],
            )
        room = import_module(f"crf2csr.tlf.{spec['layout']}")
        table = listings.get(spec.get("analysis"))
        source = {"listing": Lines(table, io.columns(table), io.rows(table))} if table else {}
        held: list[str] = []
        try:
            if spec["kind"] in ("table", "figure") and _said_nothing(planned, spec, silent):
                raise Nothing
            body = room.display(spec, shelf, part["page"], **source)
        except Nothing:
            body = {"stub": spec.get("stub", ""), "columns": [], "rows": []}
            body |= {"svg": ""} if spec["kind"] == "figure" else {}
        except _subjects.Withheld as why:
            body, held = _subjects.withheld(spec, shelf), [f"Not drawn: {why}."]
        said = {"footnotes": [*(notes(spec, shelf) if "footnotes" in spec else []), *held]}
        said = said if said["footnotes"] else {}
        made.append({k: spec[k] for k in KEPT if k in spec} | said | body)
    chapter = {"chapter": job.name, "displays": made}
    io.write_json(job.outputs["displays"], chapter)
    io.write_json(job.outputs["bound"], bound(chapter))


def _said_nothing(planned: dict[str, Any], spec: dict[str, Any], silent: set[str]) -> bool:
    """Tell whether the analysis of a display has no facts, or none of its rows an analysis that has."""
    return planned.get("analysis") in silent or bool(planned.get("rows") and not spec["rows"])


def _without(spec: dict[str, Any], silent: set[str]) -> dict[str, Any]:
    """Leave out the planned rows and the notes that show an analysis without facts."""

    def speaks(planned: Any) -> bool:
        return not isinstance(planned, dict) or planned.get("analysis", spec.get("analysis")) not in silent

    kept = {key: [some for some in spec[key] if speaks(some)] for key in ("rows", "footnotes") if key in spec}
    return spec | kept
