"""The report on paper: what is made only when it is asked for, beside the page."""

from __future__ import annotations

from importlib import metadata
from typing import Any

from crf2csr import estimands, io, privacy
from crf2csr.jobs import HOUSE, Job, code, listed
from crf2csr.specs import Study, digest

# What has no drawing needs no engine that draws: these are made with the base install.
PLAIN = ("table", "listing")
# What hides dates must know: which variables and fields hold them.
MASKING = ("crf", "sdtm", "adam", "accepted")
ENGINE = ("typst", "pylopdf-fonts-zh-cn", "matplotlib")


def jobs(study: Study, displays: dict[str, Job], facts: dict[str, Job], page: Job) -> dict[str, Job]:
    """Return the jobs that set displays on paper, by name: RTF without and with drawings, and the PDF.

    Parameters
    ----------
    displays, facts : dict
        Jobs of the tlf and of the ard floor, by chapter. Of the results, lines of listings and the hash are read.
    page : Job
        The job of the page. Where dates are not to be shown, paper reads what the page reads and is masked likewise.
    """
    inputs = {f"tlf/{n}": j.outputs["displays"] for n, j in displays.items()} | listed(displays)
    inputs |= {f"ard/{n}": j.outputs["facts"] for n, j in facts.items()}
    part = words(study.csr, study.page, study.ard, study.tlf, estimands.of_study(study))
    if privacy.rule(study.page) is not None:
        inputs = page.inputs
        part |= {key: page.slice[key] for key in (*MASKING, "page")}
    plain, drawn = (numbered(study.tlf, drawn=drawn) for drawn in (False, True))
    engine = {name: _version(name) for name in ENGINE}
    template = io.sha256(HOUSE / "csr" / "typst" / "appendix.typ")
    rtf, pdf = (code(f"crf2csr.csr.{room}", "crf2csr.csr._privacy", "crf2csr.listings") for room in ("rtf", "pdf"))
    made = {
        "rtf": Job("rtf", inputs, files(plain), digest(part, rtf), part),
        "rtf_drawn": Job("rtf_drawn", inputs, files(drawn), digest(part, rtf, pdf, engine), part),
        "pdf": Job("pdf", inputs, {"pdf": "reports/csr-appendix.pdf"}, digest(part, pdf, engine, template), part),
    }
    return {name: job for name, job in made.items() if job.outputs}


def words(
    csr: dict[str, Any],
    page: dict[str, Any],
    ard: dict[str, Any],
    tlf: dict[str, Any],
    declared: list[dict[str, Any]],
) -> dict[str, Any]:
    """What displays on paper say beside their numbers, from the parts of the configuration; ``declared`` estimands."""
    return {
        "csr": {key: csr[key] for key in ("title", "paper", "front", "sections") if key in csr},
        "page": {key: page[key] for key in ("study", "privacy") if key in page},
        "ard": ard,
        "tlf": tlf,
        "estimands": {estimand["id"]: estimand["label"] for estimand in declared},
    }


def numbered(tlf: dict[str, Any], *, drawn: bool) -> list[str]:
    """The numbered displays of all chapters, those with a drawing or those without."""
    every = [d for spec in tlf.values() for d in spec["displays"] if "number" in d]
    return [d["id"] for d in every if (d["kind"] not in PLAIN) is drawn]


def files(displays: list[str], folder: str = "reports/rtf") -> dict[str, str]:
    """One file per display; its name has no dots, which submission gateways refuse."""
    return {name: f"{folder}/{name.replace('.', '-')}.rtf" for name in displays}


def _version(package: str) -> str:
    """The installed version: an engine sets by its own rules, so another version is another document."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "none"
