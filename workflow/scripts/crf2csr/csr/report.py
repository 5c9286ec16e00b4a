"""REPORT IN MANY FILES: a study too large for one file has one for each section, and one for some subjects each.

The files lie beside each other. A number of a section opens the rows behind it with their main variables, and each row
leads to the file of its subject, where it stands whole with all that it was made from, down to the cell of the CRF.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from crf2csr.bound import parts
from crf2csr.columns import texts
from crf2csr.csr import (
    _gathered,
    _integrity,
    _language,
    _layout,
    _light,
    _listing,
    _page,
    _payload,
    _shares,
    _subjects,
)
from crf2csr.spread import APPENDIX, ending
from crf2csr.tables import release

REMEDY = "name fewer subjects for each file in split of config/csr.yaml"
Written = Iterator[tuple[str, str]]


class Places:
    """Where each place of the report is: ``owner`` says in which file (its stem; the first file has none)."""

    def __init__(self, code: str, owner: dict[str, str]) -> None:
        self.suffix = ending(code)
        self.owner = owner

    def file(self, stem: str | None, here: str | None) -> str:
        """How a file is reached from another; ``None`` is the first file."""
        if stem is None:
            return f"{APPENDIX}{self.suffix}" if here is None else f"../../{APPENDIX}{self.suffix}"
        return f"{APPENDIX}/{stem}{self.suffix}" if here is None else f"../{stem}{self.suffix}"

    def seen_from(self, here: str | None, own: set[str]) -> Callable[[str], str]:
        """The address of a place as a file (``here``) writes it, which has the places ``own`` itself."""

        def at(place: str) -> str:
            stem = self.owner.get(place)
            return f"#{place}" if place in own or stem == here else f"{self.file(stem, here)}#{place}"

        return at

    def path(self, stem: str | None) -> str:
        """The path of a file in the study."""
        return f"reports/{self.file(stem, None)}"


class Report:
    """What all files of a report have in common: its displays, the numbers behind them, and who stands where.

    Parameters
    ----------
    read : dict
        As for ``appendix.pages``; ``tables``, ``traces`` and ``lines`` (of listings) are ``Tables``.
    part : dict
        What the plan hands over.
    """

    def __init__(self, read: dict[str, Any], part: dict[str, Any]) -> None:
        self.read, self.part = read, part
        self.shares = _shares.of_study(read["tables"], part["csr"]["split"])
        for chapter in read["tlf"].values():
            for display in chapter["displays"]:
                if display.get("kind") == "listing":
                    first = read["lines"].first(display["id"], _listing.FIRST)
                    display["listing"]["values"] = [texts(first[c["name"]]) for c in display["columns"]]
        self.found = _gathered.gathered(read, part)
        displays = self.found["displays"].values()
        self.listings = [d for d in displays if d.get("kind") == "listing"]
        self.narratives = [d for d in displays if d.get("kind") == "narrative"]
        for display in self.listings:
            display["staged"] |= {"total": display["listing"]["lines"], "elsewhere": True}
        self.share_of = self._sheets()
        self.sections = _gathered.arranged(part["csr"], self._in_sections())
        self.files = _layout.files(self.sections, self.found["facts"], self.found["sets"])
        owner = {place: file.stem for file in self.files for place in file.places()}
        owner |= {sheet: self.shares.stem(share) for sheet, share in self.share_of.items()}
        self.languages = _language.of(part)
        self.places = {code: Places(code, owner) for code in self.languages}
        self.forms = _integrity.forms(read["ledger"], self.found["queries"])
        self.presses = {c: _page.Press(part["page"]["study"], language) for c, language in self.languages.items()}
        self.everyone = _light.people(read["tables"], self.shares, part["csr"]["profile"])

    def _sheets(self) -> dict[str, int]:
        """The share of each narrative: that of the subject in the first row behind its first number."""
        sets = self.found["sets"].set_index("SET")
        first = {s["id"]: next(parts(s))["f"] for d in self.narratives for s in d["sheets"]}
        named = self.found["facts"]["member_set"].loc[list(first.values())]
        chosen = sets.loc[named.astype("int64")].assign(SHEET=list(first))
        found: dict[str, int] = {}
        for dataset, some in chosen.groupby("DATASET"):
            ids = self.read["tables"].some(f"adam/{dataset}", ["USUBJID"])["USUBJID"]
            rows = [int(r[0]) for r in some["ROWS"]]
            found |= dict(zip(some["SHEET"], self.shares.of(ids.iloc[rows]).tolist(), strict=True))
        return found

    def _in_sections(self) -> dict[str, dict[str, Any]]:
        """The displays as the sections show them: of narratives the index, of listings the first lines."""
        shown = {}
        for name, display in self.found["displays"].items():
            sheets = [{key: s[key] for key in ("id", "head", "reasons")} for s in display.get("sheets", [])]
            shown[name] = display | ({"sheets": sheets} if "sheets" in display else {})
        return shown

    def _pages(self, stem: str | None, content: dict[str, Any], payload: dict[str, Any], own: set[str]) -> Written:
        """One file in every language of the report: ``content`` fills the templates, ``payload`` is embedded."""
        prefix = f"{APPENDIX}/" if stem is None else "../"
        embedded = payload | {"shares": self.shares.packed(prefix), "people": self.everyone}
        data, digest = _payload.pack(embedded, _payload.SOON)
        if "made" in content:
            content["made"]["payload"] = digest
        for code, press in self.presses.items():
            places = self.places[code]
            said = {
                "page": self.part["page"],
                "csr": self.part["csr"],
                "contents": self.sections,
                "languages": _language.beside(self.languages, code, lambda c: self.places[c].file(stem, stem)),
                "suffix": places.suffix,
                "payload": data,
                "payload_sha256": digest,
                "parts_of_report": [],
                "reconciled": self.found["reconciled"],
                "forms": self.forms,
                "inner": None,
            }
            drawn = {
                "sections": [s | {"displays": [press.drawn(d) for d in s["displays"]]} for s in content["sections"]],
                "front": {role: press.drawn(d) for role, d in content.get("front", {}).items()},
            }
            inner = {"inner": content["inner"] | self._around(stem, places)} if "inner" in content else {}
            listed = {"parts_of_report": self._listed(places)} if stem is None else {}
            page = press.page(said | content | drawn | inner | listed, places.seen_from(stem, own))
            _gathered.small_enough(places.path(stem), page, REMEDY)
            yield places.path(stem), page

    def _order(self) -> list[str | None]:
        """All files in the order in which they are read."""
        return [None, *(f.stem for f in self.files), *(self.shares.stem(k) for k in range(self.shares.count))]

    def _around(self, stem: str | None, places: Places) -> dict[str, str | None]:
        """The addresses of the files before and behind one."""
        order = self._order()
        at = order.index(stem)
        after = places.file(order[at + 1], stem) if at + 1 < len(order) else None
        return {"before": places.file(order[at - 1], stem), "after": after}

    def _listed(self, places: Places) -> list[dict[str, Any]]:
        """The files as the first of them lists them."""
        sections = [
            {
                "name": f.stem.rpartition("/")[2],
                "href": places.file(f.stem, None),
                "content": f.title,
                "turn": f.turn,
                "of": f.of,
                "n": len(f.displays()),
            }
            for f in self.files
        ]
        people = [
            {
                "name": self.shares.stem(share).rpartition("/")[2],
                "href": places.file(self.shares.stem(share), None),
                **self._between(share),
                "n": len(self.shares.members(share)),
            }
            for share in range(self.shares.count)
        ]
        return [{"kind": "sections", "files": sections}, {"kind": "subjects", "files": people}]

    def _between(self, share: int) -> dict[str, str]:
        """The first and the last subject of a share, by the number under which a reader knows them."""
        start = share * self.shares.size
        label = self.everyone["label"][start : start + self.shares.size]
        return {"first": label[0], "last": label[-1]}

    def first(self) -> Written:
        """The file that is opened first: the result, the integrity of the data, and where all else is."""
        found, csr = self.found, self.part["csr"]
        front = {role: found["displays"][i] for role, i in csr.get("front", {}).items()}
        printed = list(parts([list(front.values()), found["denominators"], found["reconciled"]]))
        payload = _light.payload(self.read, self.part, found, printed)
        tables, queries = _light.asked(self.read, self.part, found, self.shares, len(payload["tables"]))
        payload["tables"] += tables
        payload["listings"]["queries"] = queries
        content = (
            _gathered.about(self.read, found)
            | _gathered.words(self.part, self.read["hashes"], "")
            | {
                "sections": [],
                "front": front,
                "compare": f"find reports/{APPENDIX}* -type f -exec sha256sum {{}} +",
            }
        )
        yield from self._pages(None, content, payload, set())

    def in_sections(self) -> Written:
        """The files of the sections."""
        for file in self.files:
            displays = file.displays()
            payload = _light.payload(self.read, self.part, self.found, list(parts(displays)))
            inner = {"number": file.number, "title": file.title, "turn": file.turn, "of": file.of}
            yield from self._pages(file.stem, {"sections": file.sections, "inner": inner}, payload, set(file.places()))

    def _narrow(self) -> None:
        """Let go of all numbers but those of narratives: the files of subjects print no others."""
        facts, sets = self.found["facts"], self.found["sets"]
        mine = facts[facts["chapter"].isin({d["chapter"] for d in self.narratives})]
        kept = sets[sets["SET"].isin(mine["member_set"].dropna().astype("int64"))]
        self.found |= {"facts": mine, "sets": kept.reset_index(drop=True), "parts": []}
        self.read |= {"facts": {}, "sets": {}}
        release()

    def of_subjects(self, job: int) -> Written:
        """The files of the subjects that one job writes."""
        self._narrow()
        queries, tables = self.found["queries"], self.read["tables"]
        asked = _light.records(queries, tables)
        asked["share"] = _light.share_of(tables, self.part["csr"]["profile"], self.shares, queries["SUBJID"])
        collected = _subjects.Collected(tables, self.read["traces"], self.part["sdtm"], self.shares, job, asked)
        lines = _subjects.lines(self.read["lines"], self.listings, collected)
        for share in self.shares.of_job(job):
            listed = {
                "displays": _subjects.listed(self.listings, lines, share),
                "queries": _integrity.query_listing(queries[asked["share"] == share]),
                "asked": asked[asked["share"] == share],
            }
            narratives = [
                d | {"sheets": sheets}
                for d in self.narratives
                if (sheets := [s for s in d["sheets"] if self.share_of[s["id"]] == share])
            ]
            sheets = [s for d in narratives for s in d["sheets"]]
            payload = _subjects.payload(share, collected, self.part, self.found, listed, sheets, self.read["methods"])
            shown = {d["id"]: d | {"staged": _listing.staged(d)} for d in listed["displays"]}
            shown |= {d["id"]: {k: v for k, v in d.items() if k != "counted"} for d in narratives}
            sections = [
                s | {"displays": mine}
                for s in self.sections
                if (mine := [shown[d["id"]] for d in s["displays"] if d["id"] in shown])
            ]
            roll = _listing.unpacked("subjects", payload["listings"]["subjects"])
            inner = {"subjects": roll, **self._between(share)}
            own = {*shown, *(s["id"] for s in sheets)}
            yield from self._pages(self.shares.stem(share), {"sections": sections, "inner": inner}, payload, own)
