"""What is made from what: the jobs of a study, each with its inputs, outputs and digest.

The digest of a job is taken over its own slice of the configuration, the content of the raw files that it
reads and the text of the modules that it runs (its room and all that the room imports). Content decides
whether a job is stale; file times never do.
"""

from __future__ import annotations

from typing import Any

from crf2csr import asking, assembling, checklists, checks, io, paper, references, spread, terms
from crf2csr.errors import Cause
from crf2csr.jobs import HOUSE, Job, code, has_room, imports, mentioned, ordered, page_slice, sdtm_outputs
from crf2csr.specs import Study, digest

__all__ = ["HOUSE", "Job", "Plan", "has_room", "imports", "ordered"]

PAGE = {
    "register": ["study", "subjects"],
    "sdtm": ["study", "subjects", "visits", "visit_form", "epochs", "arms", "last_dose", "standards", "cutoff"],
}


def _lists(study: Study, spec: dict[str, Any]) -> dict[str, Any]:
    """Lists of the study that a specification asks for; one that the study may lack is left out."""
    return {key: study.lists[key] for key in spec.get("lists", []) if key in study.lists}


class Plan:
    """Every job of a study, by floor."""

    def __init__(self, study: Study) -> None:
        references.check(study)
        self.study = study
        self._digests: dict[str, str] = {}
        self.raw = {role.lower(): self._stage(role) for role in self._roles()}
        self.sdtm = {name: self._tabulate(name) for name in study.sdtm}
        self.sdtm = {"register": self._register()} | checks.calendar(study) | self.sdtm
        self.sdtm |= checks.reviews(study)
        self.forms = self._account()
        self.adam = {name: self._derive(name) for name in study.adam}
        self.ard = {name: self._analyze(name) for name in study.ard}
        self.tlf = {name: self._display(name) for name in study.tlf}
        self.floors = assembling.floors(self.raw, self.sdtm, self.forms, self.adam, self.ard, self.tlf)
        self.embed, self.csr = assembling.jobs(study, self.floors, self._sha256)
        self.subjects = spread.jobs(study, self.csr)
        self.ask = asking.job(study, self.floors)
        self.gate = self._gate()
        self.paper = paper.jobs(study, self.tlf, self.ard, self.csr)

    def _roles(self) -> list[str]:
        tables = [e["form"] for e in self.study.manifest["files"] if e["form"] in self.study.page.get("tables", [])]
        words = ["dictionary"] if "dictionary" in self.study.page["raw"] else []
        return [spec["name"] for spec in self.study.crf.values()] + tables + words

    def _stage(self, role: str) -> Job:
        study = self.study
        entry = study.dictionary() if role == "dictionary" else study.file_of(role)
        part = {
            "entry": entry,
            "form": study.crf.get(role.lower()),
            "file": study.raw_file(entry["name"]),
            "manifest": study.page["raw"]["manifest"],
            "pattern": study.page["subjects"]["pattern"],
            "stop": role == study.page["subjects"]["form"],
            "beside": {key: self._beside(entry[key], key) for key in ("dictionary", "catalogue") if key in entry},
        }
        found = self._sha256(part["file"])
        stem = role.lower()
        return Job(
            stem,
            {"file": part["file"]} | {key: one["file"] for key, one in part["beside"].items()},
            {"data": f"results/raw/{stem}.parquet", "queries": f"results/raw/_queries/{stem}.parquet"},
            digest(part, found, code("crf2csr.raw.contract", f"crf2csr.raw.{entry.get('adapter', 'delimited')}")),
            part | {"sha256": found},
        )

    def _beside(self, name: str, key: str) -> dict[str, Any]:
        """A file that an adapter needs beside the data: its entry in the manifest, where it is, its digest."""
        entry, file = self.study.entry_of(name, key), self.study.raw_file(name)
        return {"entry": entry, "file": file, "sha256": self._sha256(file)}

    def _sha256(self, file: str) -> str:
        """Digest of a raw file; one that gives several forms is read for it once."""
        if file not in self._digests:
            self._digests[file] = io.sha256(file)
        return self._digests[file]

    def _register(self) -> Job:
        rule = self.study.page["subjects"]
        forms = list(
            dict.fromkeys([rule["form"], *(rule[k]["form"] for k in ("linked_by", "withdrawn_by") if k in rule)])
        )
        part = {
            "page": page_slice(self.study, PAGE["register"]),
            "crf": {f.lower(): self.study.crf[f.lower()] for f in forms},
            "forms": forms,
        }
        return Job(
            "register",
            {f: f"results/raw/{f.lower()}.parquet" for f in forms},
            sdtm_outputs("register"),
            digest(part, code("crf2csr.sdtm.register", "crf2csr.sdtm._screen")),
            part,
        )

    def _tabulate(self, name: str) -> Job:
        spec, study = self.study.sdtm[name], self.study
        forms, tables = list(spec.get("forms", [])), spec.get("tables", [])
        visit_form = study.page.get("visit_form", {}).get("form")
        dated = "VISITNUM" in spec["variables"] or "visit" in mentioned(spec, "date") | mentioned(spec, "else")
        used = forms
        room = spec.get("room", name)
        rooms = ["crf2csr.sdtm._mapping", "crf2csr.sdtm._screen", "crf2csr.finish", "crf2csr.terms"]
        if has_room("sdtm", room):
            rooms.append(f"crf2csr.sdtm.{room}")
        elif "room" in spec:
            raise Cause("no such room on the sdtm floor", file=f"config/sdtm/{name}.yaml", field="room", value=room)
        lists = mentioned(spec, "codelist") | mentioned(spec, "encode")
        part = {
            "spec": spec,
            "forms": used,
            "page": page_slice(study, PAGE["sdtm"]),
            "crf": {f.lower(): study.crf[f.lower()] for f in used},
            "codelists": {k: v for k, v in study.lists.get("codelists", {}).items() if k in lists},
            "lists": {k: study.lists[k] for k in spec.get("lists", [])},
            "terms": terms.of_lists(self._terminology(name), spec),
            "about": study.sdtm[spec["supplements"]]["variables"] if "supplements" in spec else {},
        }
        inputs = {f"raw/{f.lower()}": f"results/raw/{f.lower()}.parquet" for f in [*used, *tables]}
        if used:
            inputs["sdtm/register"] = "results/sdtm/register.parquet"
        if dated and forms and visit_form:
            inputs["sdtm/calendar"] = "results/sdtm/calendar.parquet"
        inputs |= {f"sdtm/{d}": f"results/sdtm/{d}.parquet" for d in spec.get("domains", [])}
        return Job(name, inputs, sdtm_outputs(name), digest(part, code(*rooms)), part)

    def _account(self) -> Job:
        """The ledger of forms: every raw record against every domain."""
        crf = self.study.crf
        kept = ("name", "keys", "duplicates", "date", "not_submitted", "fields")
        part = {
            "crf": {name: {k: form[k] for k in kept if k in form} for name, form in crf.items()},
            "pattern": self.study.page["subjects"]["pattern"],
        }
        inputs = {f"raw/{name}": f"results/raw/{name}.parquet" for name in crf}
        inputs |= {f"sdtm/{name}": self.sdtm[name].outputs["data"] for name in ["register", *self.study.sdtm]}
        outputs = {kind: path for kind, path in sdtm_outputs("_forms").items() if kind != "data"}
        return Job("_forms", inputs, outputs, digest(part, code("crf2csr.sdtm._forms")), part)

    def _terminology(self, name: str) -> list[dict[str, str]]:
        """The published terms of the study's version, where a specification of a domain names lists."""
        if not terms.named(self.study.sdtm[name]):
            return []
        version = self.study.page.get("standards", {}).get("ct")
        if f"ct-{version}" not in self.study.lists:
            raise Cause(
                "no such version among workflow/standards/ct-*.csv",
                file="config/config.yaml",
                field="standards.ct",
                value=version,
            )
        return self.study.lists[f"ct-{version}"]

    def _derive(self, name: str) -> Job:
        spec, study = self.study.adam[name], self.study
        sources = spec["sources"]
        inputs = {
            f"{floor}/{s}": f"results/{floor}/{s}.parquet" for floor in ("sdtm", "adam") for s in sources.get(floor, [])
        }
        part = {
            "spec": spec,
            "page": page_slice(study, spec.get("settings", [])),
            "study": study.page["study"]["id"],
            "lists": _lists(study, spec),
        }
        outputs = {
            kind: f"results/adam/{folder}{name}.parquet"
            for kind, folder in (("data", ""), ("trace", "_trace/"), ("ledger", "_ledger/"), ("queries", "_queries/"))
        }
        return Job(
            name, inputs, outputs, digest(part, code(f"crf2csr.adam.{name}", "crf2csr.trace", "crf2csr.ledger")), part
        )

    def _analyze(self, name: str) -> Job:
        spec, study = self.study.ard[name], self.study
        methods = sorted({analysis["method"] for analysis in spec["analyses"]})
        rooms = [f"crf2csr.ard.{m}" for m in methods if has_room("ard", m)]
        part = {
            "spec": spec,
            "page": page_slice(study, ["arms", *spec.get("settings", [])]),
            "lists": _lists(study, spec),
        }
        outputs = {"facts": f"results/ard/{name}.parquet", "sets": f"results/ard/_trace/{name}.parquet"}
        outputs["methods"] = f"results/ard/_methods/{name}.json"
        outputs |= {
            a["id"]: f"results/ard/{name}/{a['id']}.parquet" for a in spec["analyses"] if a["method"] == "select"
        }
        inputs = {f"adam/{d}": f"results/adam/{d}.parquet" for d in dict.fromkeys(["adsl", *spec["datasets"]])}
        return Job(
            name, inputs, outputs, digest(part, code("crf2csr.ard._facts", "crf2csr.ard._registry", *rooms)), part
        )

    def _display(self, name: str) -> Job:
        spec, study = self.study.tlf[name], self.study
        chapter = self.ard[name]
        rooms = [f"crf2csr.tlf.{r}" for r in sorted({d["layout"] for d in spec["displays"]}) if has_room("tlf", r)]
        part = {
            "spec": spec | {"displays": [checklists.completed(study, d) for d in spec["displays"]]},
            "page": page_slice(study, ["study", "arms"]),
            "analyses": [analysis["id"] for analysis in study.ard[name]["analyses"]],
        }
        inputs = {role: path for role, path in chapter.outputs.items() if role not in ("sets", "methods")}
        return Job(
            name,
            inputs,
            {"displays": f"results/tlf/{name}.json", "bound": f"results/tlf/_bound/{name}.json"},
            digest(part, code("crf2csr.tlf._cells", "crf2csr.bound", *rooms)),
            part,
        )

    def _gate(self) -> Job:
        inputs = {k: v for k, v in self.floors.items() if "_queries" in k or "_ledger" in k}
        after = {"report": self.csr.outputs["report"]}
        after |= {f"report/{name}": job.outputs["folder"] for name, job in self.subjects.items()}
        part = {"accepted": self.study.lists.get("accepted_queries", {}), "files": assembling.files(self.study)}
        return Job("gate", inputs, {"stamp": "results/gate.txt"}, digest(part, code("crf2csr.csr.gate")), part, after)
