"""The annotated CRF as PDF: each form of the study with the SDTM variables that its fields go to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crf2csr import io
from crf2csr.csr import _typeset
from submission import bookmarks
from submission.annotate import CONDITION, FIXED, LINK, NOTE, SILENT, VALUE, VISIT, Annotation, Crf, annotated

FILE, LEAF = "acrf.pdf", "LF.acrf"
TEMPLATE = Path(__file__).with_name("acrf.typ")
# The domains of a form in order: light enough for black text, told apart in grey by the name that each box bears.
COLOURS = ("#cfe8ff", "#fff2a8", "#cdf0c8", "#ffd8c9", "#e5d8fa", "#d5ecec", "#f4d3e6", "#e9e4d4")
KEYS = {"SITEID": "Site", "SUBJID": "Subject number", "EVENT": "Visit", "STUDYID": "Study"}
SHOWN = (VALUE, CONDITION, LINK)
PLACED = (VALUE, CONDITION, FIXED, VISIT)
VISITS = "Forms by visit"
NOWHERE = "No rule of the mapping takes this field into SDTM"


Pages = dict[tuple[str, str], list[int]]  # (data set, variable) -> the pages on which it stands, from 1


@dataclass(frozen=True)
class Acrf:
    """The document, and where in it each variable stands."""

    pdf: bytes
    pages: Pages


def build(crf: Crf, words: dict[str, dict[str, str]]) -> Acrf:
    """Set the annotated CRF.

    Parameters
    ----------
    crf : Crf
        Contracts, mappings, page and code lists of the study.
    words : dict
        Code list of the export -> code -> its words on the form; empty where the export brings no dictionary.
    """
    notes = [note for note in annotated(crf) if note.kind != SILENT]
    text = json.dumps(_typeset.shown(content(crf, notes, words)), ensure_ascii=False)
    pdf, at = _typeset.placed(TEMPLATE, text, "at", format="pdf", pdf_standards=["ua-1"])
    places = {(form, field): page for form, field, page in at}
    pages: dict[tuple[str, str], set[int]] = {}
    for note in notes:
        for name in note.variables if note.kind in PLACED else ():
            pages.setdefault((note.dataset, name), set()).add(places[note.form, note.field])
    return Acrf(bookmarks.moved(pdf, VISITS), {key: sorted(found) for key, found in pages.items()})


def pages_of(pages: Pages, dataset: str, variable: str) -> list[int]:
    """The pages of a variable; a numbered qualifier or piece of text has those of the first, QVAL those of all."""
    if variable == "QVAL":
        return sorted({page for (name, _), held in pages.items() if name == dataset for page in held})
    stem = variable.rstrip("0123456789")
    for key in ((dataset, variable), (dataset, stem), (dataset.removeprefix("SUPP"), stem)):
        if key in pages:
            return pages[key]
    return []


def dictionary(study: Path) -> dict[str, dict[str, str]]:
    """The words of the export's code lists, as they stand on the forms, from its staged dictionary."""
    path = study / "results/raw/dictionary.parquet"
    found: dict[str, dict[str, str]] = {}
    for row in io.read_table(path).to_dict("records") if path.exists() else ():
        said = next((str(row[name]) for name in ("decode_en", "decode", "label") if row.get(name)), "")
        found.setdefault(str(row["codelist"]), {})[str(row["code"])] = said
    return found


def content(crf: Crf, notes: list[Annotation], words: dict[str, dict[str, str]]) -> dict[str, Any]:
    """Everything that the template shows, as JSON takes it."""
    study, standards = crf.page["study"], crf.page["standards"]
    at_visits = visits(crf)
    forms = [_form(crf, form, [note for note in notes if note.form == name], words) for name, form in crf.forms.items()]
    return {
        "study": {key: str(study.get(key) or "") for key in ("id", "title", "notice", "cutoff")},
        "standards": f"SDTMIG {standards['sdtmig']}, CDISC controlled terminology of {standards['ct']}",
        "visits_heading": VISITS,
        "visits": [{"name": name, "forms": held} for name, held in at_visits.items()],
        "index": _index(notes),
        "forms": [form | {"visits": [v for v, held in at_visits.items() if form["name"] in held]} for form in forms],
    }


def _index(notes: list[Annotation]) -> list[dict[str, Any]]:
    """Data set -> variable -> where it is annotated, in the order of the alphabet."""
    places: dict[str, dict[str, list[list[str]]]] = {}
    for note in notes:
        for name in note.variables if note.kind in PLACED else ():
            places.setdefault(note.dataset, {}).setdefault(name, []).append([note.form, note.field])
    return [
        {"dataset": dataset, "variables": [{"name": name, "places": held[name]} for name in sorted(held)]}
        for dataset, held in sorted(places.items())
    ]


def visits(crf: Crf) -> dict[str, list[str]]:
    """Visit -> its forms, by the words under ``visits`` of each form; what names no visit is kept all the time."""
    planned = {visit["event"]: visit["name"] for visit in crf.page.get("visits", [])}
    found: dict[str, list[str]] = {name: [] for name in planned.values()}
    found |= {"Any visit": [], "Running records": []}
    for name, form in crf.forms.items():
        for place in _visits(crf, form, planned) or ["Running records"]:
            found[place].append(name)
    return {name: forms for name, forms in found.items() if forms}


def _visits(crf: Crf, form: dict[str, Any], planned: dict[str, str]) -> list[str]:
    said = re.findall(r"\w+", form.get("visits", ""))
    if "all" in said:
        return list(planned.values())
    if like := [crf.forms[word] for word in said if word in crf.forms and word not in planned]:
        return _visits(crf, like[0], planned) if like[0] is not form else []
    return [name for event, name in planned.items() if event in said] + (["Any visit"] if "any" in said else [])


def _form(crf: Crf, form: dict[str, Any], notes: list[Annotation], words: dict[str, dict[str, str]]) -> dict[str, Any]:
    own = [note for note in notes if note.kind != VISIT]
    parents = list(dict.fromkeys(note.dataset.removeprefix("SUPP") for note in own if note.kind != LINK))
    colours = {name: COLOURS[n % len(COLOURS)] for n, name in enumerate(parents)}
    keys = [key for key in KEYS if key not in form["fields"] and any(note.field == key for note in own)]
    return {
        "name": form["name"],
        "label": form["label"],
        "structure": form.get("structure", ""),
        "domains": [{"name": n, "label": crf.domains[n]["label"], "colour": colours[n]} for n in parents],
        "fixed": _boxes((note for note in own if note.field == ""), colours),
        "rows": [_row(name, {"label": KEYS[name], "type": "text"}, notes, colours, crf, words) for name in keys]
        + [_row(name, about, notes, colours, crf, words) for name, about in form["fields"].items()],
    }


def _boxes(notes: Iterable[Annotation], colours: dict[str, str]) -> list[dict[str, Any]]:
    """What the template needs of some notes, each box once."""
    made = (
        {
            "text": note.text,
            "colour": colours.get(note.dataset.removeprefix("SUPP"), "#ececec"),
            "supp": note.dataset.startswith("SUPP"),
            "plain": note.kind == NOTE,
        }
        for note in notes
    )
    return list({(box["text"], box["colour"]): box for box in made}.values())


def _row(
    name: str,
    about: dict[str, Any],
    notes: list[Annotation],
    colours: dict[str, str],
    crf: Crf,
    words: dict[str, dict[str, str]],
) -> dict[str, Any]:
    here = [note for note in notes if note.field == name]
    boxes = _boxes((note for note in here if note.kind in SHOWN), colours)
    dated = [name for note in here if note.kind == VISIT for name in note.variables]
    if dated:
        text = f"Date of the visit, where a form has none of its own: {', '.join(dict.fromkeys(dated))}"
        boxes.append({"text": text, "colour": "#ffffff", "supp": False, "plain": False})
    nowhere = "" if boxes else about.get("not_submitted") or NOWHERE
    return {
        "name": name,
        "label": about["label"],
        "required": about.get("required") == "Y",
        "kind": about["type"],
        "format": about.get("format", "YYYY-MM-DD" if about["type"] in ("date", "pdate") else ""),
        "unit": about.get("unit", ""),
        "bounds": _bounds(about),
        "options": _options(about, crf, words),
        "boxes": boxes,
        "nowhere": nowhere,
    }


def _bounds(about: dict[str, Any]) -> str:
    low, high = about.get("lo"), about.get("hi")
    if low is not None and high is not None:
        return f"{low} to {high}"
    return f"at least {low}" if low is not None else f"at most {high}" if high is not None else ""


def _options(about: dict[str, Any], crf: Crf, words: dict[str, dict[str, str]]) -> list[dict[str, str]]:
    """The answers of a coded field: the code, its words on the form, and the controlled term where that is another."""
    if about["type"] not in ("code", "multi"):
        return []
    name = about.get("codelist", "")
    terms, said = crf.codelists.get(name, {}), words.get(name, {})
    made = []
    for code in dict.fromkeys([*said, *map(str, terms)]):
        term = terms.get(code, "")
        term = str(term.get("code", "")) if isinstance(term, dict) else str(term)
        made.append({"code": code, "words": said.get(code, ""), "term": term if term != code else ""})
    return made
