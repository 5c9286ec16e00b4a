"""What the design of a study allows: a report of one patient, or of few, describes and never infers.

Checked when the plan is made, before the first job.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crf2csr import privacy
from crf2csr.errors import Cause
from crf2csr.specs import Study

# Methods that show and count. Every other method of the house estimates, tests or models: it speaks of a population.
DESCRIPTIVE = (
    "boxes",
    "continuous",
    "counts",
    "estimand",
    "events",
    "flow",
    "narrative",
    "pairs",
    "points",
    "records",
    "select",
    "shift",
    "terms",
    "values",
)


def check(study: Study) -> Iterator[Cause]:
    """Yield what the design of the study refuses."""
    design = study.page["study"].get("design", "trial")
    if design in privacy.DESCRIBES:
        yield from _inference(study, design)
    yield from _private(study)


def _inference(study: Study, design: str) -> Iterator[Cause]:
    if "primary" in study.page:
        yield Cause(
            f"a {design} has no hypothesis to test; leave this key out", file="config/config.yaml", field="primary"
        )
    for chapter, spec in study.ard.items():
        for analysis in spec["analyses"]:
            if analysis["method"] not in DESCRIPTIVE:
                yield Cause(
                    f"a {design} describes its patients and infers nothing (study.design); this method needs a sample. "
                    f"Methods that describe: {', '.join(DESCRIPTIVE)}",
                    file=f"config/ard/{chapter}.yaml",
                    field=f"{analysis['id']}.method",
                    value=analysis["method"],
                )


def _private(study: Study) -> Iterator[Cause]:
    """Dates and ages may not leave as numbers, where they are not to be shown."""
    about = privacy.rule(study.page)
    if about is None:
        return
    file, adsl = "config/config.yaml", study.adam.get("adsl", {"variables": {}})["variables"]
    if adsl.get(about["origin"] or "", {}).get("type") != "date":
        rule = "dates are shown as days: day 1 must be a date of ADSL (or say privacy.dates: shown)"
        yield Cause(rule, file=file, field="privacy.origin", value=about["origin"])
    for form, names in about.get("withheld", {}).items():
        known = study.crf.get(form.lower(), {"fields": {}})["fields"]
        for name in names:
            if name not in known:
                yield Cause("is not a field of this form", file=file, field=f"privacy.withheld.{form}", value=name)
    for chapter, spec in study.ard.items():
        for analysis in spec["analyses"]:
            variables = study.adam.get(analysis["dataset"], {"variables": {}})["variables"]
            for name in sorted(set(_numbers(analysis))):
                if name == "AGE" or name.endswith("DT") or variables.get(name, {}).get("type") == "date":
                    said = "would show a date or an age as a number (privacy.dates: days); use days, or a band"
                    yield Cause(said, file=f"config/ard/{chapter}.yaml", field=analysis["id"], value=name)


def _numbers(analysis: dict[str, Any]) -> Iterator[str]:
    """Variables whose values an analysis gives as numbers (a listing and text columns give texts)."""
    yield from analysis.get("variables", [])
    yield from analysis.get("by", [])
    yield from (analysis[key] for key in ("variable",) if key in analysis)
    options = analysis.get("options", {})
    yield from (options[key] for key in ("x", "y") if key in options)
    if analysis["method"] == "values":
        yield from (name for name, form in options.get("columns", {}).items() if form != "text" or name == "AGE")
