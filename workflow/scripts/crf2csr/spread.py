"""Where the files of the report lie, and the jobs of one in many files, beside the plan's others."""

from __future__ import annotations

from crf2csr import privacy
from crf2csr.errors import Cause
from crf2csr.jobs import Job
from crf2csr.specs import Study

APPENDIX = "csr-appendix"  # how the report is called: its first file, and the folder of all others
FOLDER = f"reports/{APPENDIX}"
WRITTEN = "en"  # the language in which the house and its studies write
JOBS = 2  # that write the files of subjects


def ending(code: str) -> str:
    """How the name of a page in a language ends."""
    return ".html" if code == WRITTEN else f".{code}.html"


def pages(study: Study) -> dict[str, str]:
    """The file that is opened first, in each language of the study."""
    others = {f"report_{code}": FOLDER + ending(code) for code in study.csr.get("also_in", [])}
    return {"report": FOLDER + ending(WRITTEN)} | others


def sections(study: Study) -> dict[str, str]:
    """What the job of the first file writes beside it: the files of the sections, in one folder."""
    return {"sections": f"{FOLDER}/sections"} if _wanted(study) else {}


def jobs(study: Study, csr: Job) -> dict[str, Job]:
    """The jobs that write the files of subjects, by name; none where the report is one file.

    How many files there are is known only from the data, so that those of a job are one output: a folder.
    """
    if not _wanted(study):
        return {}
    count = study.csr["split"].get("jobs", JOBS)
    return {
        f"subjects_{k}": Job(
            f"subjects_{k}", csr.inputs, {"folder": f"{FOLDER}/subjects-{k}"}, csr.digest, csr.slice | {"job": k - 1}
        )
        for k in range(1, count + 1)
    }


def _wanted(study: Study) -> bool:
    """Tell whether the study asks for many files; what it needs for that is checked."""
    if "split" not in study.csr:
        return False
    if "profile" not in study.csr:
        raise Cause("is needed by split: a file of subjects is found by them", file="config/csr.yaml", field="profile")
    if privacy.rule(study.page) is not None:
        raise Cause("a report that hides dates is one file", file="config/csr.yaml", field="split")
    return True
