"""Estimands as a study declares them (ICH E9(R1)), held against all that they name.

An estimand says of every intercurrent event of the study by which strategy it is handled, and which flag of which
rows carries that in the data::

    events: {RESCUE: composite, PAUSE: treatment policy}
    data: [{datasets: [adrs], rows: responses, flag: ANL03FL, records: ANL01FL, missing: non-response}]

``records`` is the flag of the records that may count at all, ``missing`` what becomes of a response without one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crf2csr.errors import Cause
from crf2csr.specs import Study

FILE = "config/estimands.yaml"
ROLES = ("primary", "secondary", "supplementary")
POLICY = "treatment policy"
STRATEGIES = ("composite", "hypothetical", "while on treatment", POLICY)
REFUSED = {
    "principal stratum": "is not implementable in a single arm without a model of who would have the event; known: "
    + ", ".join(STRATEGIES)
}
# An analysis that serves no estimand says so by one of these words.
WORDS = ("descriptive", "none")
# What a value after the event would have to be is not defined for these rows.
UNDEFINED = {
    "scores": {
        "composite": "a score has no value that stands for the event; use hypothetical, or declare a response of it"
    },
    "times": {
        "composite": "a time has no value that stands for the event; use hypothetical (censored) or while on treatment"
    },
}


def of_study(study: Study) -> list[dict[str, Any]]:
    """Return the estimands that a study declares; a study may have none."""
    return list((study.lists.get("estimands") or {}).get("estimands", []))


def check(study: Study) -> Iterator[Cause]:
    """Yield a cause for each thing that an estimand names and the study does not have, or cannot carry out."""
    declared = of_study(study)
    seen: set[str] = set()
    for estimand in declared:
        name = estimand["id"]
        if name in seen:
            yield Cause("two estimands bear this id", file=FILE, field="id", value=name)
        seen.add(name)
        flags = [entry["flag"] for entry in study.page["analysis_sets"]]
        if estimand["population"]["flag"] not in flags:
            yield Cause(
                f"is not an analysis set of the study; known: {', '.join(flags)}",
                file=FILE,
                field=f"{name}.population.flag",
                value=estimand["population"]["flag"],
            )
        yield from _events(estimand, study)
        yield from _carriers(estimand, study)
    yield from _conflicts(declared)


def _events(estimand: dict[str, Any], study: Study) -> Iterator[Cause]:
    known = [event["id"] for event in study.page.get("intercurrent_events", [])]
    for event, strategy in estimand["events"].items():
        place = f"{estimand['id']}.events.{event}"
        if event not in known:
            yield Cause(
                f"is not an intercurrent event of the study; known: {', '.join(known)}",
                file=FILE,
                field=f"{estimand['id']}.events",
                value=event,
            )
        if strategy in REFUSED:
            yield Cause(REFUSED[strategy], file=FILE, field=place, value=strategy)
        elif strategy not in STRATEGIES:
            yield Cause(
                f"is not a strategy that can be carried out; known: {', '.join(STRATEGIES)}",
                file=FILE,
                field=place,
                value=strategy,
            )
        for entry in estimand["data"]:
            if strategy in UNDEFINED.get(entry["rows"], {}):
                yield Cause(
                    f"cannot be carried by {entry['rows']}: {UNDEFINED[entry['rows']][strategy]}",
                    file=FILE,
                    field=place,
                    value=strategy,
                )
    for event in known:
        if event not in estimand["events"]:
            yield Cause(
                "the estimand does not say how this event is handled",
                file=FILE,
                field=f"{estimand['id']}.events",
                value=event,
            )


def _carriers(estimand: dict[str, Any], study: Study) -> Iterator[Cause]:
    for entry in estimand["data"]:
        for dataset in entry["datasets"]:
            place = f"{estimand['id']}.data"
            if dataset not in study.adam:
                yield Cause("is not a data set of the study", file=FILE, field=f"{place}.datasets", value=dataset)
                continue
            spec = study.adam[dataset]
            for key in ("flag", "records"):
                if key in entry and entry[key] not in spec["variables"]:
                    yield Cause(
                        f"is not a variable of {dataset.upper()}", file=FILE, field=f"{place}.{key}", value=entry[key]
                    )
            if "flag" in entry and "estimands" not in spec.get("lists", []):
                yield Cause(
                    "an estimand fills a flag of this data set, which does not list `estimands`",
                    file=f"config/adam/{dataset}.yaml",
                    field="lists",
                    value=entry["flag"],
                )


def _conflicts(declared: list[dict[str, Any]]) -> Iterator[Cause]:
    """Two estimands may share a flag only where they would fill it alike."""
    first: dict[tuple[str, str, str], tuple[str, Any]] = {}
    for estimand in declared:
        for entry in estimand["data"]:
            for dataset in entry["datasets"]:
                if "flag" not in entry:
                    continue
                key = (dataset, entry["rows"], entry["flag"])
                how = (entry["records"], entry.get("missing"), estimand["events"])
                other, before = first.setdefault(key, (estimand["id"], how))
                if before != how:
                    yield Cause(
                        f"estimand {other} fills this flag of the {entry['rows']} of {dataset.upper()} in another way; "
                        "name another flag",
                        file=FILE,
                        field=f"{estimand['id']}.data.flag",
                        value=entry["flag"],
                    )
