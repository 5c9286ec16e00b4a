"""The review of a study's forms: its jobs, and how one declared check stands for several."""

from __future__ import annotations

from typing import Any

from crf2csr.errors import Cause
from crf2csr.jobs import Job, code, page_slice, sdtm_outputs
from crf2csr.specs import Study, digest

REGISTER = {"sdtm/register": "results/sdtm/register.parquet"}


def calendar(study: Study) -> dict[str, Job]:
    """Return the job that dates every visit, for a study that has a form of visits."""
    rule = study.page.get("visit_form")
    if not rule:
        return {}
    forms = [rule["form"], *rule.get("dated_by", [])]
    part = {
        "page": page_slice(study, ["study", "subjects", "visits", "visit_form"]),
        "forms": forms,
        "crf": {f.lower(): study.crf[f.lower()] for f in forms},
    }
    digested = digest(part, code("crf2csr.sdtm.calendar", "crf2csr.sdtm._screen"))
    return {"calendar": Job("calendar", _staged(forms) | REGISTER, sdtm_outputs("calendar"), digested, part)}


def reviews(study: Study) -> dict[str, Job]:
    """Return one job per form, and per table that a declared check is about, by name."""
    declared = list((study.lists.get("checks") or {}).get("checks", []))
    forms = [spec["name"] for spec in study.crf.values()]
    checked = {name for check in declared for name in check.get("forms", [check.get("form")])}
    jobs = [_review(study, name, declared) for name in forms + sorted(checked - set(forms))]
    return {job.name: job for job in jobs}


def _review(study: Study, name: str, declared: list[dict[str, Any]]) -> Job:
    """The queries of one form: contract of each field, and the declared checks about it."""
    contract = study.crf.get(name.lower())
    checks = [one for check in declared for one in expanded(check, name, contract)]
    subjects = [study.page["subjects"]["form"]] if contract else []
    used = list(dict.fromkeys([name, *subjects, *(f for check in checks for f in other_forms(check))]))
    for form in used[1:]:
        if form.lower() not in study.crf:
            raise Cause("no such form", file="config/checks.yaml", field=name, value=form)
    listed = {f["codelist"] for f in contract["fields"].values() if "codelist" in f} if contract else set()
    part = {
        "form": name,
        "forms": used,
        "checks": checks,
        "page": page_slice(study, ["study", "subjects", "visits"]),
        "crf": {f.lower(): study.crf[f.lower()] for f in used if f.lower() in study.crf},
        "codelists": {k: sorted(v) for k, v in study.lists.get("codelists", {}).items() if k in listed},
    }
    inputs = _staged(used) | REGISTER
    if listed and "dictionary" in study.page["raw"]:
        inputs["raw/dictionary"] = "results/raw/dictionary.parquet"
    job = f"review_{name.lower()}"
    outputs = {"queries": f"results/sdtm/_queries/{job}.parquet"}
    return Job(job, inputs, outputs, digest(part, code("crf2csr.sdtm.review")), part)


def _staged(forms: list[str]) -> dict[str, str]:
    return {f"raw/{form.lower()}": f"results/raw/{form.lower()}.parquet" for form in forms}


def expanded(check: dict[str, Any], form: str, contract: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Return the checks that one declaration makes for ``form`` (none where it is about other forms).

    ``forms: [A, B]`` stands for one check each, ``{date}`` in it for the field that dates a record of the form;
    ``each: {R: [RP, LP]}`` stands for one check per value, put in place of ``{R}``.
    """
    if form not in check.get("forms", [check.get("form")]):
        return []
    base = {key: value for key, value in check.items() if key not in ("forms", "each")} | {"form": form}
    found = [_put(base, "date", contract["date"])] if contract and "date" in contract else [base]
    for name, values in check.get("each", {}).items():
        found = [_put(one, name, value) for one in found for value in values]
    return found


def other_forms(check: Any) -> list[str]:
    """Forms named under ``of`` anywhere in a check, in order."""
    if isinstance(check, dict):
        own = [check["of"]] if isinstance(check.get("of"), str) else []
        return own + [name for value in check.values() for name in other_forms(value)]
    if isinstance(check, list):
        return [name for item in check for name in other_forms(item)]
    return []


def _put(part: Any, name: str, value: str) -> Any:
    """Put ``value`` in place of ``{name}`` in every text of a declaration, keys included."""
    if isinstance(part, str):
        return part.replace("{" + name + "}", value)
    if isinstance(part, dict):
        return {_put(k, name, value): _put(v, name, value) for k, v in part.items()}
    if isinstance(part, list):
        return [_put(item, name, value) for item in part]
    return part
