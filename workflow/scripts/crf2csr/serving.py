"""Whether an analysis serves the estimand that it names: by its rows, its flag and its population."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crf2csr import estimands
from crf2csr.errors import Cause
from crf2csr.lookups import strange
from crf2csr.specs import Study


def check(study: Study, analysis: dict[str, Any], file: str) -> Iterator[Cause]:
    """An analysis serves the estimand that it names, on the rows, the flag and the population that carry it."""
    declared = {estimand["id"]: estimand for estimand in estimands.of_study(study)}
    name, dataset, given = analysis["id"], analysis["dataset"], analysis.get("estimand")
    carried = {d for estimand in declared.values() for entry in estimand["data"] for d in entry["datasets"]}
    if given is None:
        if dataset in carried and analysis["method"] != "select":
            yield Cause(
                f"{dataset.upper()} carries estimands, and this analysis does not say which it serves (an id of "
                f"{estimands.FILE}, {' or '.join(estimands.WORDS)})",
                file=file,
                field=f"{name}.estimand",
            )
        return
    if given in estimands.WORDS:
        return
    yield from strange(given, {*declared, *estimands.WORDS}, "an estimand of the study", file, f"{name}.estimand")
    if given not in declared:
        return
    data = declared[given]["data"]
    served = {d for entry in data for d in entry["datasets"]}
    if dataset not in served | {"adsl", "adice"}:
        yield from strange(dataset, served, f"among the data sets of estimand {given}", file, f"{name}.dataset")
    flags = {
        (d, e["flag"]): x["id"] for x in declared.values() for e in x["data"] if "flag" in e for d in e["datasets"]
    }
    own = {e["flag"] for e in data if dataset in e["datasets"] and "flag" in e}
    for variable in analysis.get("where") or {}:
        if (dataset, variable) in flags and variable not in own:
            yield Cause(
                f"this flag does not carry estimand {given}, which fills {', '.join(sorted(own)) or 'none'}",
                file=file,
                field=f"{name}.where",
                value=variable,
            )
    if {entry["rows"] for entry in data if dataset in entry["datasets"]} == {"scores"} and not own & set(
        analysis.get("where") or {}
    ):
        yield Cause(
            f"estimand {given} is carried by {', '.join(sorted(own))}, and the condition does not ask for it",
            file=file,
            field=f"{name}.where",
        )
    wanted = declared[given]["population"]["flag"]
    sets = {entry["flag"]: entry.get("within") for entry in study.page["analysis_sets"]}
    held = {flag for flag, value in (analysis.get("population") or {}).items() if value == "Y"}
    for flag in list(held):
        while (flag := sets.get(flag) or "") and flag not in held:
            held.add(flag)
    if wanted not in held:
        yield Cause(
            f"the population is not within that of estimand {given}",
            file=file,
            field=f"{name}.population",
            value=f"{wanted}: Y is asked for",
        )
