"""The job that writes the queries for the sites, beside the plan's others."""

from __future__ import annotations

from crf2csr.jobs import Job, code, page_slice
from crf2csr.specs import Study, digest

CALENDAR = "sdtm/calendar"


def job(study: Study, floors: dict[str, str]) -> Job:
    """Return the job; what it reads is among what the floors wrote (``floors``, by role).

    The sites are known only from the data, so that the sheets of the sites are one output: a folder.
    """
    forms = {f"raw/{name}" for name in study.crf}
    inputs = {role: path for role, path in floors.items() if "_queries" in role or role in {*forms, CALENDAR}}
    part = {
        "crf": study.crf,
        "page": page_slice(study, ["study", "subjects", "visits"]),
        "accepted": study.lists.get("accepted_queries", {}),
        "files": {entry["form"]: entry["name"] for entry in study.manifest["files"]},
    }
    outputs = {"whole": "reports/queries.csv", "sites": "reports/queries"}
    return Job("ask", inputs, outputs, digest(part, code("crf2csr.csr.sites")), part)
