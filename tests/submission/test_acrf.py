"""The annotated CRF against the data: what a field is said to fill is what changes when the field is changed."""

from __future__ import annotations

import io as stream
from collections import defaultdict
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec

import lxml.etree
import pandas as pd
import pypdf
import pytest

from crf2csr import io
from crf2csr.sdtm import _mapping, _screen, _timing
from crf2csr.sdtm._verbs import Context
from crf2csr.specs import read_yaml
from submission import acrf, annotate, bookmarks, define, define_page
from submission.annotate import CONDITION, LINK, SILENT, VALUE, VISIT, Annotation
from tests.submission.test_define import TERMS, ae, submission

pytestmark = pytest.mark.req("URS-PKG-07")

FORM = {
    "name": "AE",
    "label": "Adverse *events*",
    "structure": "repeat",
    "visits": "log",
    "fields": {
        "AESPID": {"label": "Number", "type": "int", "lo": 1},
        "AETERM": {"label": "Term #evil", "type": "text", "required": "Y"},
        "AEONGO": {"label": "Ongoing", "type": "code", "codelist": "NY"},
        "AESI": {"label": "Special", "type": "multi", "codelist": "SI"},
        "AENOTE": {"label": "Note", "type": "text", "not_submitted": "For the site only"},
        "AESTDAT": {"label": "Start", "type": "pdate", "format": "DD/MM/YYYY"},
    },
}
MAPPING = {
    "name": "AE",
    "label": "Adverse Events",
    "records": [
        {
            "form": "AE",
            "where": {"AETERM": {"present": True}},
            "set": {
                "AETERM": {"assign": "AETERM"},
                "AESTDTC": {"date": "AESTDAT"},
                "AEENRTPT": {"hardcode": "ONGOING", "when": {"AEONGO": "Y"}},
                "AECAT": {"hardcode": "EVENTS"},
                "AESI": {"assign": "AESI"},
            },
        }
    ],
    "variables": {name: {} for name in ("AETERM", "AESTDTC", "AEENRTPT", "AECAT")} | {"AESI": {"supp": True}},
}


def small(**changed) -> annotate.Crf:
    page = {
        "study": {"id": "S-1", "title": "A study", "notice": "SYNTHETIC. Not real."},
        "standards": {"sdtmig": "3.4", "ct": "2025-03-25"},
        "subjects": {"form": "AE"},
        "visits": [{"event": "BL", "name": "Baseline"}],
    }
    lists = {"NY": {"Y": "Y", "N": "N"}, "SI": {"1": {"code": "SEPSIS"}, "2": "SHOCK"}}
    return annotate.Crf({"AE": FORM} | changed, {"AE": MAPPING}, page, lists)


def boxes(crf: annotate.Crf, field: str) -> list[str]:
    return [note.text for note in annotate.annotated(crf) if note.field == field and note.kind != SILENT]


def test_each_kind_of_rule_has_its_words():
    crf = small()
    assert boxes(crf, "AETERM") == ["AETERM"] and boxes(crf, "AESTDAT") == ["AESTDTC"]
    assert boxes(crf, "AEONGO") == ["AEENRTPT = ONGOING when AEONGO = Y"]
    assert boxes(crf, "AESI") == ["AESI in SUPPAE"]
    assert boxes(crf, "") == ["AECAT = EVENTS"]
    assert boxes(crf, "AENOTE") == boxes(crf, "AESPID") == []


@pytest.mark.parametrize(
    "condition, said",
    [
        ({"A": "Y"}, "A = Y"),
        ({"A": ["X", "Y"], "B": {"present": False}}, "A in (X, Y) and B is blank"),
        ({"A": {"not": ["X", "Y"]}, "B": {"ge": 1, "missing": "drop"}}, "A is not X or Y and B >= 1"),
        ({"any": [{"A": "Y"}, {"B": {"present": True}}]}, "(A = Y or B is entered)"),
    ],
)
def test_a_condition_is_said_in_words(condition, said):
    assert annotate.words(condition) == said


def test_a_form_of_one_study_is_set_tagged_with_bookmarks_that_lead_to_it():
    crf = small(VS={**FORM, "name": "VS", "label": "Signs", "visits": "BL"})
    made = acrf.build(crf, {"NY": {"Y": "Yes", "N": "No"}})
    assert made.pages[("AE", "AETERM")] == made.pages[("SUPPAE", "AESI")] == [4]
    read = pypdf.PdfReader(stream.BytesIO(made.pdf), strict=True)
    assert read.trailer["/Root"]["/MarkInfo"]["/Marked"] and read.trailer["/Root"]["/PageMode"] == "/UseOutlines"
    texts = [page.extract_text() for page in read.pages]
    for said in ("Adverse *events*", "Term #evil", "[NOT SUBMITTED]", "For the site only", acrf.NOWHERE, "= SEPSIS"):
        assert said in texts[3]
    inside = read.outline[read.outline.index(next(o for o in read.outline if o.title == acrf.VISITS)) + 1]
    assert [one.title for one in inside if not isinstance(one, list)] == ["Baseline", "Running records"]
    goes = {o.title: read.get_destination_page_number(o) for part in inside if isinstance(part, list) for o in part}
    assert goes == {"Adverse *events*": 3, "Signs": 4}
    with pytest.raises(Exception, match="0 bookmarks of this title"):
        bookmarks.moved(made.pdf, "Somewhere")


def test_define_names_the_document_and_the_pages_of_what_was_collected_only():
    pages = {("AE", "AESER"): [4, 7], ("AE", "AESEQ"): [4]}
    made = define.xml(submission(ae()), "sdtm", TERMS, None, pages)
    assert define.faults(made) == []
    tree = lxml.etree.fromstring(made)
    refs = {e.getparent().getparent().getparent().get("OID"): e.get("PageRefs") for e in tree.iter("{*}PDFPageRef")}
    assert refs == {"IT.AE.AESER": "4 7"}
    assert f'href="{acrf.FILE}#page=7"' in define_page.render(made)
    astray = made.replace(b'<def:leaf ID="LF.acrf"', b'<def:leaf ID="LF.other"')
    assert astray != made and any("LF.acrf" in fault for fault in define.faults(astray))


def test_a_numbered_qualifier_has_the_pages_of_the_first():
    pages = {("SUPPAE", "AESI"): [3], ("SUPPAE", "B"): [5], ("AE", "AETERM"): [4]}
    assert acrf.pages_of(pages, "SUPPAE", "AESI2") == [3]
    assert acrf.pages_of(pages, "SUPPAE", "AETERM1") == [4]
    assert acrf.pages_of(pages, "SUPPAE", "QVAL") == [3, 5]
    assert acrf.pages_of(pages, "AE", "AESER") == []


# The shipped study: every field of every form is changed in some subjects, and the domains are made again.


def other(text: str, field: dict, values: list[str], codes: dict) -> str:
    """Another content of the same kind as ``text``."""
    kind = field["type"]
    if kind in ("code", "multi"):
        return next((str(code) for code in reversed([*codes[field["codelist"]]]) if str(code) != text), f"{text}X")
    if kind in ("date", "pdate"):
        return "2026-01-16" if text == "2026-01-15" else "2026-01-15"
    if kind == "time":
        return "09:31" if text != "09:31" else "09:32"
    if kind in ("int", "num"):
        low = str(int(field.get("lo", 0)))
        return low if text != low else str(int(low) + 1)
    return next((value for value in values if value not in ("", text)), text + " X")


def each(notes: list[Annotation]) -> list[Annotation]:
    """Notes on values with one variable each: every variable must be shown to come from the field."""
    apart = [[replace(n, variables=(v,)) for v in n.variables] if n.kind == VALUE else [n] for n in notes]
    return [one for several in apart for one in several]


def home(note: Annotation) -> str:
    """The domain in whose rows a note shows."""
    return "RELREC" if note.kind == LINK else note.dataset.removeprefix("SUPP")


def provable(note: Annotation) -> bool:
    """Whether another content of the field must show in the variables of the note."""
    return note.kind in (VALUE, LINK) or (note.kind == CONDITION and f" when {note.field} = " in note.text)


def demands(crf, notes, before, raw) -> dict[tuple[str, str, str, tuple], list[str]]:
    """For each provable note and each field: the subjects whose records are of use, by the trace of the rows."""
    subject = {n: dict(zip(frame["LINE"].astype("str"), frame["SUBJID"], strict=True)) for n, frame in raw.items()}
    entered = {
        (n, f): set(frame.loc[frame[f].str.strip() != "", "LINE"].astype("str"))
        for n, frame in raw.items()
        for f in crf.forms[n]["fields"]
    }
    found: dict[tuple[str, str, str, tuple], list[str]] = {}
    for note in notes:
        rows = before[home(note)] if provable(note) and (note.form, note.field) in entered else None
        if rows is not None:
            held = [name for name in note.variables if name in rows]
            rows = rows[rows[held].notna().any(axis=1)] if held else rows
            recs = set(" ".join(rows["_REC"].unique()).split(" "))
            lines = {rec.split(":")[1] for rec in recs if rec.split(":")[0] == note.form}
            key = (note.form, note.field, home(note), note.variables)
            found[key] = sorted({subject[note.form][line] for line in lines & entered[note.form, note.field]})
    shown = {key[:2] for key, subjects in found.items() if subjects}
    for (form, field), lines in entered.items():
        if (form, field) not in shown:
            found[form, field, "", ()] = sorted({subject[form][line] for line in lines})
    return found


def changed(raw, crf, codes, wanted):
    """The forms with one field per subject and form changed; that field, by record; and the demands that are met."""
    chosen: dict[tuple[str, str], str] = {}
    met, linked = set(), set()
    # What few subjects can show chooses first.
    for key, subjects in sorted(wanted.items(), key=lambda item: (len(item[1]), item[0])):
        form, field = key[:2]
        mine = next((s for s in subjects if chosen.get((form, s)) == field), None)
        # Of one subject one end of a link is changed: both ends changed alike would still belong together.
        busy = linked if key[2] == "RELREC" else set()
        mine = mine or next((s for s in subjects if (form, s) not in chosen and s not in busy), None)
        if mine:
            busy.add(mine)
            chosen[form, mine] = field
            met.add(key)
    forms, what = {name: frame.copy() for name, frame in raw.items()}, {}
    for (name, subject), f in chosen.items():
        frame, field = forms[name], crf.forms[name]["fields"][f]
        values = list(raw[name][f].unique())
        here = (frame["SUBJID"] == subject) & (frame[f].str.strip() != "")
        frame.loc[here, f] = [other(text, field, values, codes) for text in frame.loc[here, f]]
        what |= dict.fromkeys(f"{name}:" + frame.loc[here, "LINE"].astype("str"), f)
    return forms, what, met, {subject for _, subject in chosen}


@pytest.fixture(scope="module")
def study(shipped):
    """Contracts, annotations, tables as shipped, domains of changed forms, what changed, what can be shown."""
    crf = annotate.read(shipped)
    contracts = {name.lower(): form for name, form in crf.forms.items()}

    def table(floor: str, name: str) -> pd.DataFrame:
        return io.read_table(shipped / f"results/{floor}/{name}.parquet")

    lists = {name: read_yaml(shipped / f"config/{name}.yaml") for name in ("labs", "trial_design")}
    codes = crf.codelists | {n: list(words) for n, words in acrf.dictionary(shipped).items()}
    raw = {name: table("raw", name.lower()) for name in crf.forms}
    before = {name: table("sdtm", name.lower()) for name in crf.domains}
    notes = each(annotate.annotated(crf))
    raw, what, met, subjects = changed(raw, crf, codes, demands(crf, notes, before, raw))
    register, calendar = table("sdtm", "register"), table("sdtm", "calendar")
    # Nobody else is made again.
    persons = set(register.loc[register["SUBJID"].isin(subjects), "USUBJID"])
    subjects = set(register.loc[register["USUBJID"].isin(persons), "SUBJID"])
    raw = {name: frame[frame["SUBJID"].isin(subjects)].reset_index(drop=True) for name, frame in raw.items()}
    calendar = calendar[calendar["SUBJID"].isin(subjects)]
    before = {n: t[t["USUBJID"].isin(persons)] if "USUBJID" in t else t for n, t in before.items()}
    pattern, planned = crf.page["subjects"]["pattern"], crf.page["visits"]
    forms = {
        name: _screen.screen(frame, contracts[name.lower()], register, pattern, planned).data
        for name, frame in raw.items()
    }
    after = {}
    for name, spec in crf.domains.items():
        if not spec.get("forms") or name == "TI":
            continue
        stem = spec.get("room", name.lower())
        room = import_module(f"crf2csr.sdtm.{stem}") if find_spec(f"crf2csr.sdtm.{stem}") else _mapping
        context = Context(
            spec=spec,
            page=crf.page,
            crf=contracts,
            codelists=crf.codelists,
            lists=lists,
            forms={form: forms[form] for form in spec["forms"]},
            domains={domain: table("sdtm", domain) for domain in spec.get("domains", [])},
            tables={one: table("raw", one) for one in spec.get("tables", [])},
            calendar=calendar if len(calendar) else _timing.calendar(crf.page, None),
            derivations=getattr(room, "DERIVATIONS", {}),
        )
        after[name] = getattr(room, "tabulate", _mapping.tabulate)(context).data
    return crf, notes, before, after, what, met


def both_ends(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of RELREC with the records of both ends behind each."""
    return rows.assign(_REC=rows["_REC"] + " " + rows.groupby(["USUBJID", "RELID"])["_REC"].transform(" ".join))


def moved(before: pd.DataFrame, after: pd.DataFrame) -> list[tuple[str, set[str]]]:
    """(variable, records behind its row) for each change; the variable is "" where rows came or went.

    Rows are known by their own record and the field of their result. Where one makes several rows, the sums of the
    hashes of their values are compared: their order may have changed with them.
    """
    names = [c for c in before if c in after and not c.startswith("_")]
    if len(before) == len(after) and (before["_REC"].to_numpy() == after["_REC"].to_numpy()).all():
        names = [c for c in names if list(before[c].astype("str")) != list(after[c].astype("str"))]

    def signed(frame):
        own = frame["_REC"].str.split(" ").str[0]
        key = own + "|" + (frame["_FLD"].fillna("").astype("str") if "_FLD" in frame else "")
        text = frame[names].astype("object").where(frame[names].notna(), "").astype("str")
        hashes = text.apply(lambda column: pd.util.hash_array(column.to_numpy(object)))
        behind = frame["_REC"].groupby(key).agg(" ".join)
        return hashes.assign(**{"": 1}).groupby(key).sum(), behind

    (old, old_recs), (new, new_recs) = signed(before), signed(after)
    keys = old.index.union(new.index)
    differs = old.reindex(keys).fillna(0).ne(new.reindex(keys).fillna(0))
    behind = old_recs.reindex(keys).fillna("") + " " + new_recs.reindex(keys).fillna("")
    pairs = differs.stack()
    pairs = pairs[pairs].index
    gone = set(differs.index[differs[""]])
    return [(variable, set(behind[key].split())) for key, variable in pairs if variable == "" or key not in gone]


@pytest.fixture(scope="module")
def effects(study):
    """(form, field, domain) -> variables that changed with it; and each change with the fields that may explain it."""
    _, _, before, after, what, _ = study
    effect: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    explained = []
    for name, made in after.items():
        both = (both_ends(before[name]), both_ends(made)) if name == "RELREC" else (before[name], made)
        for variable, recs in moved(*both):
            behind = {(rec.split(":")[0], what[rec]) for rec in recs if rec in what}
            explained.append((name, variable, behind))
            for form, field in behind:
                effect[form, field, name].add(variable)
    return effect, explained


# Filled from the laboratory's table where the form is blank: by test, unit and day, which are no source of theirs.
LOOKED_UP = {("LB", "LBORNRLO"), ("LB", "LBORNRHI")}


def test_what_changes_with_a_field_is_annotated_at_the_field(study, effects):
    crf, notes, *_ = study
    said = defaultdict(set)
    for note in notes:
        said[note.form, note.field, home(note)] |= {*note.variables} or {""}
    wrong = set()
    for domain, variable, behind in effects[1]:
        origin = crf.domains[domain]["variables"].get(variable, {}).get("origin", "Collected")
        # A row of RELREC comes and goes with the record at its other end.
        if (variable and origin != "Collected") or (domain, variable) in LOOKED_UP or domain == "RELREC":
            continue
        annotated = [said.get((form, field, domain), set()) for form, field in behind]
        if not any(variable in names or (variable == "" and names) for names in annotated):
            wrong.add((domain, variable, tuple(sorted(behind))))
    assert wrong == set()
    assert len(effects[1]) > 1000


def test_what_is_annotated_at_a_field_changes_with_it(study, effects):
    notes, met = study[1], study[5]
    unmoved, seen = set(), 0
    for note in notes:
        key = (note.form, note.field, home(note), note.variables)
        if provable(note) and key in met:
            effect = effects[0].get(key[:3], set())
            seen += 1
            if not (effect if note.kind == LINK else effect & {"", *note.variables}):
                unmoved.add(key)
    # One laboratory prints all names of tests.
    assert unmoved == {("LB", "LBTEST", "LB", ("LBNAM",))}
    assert seen > 230
    # The register of subjects is as shipped, so that the number of an earlier screening moves nothing here.
    assert ("ICF", "PRVSUBJ", "DM", ("PRVSUBJ",)) not in met


def test_a_field_without_an_annotation_moves_nothing(study, effects):
    crf, notes, *_ = study
    shown = {(note.form, note.field) for note in notes}
    silent = {(form, f) for form, about in crf.forms.items() for f in about["fields"] if (form, f) not in shown}
    assert {("AE", "AEYN"), ("IE", "IEVER"), ("MH", "MHYN"), ("IE", "IEYN")} == silent
    assert [key for key, variables in effects[0].items() if key[:2] in silent and variables] == []


def test_the_trace_of_the_rows_names_the_same_fields(study):
    crf, notes, before, *_ = study
    results = {(n.form, n.field, n.dataset) for n in notes if n.kind == VALUE and n.variables[0].endswith("ORRES")}
    results = {key for key in results if key[1] in dict(_tests(crf)).get(key[::2], ())}
    traced, visited = set(), set()
    for name, frame in before.items():
        if "_FLD" not in frame or not frame["_REC"].notna().any():
            continue
        own = frame["_REC"].str.split(":").str[0]
        rows = pd.DataFrame({"form": own, "field": frame["_FLD"]}).dropna().drop_duplicates()
        traced |= {(form, field, name) for form, field in rows.itertuples(index=False)}
        others = frame["_REC"].str.contains(f" {crf.page['visit_form']['form']}:", regex=False)
        if others.any() and not name.startswith("SUPP"):
            visited.add(name)
    assert traced <= results and len(traced) > 60
    assert {key for key in results - traced if key[2] not in ("MB", "IS")} <= {("CXR", "CXRDESC", "RE")}
    assert {n.dataset for n in notes if n.kind == VISIT} >= visited - {"SE", "RELREC"}


def _tests(crf):
    found = defaultdict(set)
    for name, spec in crf.domains.items():
        for block in spec.get("records", []):
            found[block["form"], name] |= {*block.get("tests", {})}
    return found
