"""The jobs that make the appendix, beside the plan's others: what is behind its numbers, and the page around it.

A report of one file is made by two jobs, so that a word that changed costs the words alone. One in many files, and one
that hides dates (where every text is searched with the data at hand), is made by one that reads all.
"""

from __future__ import annotations

from collections.abc import Callable

from crf2csr import estimands, io, privacy, sealed, spread
from crf2csr.jobs import HOUSE, LISTED, Job, code, listed
from crf2csr.specs import Study, digest

# What the independent computation found; it comes with the study, and a study may lack it.
AGREEMENT = "qc/agreement"
WORDED, WORDLESS = "tlf/", "tlf/_bound/"  # roles of displays with and without their words
# What is behind the numbers of a page depends on these parts of the configuration, and on these of its report.
BEHIND = ("page", "manifest", "crf", "files", "sdtm", "adam", "ard", "estimands", "accepted")
OF_REPORT = ("reconciliation", "profile")


def floors(
    raw: dict[str, Job],
    sdtm: dict[str, Job],
    forms: Job,
    adam: dict[str, Job],
    ard: dict[str, Job],
    tlf: dict[str, Job],
) -> dict[str, str]:
    """All that the floors write and the roof may read: path by role, ``<floor>/<folder of the floor>/<name>``."""
    found = {f"{WORDED}{n}": j.outputs["displays"] for n, j in tlf.items()}
    found |= {f"{WORDLESS}{n}": j.outputs["bound"] for n, j in tlf.items()} | listed(tlf)
    found |= {f"ard/{n}": j.outputs["facts"] for n, j in ard.items()}
    found |= {f"ard/_trace/{n}": j.outputs["sets"] for n, j in ard.items()}
    found |= {f"ard/_methods/{n}": j.outputs["methods"] for n, j in ard.items()}
    found |= {f"adam/{n}": j.outputs["data"] for n, j in adam.items()}
    found |= {f"adam/_trace/{n}": j.outputs["trace"] for n, j in adam.items()}
    for floor, jobs_of in (("sdtm", sdtm), ("adam", adam)):
        for kind in ("ledger", "queries"):
            found |= {f"{floor}/_{kind}/{n}": j.outputs[kind] for n, j in jobs_of.items() if kind in j.outputs}
    found |= {f"sdtm/_{kind}/_forms": path for kind, path in forms.outputs.items()}
    found |= {f"sdtm/{n}": j.outputs["data"] for n, j in sdtm.items() if "data" in j.outputs}
    found |= {f"raw/{j.name}": j.outputs["data"] for j in raw.values()}
    found |= {f"raw/_queries/{j.name}": j.outputs["queries"] for j in raw.values()}
    return found


def jobs(study: Study, read: dict[str, str], sha256: Callable[[str], str]) -> tuple[dict[str, Job], Job]:
    """Return the job of what is behind the page (by name; none where one job makes all), and that of the page.

    Parameters
    ----------
    read : dict
        As of ``floors``.
    sha256 : callable
        Digest of a raw file.
    """
    part = {
        "csr": study.csr,
        "page": study.page,
        "manifest": study.manifest,
        "crf": study.crf,
        "files": files(study),
        "sdtm": study.sdtm,
        "adam": study.adam,
        "ard": study.ard,
        "tlf": study.tlf,
        "estimands": {estimand["id"]: estimand["label"] for estimand in estimands.of_study(study)},
        "accepted": study.lists.get("accepted_queries", {}),
        "words": study.words,
        "code": house(),
        "config": configuration(study),
        "lock": sealed.lock_of(study, sha256),
    }
    outputs = spread.pages(study) | spread.sections(study)
    agreed, found = _agreement(study)
    if "split" in study.csr or privacy.rule(study.page) is not None:
        inputs = {role: path for role, path in read.items() if not role.startswith(WORDLESS)} | agreed
        room = "crf2csr.csr.report" if "split" in study.csr else "crf2csr.csr.appendix"
        return {}, Job("assemble", inputs, outputs, digest(part, code(room), _assets(), found), part)
    behind = {key: part[key] for key in BEHIND}
    behind["csr"] = {key: study.csr[key] for key in OF_REPORT if key in study.csr}
    unworded = {r: p for r, p in read.items() if r.startswith(WORDLESS) or not r.startswith(WORDED)} | agreed
    content = {"content": "results/csr/content.json"}
    embed = Job("embed", unworded, content, digest(behind, code("crf2csr.csr._behind"), found), behind)
    worded = {r: p for r, p in read.items() if r.startswith((WORDED, LISTED)) and not r.startswith(WORDLESS)}
    page = Job("assemble", worded | content, outputs, digest(part, code("crf2csr.csr.appendix"), _assets()), part)
    return {"embed": embed}, page


def files(study: Study) -> dict[str, str]:
    """The raw file of each form."""
    return {entry["form"]: study.raw_file(entry["name"]) for entry in study.manifest["files"]}


def _agreement(study: Study) -> tuple[dict[str, str], str]:
    """The file of agreement, where the study has one, and its digest."""
    file = study.config.parent / f"{AGREEMENT}.csv"
    return ({AGREEMENT: f"{AGREEMENT}.csv"}, io.sha256(file)) if file.exists() else ({}, "")


def house() -> str:
    """Digest of all that the house is made of: code, rules, schemas, templates, styles and scripts."""
    kinds = {".py", ".smk", ".yaml", ".j2", ".css", ".js", ".typ"}
    base = HOUSE.parent.parent
    held = [p for p in sorted(base.rglob("*")) if p.suffix in kinds and p.is_file()]
    return digest({p.relative_to(base).as_posix(): io.content(p) for p in held})


def configuration(study: Study) -> str:
    """Digest of all that the study says of itself."""
    parts = ("page", "crf", "sdtm", "adam", "ard", "tlf", "csr", "lists", "words")
    return digest({name: getattr(study, name) for name in parts})


def _assets() -> str:
    """Digest of the templates, styles and script of the report."""
    held = [
        p
        for folder in ("csr/templates", "csr/assets", "csr/words")
        for p in sorted((HOUSE / folder).glob("*"))
        if p.is_file()
    ]
    return digest({p.name: io.sha256(p) for p in held})
