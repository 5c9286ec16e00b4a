"""Where the values of a variable come from, in the words of define.xml.

Specifications of SDTM declare the origin. In ADaM a variable that bears the name of one of ADSL, or of a domain
among its sources, is a copy of it (ADaMIG 1.3, 3: "same name, same meaning"); all others are derived.
"""

from __future__ import annotations

from dataclasses import dataclass

from submission.frames import Dataset, Submission, Variable

IDENTIFIERS = {"STUDYID": "Protocol", "DOMAIN": "Assigned", "RDOMAIN": "Assigned", "USUBJID": "Derived"}
SOURCES = {"Collected": "Investigator", "Derived": "Sponsor", "Assigned": "Sponsor", "Protocol": "Sponsor"}


@dataclass(frozen=True)
class Origin:
    """Type and source; of a copy what it copies; of a derived variable the derivation in words."""

    type: str
    source: str | None = None
    predecessor: str | None = None
    method: str | None = None


def of(submission: Submission, dataset: Dataset, variable: Variable) -> Origin:
    """Origin of one variable."""
    about = variable.about
    declared = about.get("origin") or (IDENTIFIERS.get(variable.name) if dataset.floor == "sdtm" else None)
    if not declared and dataset.floor == "adam":
        copied = _copied(submission, dataset, variable.name)
        if copied:
            return Origin("Predecessor", None, copied)
    declared = declared or "Derived"
    method = None
    if declared == "Derived":
        program = f"crf2csr/{dataset.floor}/{dataset.spec.get('room', dataset.stem)}.py"
        method = about.get("text") or f"{variable.label}: derived as programmed in {program}"
    return Origin(declared, SOURCES.get(declared), None, method)


def _copied(submission: Submission, dataset: Dataset, name: str) -> str | None:
    sources = dataset.spec.get("sources", {})
    near = [source.upper() for source in sources.get("adam", [])]
    far = [source.upper() for source in sources.get("sdtm", [])]
    order = [n for n in ("ADSL",) if n in near] + (["DM"] if "DM" in far else []) + far + near
    known = {one.name: one for one in submission.datasets}
    for source in dict.fromkeys(order):
        if source in known and source != dataset.name and name in known[source].frame:
            return f"{source}.{name}"
    return None
