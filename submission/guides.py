"""The reviewer's guides of SDTM and ADaM, filled from the run: what is submitted, from what, and what was found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
import pandas as pd

from crf2csr import io
from crf2csr.specs import read_yaml
from submission import acrf, against_define, conformance, core, documents
from submission.frames import Submission

HERE = Path(__file__).parent
TITLES = {"sdtm": "Study Data Reviewer's Guide", "adam": "Analysis Data Reviewer's Guide"}
FILES = {"sdtm": "csdrg.html", "adam": "adrg.html"}


def render(
    study: Path,
    submission: Submission,
    found: pd.DataFrame,
    floor: str,
    results: str = "",
    engine: core.Outcome = core.NOT_RUN,
) -> str:
    """One guide.

    ``found`` are the findings of the conformance checks, ``results`` is a sentence on the results, ``engine`` what
    CDISC's rules engine gave.
    """
    page, datasets = submission.page, submission.of(floor)
    names = {one.name for one in datasets}
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    asked = {name: asks for name, (asks, _) in conformance.RULES.items()} | against_define.RULES
    here = found[found["dataset"].isin(names)]
    changes = submission.changes[submission.changes["dataset"].isin(names)]
    standard = f"SDTMIG {page['standards']['sdtmig']}" if floor == "sdtm" else f"ADaMIG {page['standards']['adamig']}"
    sources = direct(submission)
    return environment.get_template("guide.html.j2").render(
        title=TITLES[floor],
        study={"subtitle": "", "notice": ""} | page["study"],
        standard=standard,
        ct=page["standards"]["ct"],
        cutoff=page["study"]["cutoff"],
        datasets=[
            (d.name, d.label, d.spec["class"], d.spec["structure"], f"{len(d.frame):,}", ", ".join(sources[d.name]))
            for d in datasets
        ],
        crf=acrf.FILE if floor == "sdtm" else "",
        left_out=sorted(submission.left_out.items()),
        orders=[(d.name, *(", ".join(order) for order in orders(sources, d.name))) for d in datasets],
        changes=_counted(changes, ["dataset", "variable", "transformation"]),
        core=engine.said,
        core_rows=_engine(engine) if floor == "sdtm" else [],
        rules=[
            (name, asks, f"{int((here['rule'] == name).sum()):,}")
            for name, asks in asked.items()
            if floor == "adam" or not name.startswith("AD-")
        ],
        findings=[
            (*row[:4], row[5], row[4] or "None yet")
            for row in _counted(here, ["rule", "dataset", "variable", "message", "explanation"])
        ],
        documents=[
            (d.seen_from(datasets[0].folder), d.title)
            for d in documents.of(floor, core=engine.ran)
            if d.id != "LF.GUIDE"
        ],
        results=results if floor == "adam" else "",
        queries=_queries(study, floor),
        accepted=_accepted(study),
    )


def direct(submission: Submission) -> dict[str, list[str]]:
    """Data set -> what it is read from: forms and tables of the CRF, domains, analysis data sets."""
    found = {}
    for dataset in submission.datasets:
        spec = dataset.spec
        if dataset.floor == "sdtm":
            forms = [f"form {form}" for form in spec.get("forms", [])]
            domains = [*spec.get("domains", []), *([spec["supplements"]] if "supplements" in spec else [])]
            held = forms + [name.upper() for name in dict.fromkeys(domains)]
        else:
            held = [name.upper() for floor in ("sdtm", "adam") for name in spec["sources"].get(floor, [])]
        found[dataset.name] = held
    return found


def orders(sources: dict[str, list[str]], name: str, depth: int = 3) -> list[list[str]]:
    """What a data set depends on, by order; each name stands where it is met first."""
    seen, now, found = {name}, [name], []
    for _ in range(depth):
        following = sorted({source for one in now for source in sources.get(one, [])} - seen)
        found.append(following)
        seen |= set(following)
        now = following
    return found


def _counted(rows: pd.DataFrame, by: list[str]) -> list[tuple[Any, ...]]:
    counts = rows.groupby(by, sort=True).size().reset_index(name="n")
    return [(*row[:-1], f"{row[-1]:,}") for row in counts.itertuples(index=False, name=None)]


def _engine(engine: core.Outcome) -> list[tuple[Any, ...]]:
    shown = engine.open[["rule", "dataset", "status", "message", "findings"]]
    return [(*row[:-1], f"{row[-1]:,}") for row in shown.itertuples(index=False, name=None)]


def _queries(study: Path, floor: str) -> list[tuple[Any, ...]]:
    floors = ("raw", "sdtm") if floor == "sdtm" else ("adam",)
    tables = [
        io.read_table(path) for one in floors for path in sorted((study / f"results/{one}/_queries").glob("*.parquet"))
    ]
    asked = [table[["RULE", "SEVERITY", "MESSAGE"]].astype("object") for table in tables if len(table)]
    if not asked:
        return []
    together = pd.concat(asked, ignore_index=True).groupby(["RULE", "SEVERITY"], sort=True)
    counts = together["MESSAGE"].agg(["first", "size"]).reset_index()
    return [(rule, grave, said, f"{n:,}") for rule, grave, said, n in counts.itertuples(index=False, name=None)]


def _accepted(study: Path) -> list[tuple[str, ...]]:
    path = study / "config/accepted_queries.yaml"
    listed = (read_yaml(path) or {}).get("accepted") or [] if path.exists() else []
    return [tuple(str(one.get(key, "")) for key in ("rule", "record", "field", "who", "why", "date")) for one in listed]
