"""What is made from what: the jobs of a study, each with its inputs, outputs and digest.

The digest of a job is taken over its own slice of the configuration, the content of the raw files that it
reads and the text of the modules that it runs (its room and all that the room imports). Content decides
whether a job is stale; file times never do.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from crf2csr import checks as declared
from crf2csr import io, terms
from crf2csr.errors import Cause
from crf2csr.specs import Study, digest

HOUSE = Path(__file__).parent
PAGE = {
    "register": ["study", "subjects"],
    "calendar": ["study", "subjects", "visits", "visit_form"],
    "review": ["study", "subjects", "visits"],
    "sdtm": ["study", "subjects", "visits", "visit_form", "epochs", "arms", "last_dose", "standards", "cutoff"],
}


@dataclass
class Job:
    """One step: the names of its inputs and outputs, and the digest of all else that it depends on."""

    name: str
    inputs: dict[str, str]
    outputs: dict[str, str]
    digest: str
    slice: dict[str, Any] = field(default_factory=dict)


@cache
def imports(module: str) -> frozenset[str]:
    """Names of all house modules that ``module`` (``crf2csr.x.y``) imports, itself included."""
    found = {module}
    path = _path(module)
    if path is None:
        raise Cause("no such module in the house", value=module)
    for node in ast.walk(ast.parse(io.read_bytes(path))):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names] + [node.module]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            if name.startswith("crf2csr") and name not in found and _path(name) is not None:
                found |= imports(name)
    return frozenset(found)


def _path(module: str) -> Path | None:
    base = HOUSE.parent / Path(*module.split("."))
    for candidate in (base.with_suffix(".py"), base / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


@cache
def _code_of(names: frozenset[str]) -> str:
    return digest({name: io.sha256(path) for name in sorted(names) if (path := _path(name))})


def code(*modules: str) -> str:
    """Digest of the text of these modules and of everything in the house that they import."""
    every: frozenset[str] = frozenset({"crf2csr"}).union(*(imports(module) for module in modules))
    return _code_of(every)


def has_room(floor: str, name: str) -> bool:
    """Tell whether the floor has a module of this name."""
    return _path(f"crf2csr.{floor}.{name}") is not None


def _mentioned(spec: Any, key: str) -> set[str]:
    """All values that stand under ``key`` anywhere in a specification."""
    found: set[str] = set()
    if isinstance(spec, dict):
        for name, value in spec.items():
            if name == key and isinstance(value, str):
                found.add(value)
            elif name == key and isinstance(value, dict):
                found |= {v for v in value.values() if isinstance(v, str)}
            found |= _mentioned(value, key)
    elif isinstance(spec, list):
        for item in spec:
            found |= _mentioned(item, key)
    return found


def page_slice(study: Study, keys: list[str]) -> dict[str, Any]:
    """The parts of the study's page that a job may see."""
    return {key: study.page[key] for key in keys if key in study.page}


class Plan:
    """Every job of a study, by floor."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.raw = {role.lower(): self._stage(role) for role in self._roles()}
        self.sdtm = {name: self._tabulate(name) for name in study.sdtm}
        self.sdtm = {"register": self._register()} | self._calendar() | self.sdtm
        self.sdtm |= {f"review_{name.lower()}": self._review(name) for name in self._reviewed()}
        self.forms = self._account()
        self.adam = {name: self._derive(name) for name in study.adam}
        self.ard = {name: self._analyze(name) for name in study.ard}
        self.tlf = {name: self._display(name) for name in study.tlf}
        self.csr = self._assemble()
        self.gate = self._gate()

    def _roles(self) -> list[str]:
        tables = [e["form"] for e in self.study.manifest["files"] if e["form"] in self.study.page.get("tables", [])]
        words = ["dictionary"] if "dictionary" in self.study.page["raw"] else []
        return [spec["name"] for spec in self.study.crf.values()] + tables + words

    def _stage(self, role: str) -> Job:
        entry = self.study.dictionary() if role == "dictionary" else self.study.file_of(role)
        file = self.study.raw_file(entry["name"])
        form = self.study.crf.get(role.lower())
        part = {
            "entry": entry,
            "form": form,
            "file": file,
            "pattern": self.study.page["subjects"]["pattern"],
            "stop": role == self.study.page["subjects"]["form"],
        }
        found = io.sha256(file)
        stem = role.lower()
        return Job(
            stem,
            {"file": file},
            {"data": f"results/raw/{stem}.parquet", "queries": f"results/raw/_queries/{stem}.parquet"},
            digest(part, found, code("crf2csr.raw.contract", f"crf2csr.raw.{entry.get('adapter', 'delimited')}")),
            part | {"sha256": found},
        )

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

    def _calendar(self) -> dict[str, Job]:
        """The job that dates every visit, for a study that has a form of visits."""
        rule, study = self.study.page.get("visit_form"), self.study
        if not rule:
            return {}
        forms = [rule["form"], *rule.get("dated_by", [])]
        part = {
            "page": page_slice(study, PAGE["calendar"]),
            "forms": forms,
            "crf": {f.lower(): study.crf[f.lower()] for f in forms},
        }
        inputs = {f"raw/{f.lower()}": f"results/raw/{f.lower()}.parquet" for f in forms} | {
            "sdtm/register": "results/sdtm/register.parquet"
        }
        return {
            "calendar": Job(
                "calendar",
                inputs,
                sdtm_outputs("calendar"),
                digest(part, code("crf2csr.sdtm.calendar", "crf2csr.sdtm._screen")),
                part,
            )
        }

    def _reviewed(self) -> list[str]:
        """Every form, and every table that a declared check is about."""
        forms = [spec["name"] for spec in self.study.crf.values()]
        checked = {name for check in self._checks() for name in check.get("forms", [check.get("form")])}
        return forms + sorted(checked - set(forms))

    def _checks(self) -> list[dict[str, Any]]:
        return list((self.study.lists.get("checks") or {}).get("checks", []))

    def _review(self, name: str) -> Job:
        """The queries of one form: contract of each field, and the declared checks about it."""
        study = self.study
        contract = study.crf.get(name.lower())
        checks = [c for check in self._checks() for c in declared.expanded(check, name, contract)]
        rule = study.page["subjects"]
        forms = [rule["form"]] if contract else []
        used = list(dict.fromkeys([name, *forms, *(f for c in checks for f in declared.other_forms(c))]))
        for form in used[1:]:
            if form.lower() not in study.crf:
                raise Cause("no such form", file="config/checks.yaml", field=name, value=form)
        listed = {f["codelist"] for f in contract["fields"].values() if "codelist" in f} if contract else set()
        part = {
            "form": name,
            "forms": used,
            "checks": checks,
            "page": page_slice(study, PAGE["review"]),
            "crf": {f.lower(): study.crf[f.lower()] for f in used if f.lower() in study.crf},
            "codelists": {k: sorted(v) for k, v in study.lists.get("codelists", {}).items() if k in listed},
        }
        inputs = {f"raw/{f.lower()}": f"results/raw/{f.lower()}.parquet" for f in used} | {
            "sdtm/register": "results/sdtm/register.parquet"
        }
        if listed and "dictionary" in self.raw:
            inputs["raw/dictionary"] = "results/raw/dictionary.parquet"
        job = f"review_{name.lower()}"
        return Job(
            job,
            inputs,
            {"queries": f"results/sdtm/_queries/{job}.parquet"},
            digest(part, code("crf2csr.sdtm.review")),
            part,
        )

    def _tabulate(self, name: str) -> Job:
        spec, study = self.study.sdtm[name], self.study
        forms, tables = list(spec.get("forms", [])), spec.get("tables", [])
        visit_form = study.page.get("visit_form", {}).get("form")
        dated = "VISITNUM" in spec["variables"] or "visit" in _mentioned(spec, "date") | _mentioned(spec, "else")
        used = forms
        room = spec.get("room", name)
        rooms = ["crf2csr.sdtm._mapping", "crf2csr.sdtm._screen", "crf2csr.finish", "crf2csr.terms"]
        if has_room("sdtm", room):
            rooms.append(f"crf2csr.sdtm.{room}")
        elif "room" in spec:
            raise Cause("no such room on the sdtm floor", file=f"config/sdtm/{name}.yaml", field="room", value=room)
        lists = _mentioned(spec, "codelist") | _mentioned(spec, "encode")
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
            "lists": {k: study.lists[k] for k in spec.get("lists", [])},
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
        part = {"spec": spec, "page": page_slice(study, ["arms", *spec.get("settings", [])])}
        outputs = {"facts": f"results/ard/{name}.parquet", "sets": f"results/ard/_trace/{name}.parquet"}
        outputs |= {
            a["id"]: f"results/ard/{name}/{a['id']}.parquet" for a in spec["analyses"] if a["method"] == "select"
        }
        inputs = {f"adam/{d}": f"results/adam/{d}.parquet" for d in dict.fromkeys(["adsl", *spec["datasets"]])}
        return Job(name, inputs, outputs, digest(part, code("crf2csr.ard._facts", *rooms)), part)

    def _display(self, name: str) -> Job:
        spec, study = self.study.tlf[name], self.study
        chapter = self.ard[name]
        rooms = [f"crf2csr.tlf.{r}" for r in sorted({d["layout"] for d in spec["displays"]}) if has_room("tlf", r)]
        part = {"spec": spec, "page": page_slice(study, ["study", "arms"])}
        inputs = {role: path for role, path in chapter.outputs.items() if role != "sets"}
        return Job(
            name,
            inputs,
            {"displays": f"results/tlf/{name}.json"},
            digest(part, code("crf2csr.tlf._cells", *rooms)),
            part,
        )

    def _assemble(self) -> Job:
        study = self.study
        inputs = {f"tlf/{n}": j.outputs["displays"] for n, j in self.tlf.items()}
        inputs |= {f"ard/{n}": j.outputs["facts"] for n, j in self.ard.items()}
        inputs |= {f"ard/_trace/{n}": j.outputs["sets"] for n, j in self.ard.items()}
        inputs |= {f"adam/{n}": j.outputs["data"] for n, j in self.adam.items()}
        inputs |= {f"adam/_trace/{n}": j.outputs["trace"] for n, j in self.adam.items()}
        for floor, jobs in (("sdtm", self.sdtm), ("adam", self.adam)):
            for kind in ("ledger", "queries"):
                inputs |= {f"{floor}/_{kind}/{n}": j.outputs[kind] for n, j in jobs.items() if kind in j.outputs}
        inputs |= {f"sdtm/_{kind}/_forms": path for kind, path in self.forms.outputs.items()}
        inputs |= {f"sdtm/{n}": j.outputs["data"] for n, j in self.sdtm.items() if "data" in j.outputs}
        inputs |= {f"raw/{j.name}": j.outputs["data"] for j in self.raw.values()}
        inputs |= {f"raw/_queries/{j.name}": j.outputs["queries"] for j in self.raw.values()}
        part = {
            "csr": study.csr,
            "page": study.page,
            "manifest": study.manifest,
            "crf": study.crf,
            "files": {e["form"]: study.raw_file(e["name"]) for e in study.manifest["files"]},
            "sdtm": study.sdtm,
            "adam": study.adam,
            "ard": study.ard,
            "tlf": study.tlf,
            "accepted": study.lists.get("accepted_queries", {}),
            "code": house(),
            "config": configuration(study),
        }
        found = digest(part, code("crf2csr.csr.appendix"), _assets())
        return Job("assemble", inputs, {"report": "reports/csr-appendix.html"}, found, part)

    def _gate(self) -> Job:
        inputs = {k: v for k, v in self.csr.inputs.items() if "_queries" in k or "_ledger" in k}
        inputs["report"] = self.csr.outputs["report"]
        part = {"accepted": self.study.lists.get("accepted_queries", {}), "files": self.csr.slice["files"]}
        return Job("gate", inputs, {"stamp": "results/gate.txt"}, digest(part, code("crf2csr.csr.gate")), part)


def house() -> str:
    """Digest of all that the house is made of: code, rules, schemas, templates, styles and scripts."""
    kinds = {".py", ".smk", ".yaml", ".j2", ".css", ".js"}
    base = HOUSE.parent.parent
    files = [p for p in sorted(base.rglob("*")) if p.suffix in kinds and p.is_file()]
    return digest({p.relative_to(base).as_posix(): io.sha256(p) for p in files})


def configuration(study: Study) -> str:
    """Digest of all that the study says of itself."""
    parts = ("page", "crf", "sdtm", "adam", "ard", "tlf", "csr", "lists")
    return digest({name: getattr(study, name) for name in parts})


def _assets() -> str:
    """Digest of the templates, styles and script of the report."""
    files = [p for folder in ("csr/templates", "csr/assets") for p in sorted((HOUSE / folder).glob("*")) if p.is_file()]
    return digest({p.name: io.sha256(p) for p in files})


def sdtm_outputs(name: str) -> dict[str, str]:
    """Outputs of a job of the sdtm floor."""
    return {
        "data": f"results/sdtm/{name}.parquet",
        "ledger": f"results/sdtm/_ledger/{name}.parquet",
        "queries": f"results/sdtm/_queries/{name}.parquet",
    }


def ordered(jobs: Iterable[Job]) -> list[Job]:
    """Sort jobs so that each comes after those whose outputs it reads; a circle is refused."""
    every = list(jobs)
    maker = {path: n for n, job in enumerate(every) for path in job.outputs.values()}
    needs = {n: {maker[p] for p in job.inputs.values() if p in maker} for n, job in enumerate(every)}
    try:
        return [every[n] for n in TopologicalSorter(needs).static_order()]
    except CycleError as circle:
        names = " -> ".join(every[n].name for n in circle.args[1])
        raise Cause(f"the declared sources go in a circle: {names}") from None
