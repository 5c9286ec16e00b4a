"""What breaks ARS 1.0 in a reporting event: its schema, and references that lead nowhere, which it allows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from crf2csr.specs import read_yaml

SCHEMA = Path(__file__).with_name("ars.schema.yaml")
# Key of a reference -> the list of the reporting event whose ids it may name.
REFERENCES = {
    "methodId": "methods",
    "analysisSetId": "analysisSets",
    "dataSubsetId": "dataSubsets",
    "groupingId": "analysisGroupings",
    "analysisId": "analyses",
    "outputId": "outputs",
    "referenceDocumentId": "referenceDocuments",
}


def faults(made: dict[str, Any]) -> list[str]:
    """Every fault, a line each. Of results of one shape the schema sees the first: it asks nothing of their values."""
    import jsonschema

    thin = made | {"analyses": [one | {"results": _shapes(one)} for one in made.get("analyses", [])]}
    found = [
        f"{'.'.join(map(str, error.absolute_path))}: {error.message[:300]}"
        for error in jsonschema.Draft7Validator(read_yaml(SCHEMA)).iter_errors(thin)
    ]
    return found or [*_identities(made), *_dangling(made), *_conditions(made), *_results(made)]


def _shapes(analysis: dict[str, Any]) -> Any:
    """One result of each shape: its keys and the types of its values, at each depth."""
    results = analysis.get("results", [])
    return list({_shape(one): one for one in reversed(results)}.values()) if isinstance(results, list) else results


def _shape(held: Any) -> Any:
    if isinstance(held, dict):
        return tuple((key, _shape(value)) for key, value in held.items())
    if isinstance(held, list):
        return "list", frozenset(_shape(one) for one in held)
    return type(held).__name__


def _identities(made: dict[str, Any]) -> Iterator[str]:
    """An id that stands twice."""
    ids = [held["id"] for _, held in _objects(made | {"analyses": [_bare(a) for a in made.get("analyses", [])]})]
    for name, n in Counter(ids).items():
        if n > 1:
            yield f"the id {name} stands {n} times"


def _bare(analysis: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in analysis.items() if key != "results"}


def _objects(held: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object with an id."""
    if isinstance(held, dict):
        if "id" in held:
            yield path, held
        for key, value in held.items():
            yield from _objects(value, f"{path}.{key}")
    elif isinstance(held, list):
        for one in held:
            yield from _objects(one, path)


def _dangling(made: dict[str, Any]) -> Iterator[str]:
    known = {name: {one["id"] for one in made.get(name, [])} for name in set(REFERENCES.values())}
    terms = {one["id"] for some in made.get("terminologyExtensions", []) for one in some["sponsorTerms"]}
    categories = {one["id"] for some in made.get("analysisOutputCategorizations", []) for one in some["categories"]}
    operations = {one["id"] for method in made.get("methods", []) for one in method["operations"]}
    relations = {
        one["id"]
        for method in made.get("methods", [])
        for operation in method["operations"]
        for one in operation.get("referencedOperationRelationships", [])
    }
    allowed = {key: known[name] for key, name in REFERENCES.items()}
    allowed |= {"sponsorTermId": terms, "operationId": operations, "referencedOperationRelationshipId": relations}
    bare = made | {"analyses": [_bare(one) for one in made.get("analyses", [])]}
    for path, key, value in _texts(bare):
        if key == "categoryIds" and value not in categories:
            yield f"{path} names {value}, which is no category"
        elif key in allowed and value not in allowed[key]:
            yield f"{path} names {value}, which is not defined"


def _texts(held: Any, path: str = "", key: str = "") -> Iterator[tuple[str, str, str]]:
    """Every text with the path and the key under which it stands."""
    if isinstance(held, dict):
        for name, value in held.items():
            yield from _texts(value, f"{path}.{name}".lstrip("."), name)
    elif isinstance(held, list):
        for n, one in enumerate(held):
            yield from _texts(one, f"{path}.{n}", key)
    elif isinstance(held, str):
        yield path, key, held


def _conditions(made: dict[str, Any]) -> Iterator[str]:
    """A condition with a number of values that its comparator does not take (rules of the model, not of its schema)."""
    for name in ("analysisSets", "dataSubsets", "analysisGroupings"):
        for one in made.get(name, []):
            for held in _held(one, "condition"):
                several, n = held["comparator"] in ("IN", "NOTIN"), len(held["value"])
                if (several and n < 2) or (not several and n != 1):
                    yield f"{one['id']}: {held['comparator']} with {n} values"


def _held(held: Any, wanted: str) -> Iterator[Any]:
    """Everything that stands under a key, at any depth."""
    if isinstance(held, dict):
        for key, value in held.items():
            if key == wanted:
                yield value
            yield from _held(value, wanted)
    elif isinstance(held, list):
        for one in held:
            yield from _held(one, wanted)


def _results(made: dict[str, Any]) -> Iterator[str]:
    """Results by an operation of another method, in a group that their analysis does not name, or there twice."""
    operations = {method["id"]: {one["id"] for one in method["operations"]} for method in made.get("methods", [])}
    factors = {
        one["id"]: None if one["dataDriven"] else {group["id"] for group in one.get("groups", [])}
        for one in made.get("analysisGroupings", [])
    }
    for analysis in made.get("analyses", []):
        name, own = analysis["id"], operations.get(analysis["methodId"], set())
        groupings = {one["groupingId"] for one in analysis.get("orderedGroupings", [])}
        seen = set()
        for result in analysis.get("results", []):
            groups = [(g["groupingId"], g.get("groupId"), g.get("groupValue")) for g in result.get("resultGroups", [])]
            key = (result["operationId"], *groups)
            if key in seen:
                yield f"{name}: the result {key} stands twice"
            seen.add(key)
            if result["operationId"] not in own:
                yield f"{name}: {result['operationId']} is no operation of {analysis['methodId']}"
            for grouping, group, value in groups:
                if grouping not in groupings or grouping not in factors:
                    yield f"{name}: {grouping} is no grouping of the analysis"
                    continue
                declared = factors[grouping]
                if declared is None and (value is None or group is not None):
                    yield f"{name}: a result names no value of {grouping}, whose groups come from the data"
                elif declared is not None and (group not in declared or value is not None):
                    yield f"{name}: {group} is no group of {grouping}"
