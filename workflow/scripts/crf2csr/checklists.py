"""Reporting checklists: the items stand in ``workflow/standards/``, a study says where it reports each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crf2csr.errors import Cause
from crf2csr.lookups import strange
from crf2csr.specs import Study

WORDS = {"table": "Table", "figure": "Figure", "listing": "Listing", "narrative": "Narrative"}


def check(study: Study) -> Iterator[Cause]:
    """Yield items that a checklist does not answer, and answers or displays that do not exist."""
    made = _displays(study)
    for chapter, spec in study.tlf.items():
        for display in spec["displays"]:
            if display["layout"] != "checklist":
                continue
            file, field = f"config/tlf/{chapter}.yaml", f"{display['id']}.answers"
            name = display.get("standard")
            if name not in study.lists or not study.lists[name] or "ITEM" not in study.lists[name][0]:
                yield Cause("is not a checklist among workflow/standards/", file=file, field="standard", value=name)
                continue
            items, answers = [row["ITEM"] for row in study.lists[name]], display.get("answers", {})
            for item in items:
                if item not in answers:
                    yield Cause(
                        "the checklist asks this item and the study does not answer it",
                        file=file,
                        field=field,
                        value=item,
                    )
            for item, answer in answers.items():
                yield from strange(item, items, "an item of the checklist", file, field)
                for shown in answer.get("displays", []):
                    yield from strange(shown, made, "a display of the study", file, f"{field}.{item}")
                if not set(answer) <= {"displays", "text", "not"} or not answer:
                    yield Cause(
                        "an answer has displays, text, or not (why it is not reported)",
                        file=file,
                        field=f"{field}.{item}",
                    )


def completed(study: Study, display: dict[str, Any]) -> dict[str, Any]:
    """A checklist with its items and the names of the displays that its answers point to."""
    if display["layout"] != "checklist":
        return display
    named = {
        i: name
        for i, name in _displays(study).items()
        if any(i in a.get("displays", []) for a in display["answers"].values())
    }
    return display | {"items": study.lists[display["standard"]], "named": named}


def _displays(study: Study) -> dict[str, str]:
    return {
        d["id"]: f"{WORDS.get(d['kind'], 'Display')} {d.get('number', '')}".strip()
        for spec in study.tlf.values()
        for d in spec["displays"]
    }
