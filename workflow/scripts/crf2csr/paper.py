"""The report on paper: what is made only when it is asked for, beside the page."""

from __future__ import annotations

from importlib import metadata

from crf2csr import estimands, io
from crf2csr.jobs import HOUSE, Job, code, page_slice
from crf2csr.specs import Study, digest

# What has no drawing needs no engine that draws: these are made with the base install.
PLAIN = ("table", "listing")
ENGINE = ("typst", "pylopdf-fonts-zh-cn", "matplotlib")


def jobs(study: Study, displays: dict[str, Job], facts: dict[str, Job]) -> dict[str, Job]:
    """Return the jobs that set displays on paper, by name: RTF without and with drawings, and the PDF.

    Parameters
    ----------
    displays, facts : dict
        Jobs of the tlf and of the ard floor, by chapter. The results are read for their hash only.
    """
    inputs = {f"tlf/{n}": j.outputs["displays"] for n, j in displays.items()}
    inputs |= {f"ard/{n}": j.outputs["facts"] for n, j in facts.items()}
    part = {
        "csr": {key: study.csr[key] for key in ("title", "paper", "front", "sections") if key in study.csr},
        "page": page_slice(study, ["study"]),
        "ard": study.ard,
        "tlf": study.tlf,
        "estimands": {estimand["id"]: estimand["label"] for estimand in estimands.of_study(study)},
    }
    numbered = [d for spec in study.tlf.values() for d in spec["displays"] if "number" in d]
    plain = [d["id"] for d in numbered if d["kind"] in PLAIN]
    drawn = [d["id"] for d in numbered if d["kind"] not in PLAIN]
    engine = {name: _version(name) for name in ENGINE}
    template = io.sha256(HOUSE / "csr" / "typst" / "appendix.typ")
    rtf, pdf = code("crf2csr.csr.rtf"), code("crf2csr.csr.pdf")
    made = {
        "rtf": Job("rtf", inputs, _files(plain), digest(part, rtf), part),
        "rtf_drawn": Job("rtf_drawn", inputs, _files(drawn), digest(part, rtf, pdf, engine), part),
        "pdf": Job("pdf", inputs, {"pdf": "reports/csr-appendix.pdf"}, digest(part, pdf, engine, template), part),
    }
    return {name: job for name, job in made.items() if job.outputs}


def _files(displays: list[str]) -> dict[str, str]:
    """One file per display; its name has no dots, which submission gateways refuse."""
    return {name: f"reports/rtf/{name.replace('.', '-')}.rtf" for name in displays}


def _version(package: str) -> str:
    """The installed version: an engine sets by its own rules, so another version is another document."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "none"
