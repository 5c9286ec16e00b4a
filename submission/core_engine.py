"""Run CDISC's rules engine over transport files: ``PYTHON core_engine.py REQUEST.json ANSWER.json``.

This file is run by the Python that ``core.python`` of a study names, in the engine's own environment; it imports
nothing of the house. The exit code of the engine says nothing: findings, skipped rules and rules that could not be
carried out are told apart by the status of each rule on each data set, which is what the answer holds.

The request holds ``standard`` (``sdtmig``), ``version`` (``3-4``), ``datasets`` (paths), ``define`` (path), ``terms``
(packages of controlled terminology), ``rules`` (folder of YAML or JSON) and ``cache`` (folder of the library's
metadata, or null).
"""

from __future__ import annotations

import json
import pickle
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

# How many findings of a rule on a data set are told in full; all are counted.
TOLD = 20


def main(request: Path, answer: Path) -> None:
    """Answer one request."""
    asked = json.loads(request.read_text(encoding="utf-8"))
    rules, refused, others = load(Path(asked["rules"]), asked["standard"], asked["version"])
    made = engine(asked)
    found = [line for rule in rules for line in carried_out(rule, made)]
    told = {
        "engine": metadata.version("cdisc-rules-engine"),
        "python": ".".join(map(str, sys.version_info[:3])),
        "rules": len(rules),
        "other_standards": others,
        "refused": refused,
        "results": found,
    }
    answer.write_text(json.dumps(told, ensure_ascii=False, default=str), encoding="utf-8")


def load(folder: Path, standard: str, version: str) -> tuple[list[dict[str, Any]], list[dict[str, str]], int]:
    """Rules of the standard, files that hold no rule with the reason, and the number of rules of other standards."""
    import yaml
    from cdisc_rules_engine.models.rule import Rule

    rules: list[dict[str, Any]] = []
    refused, others = [], 0
    for path in sorted(p for p in folder.rglob("*") if p.suffix in (".yml", ".yaml", ".json")):
        try:
            text = path.read_text(encoding="utf-8")
            held = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
            rule = Rule.from_cdisc_metadata(_underscored(held))
            known = {(s["Name"].lower(), str(s["Version"]).replace(".", "-")) for s in rule["standards"]}
            if not rule["core_id"]:
                raise ValueError("it has no Core.Id")
        except Exception as error:  # whatever a file holds instead of a rule is told, and no file stops the others
            refused.append({"file": path.relative_to(folder).as_posix(), "message": f"{type(error).__name__}: {error}"})
            continue
        if (standard, version) in known:
            rules.append(rule)
        else:
            others += 1
    return rules, refused, others


def _underscored(held: Any) -> Any:
    """Keys as the engine wants them, without blanks."""
    if isinstance(held, dict):
        return {str(key).replace(" ", "_"): _underscored(value) for key, value in held.items()}
    return [_underscored(one) for one in held] if isinstance(held, list) else held


def carried_out(rule: dict[str, Any], made: Any) -> list[dict[str, Any]]:
    """Status and findings of one rule on each data set of the engine."""
    name, message = rule["core_id"], rule["description"]
    try:
        held = made.validate_single_rule(rule)
    except Exception as error:  # a rule that cannot be begun is an execution error of that rule
        return [_line(name, message, "", "execution error", f"{type(error).__name__}: {error}", [])]
    return [
        _line(name, message, one.get("dataset") or dataset, one["executionStatus"], one.get("message"), one["errors"])
        for dataset, some in held.items()
        for one in some
    ]


def _line(rule: str, asks: str, dataset: str, status: str, message: Any, errors: list[Any]) -> dict[str, Any]:
    return {
        "rule": rule,
        "asks": asks,
        "dataset": str(dataset),
        "status": str(status),
        "message": str(message or ""),
        "found": len(errors),
        "errors": errors[:TOLD],
    }


def engine(asked: dict[str, Any]) -> Any:
    """The engine over the data sets of the request."""
    from cdisc_rules_engine.models.external_dictionaries_container import ExternalDictionariesContainer
    from cdisc_rules_engine.rules_engine import RulesEngine
    from cdisc_rules_engine.services import logger
    from cdisc_rules_engine.services.cache import InMemoryCacheService

    logger.disabled = True
    return RulesEngine(
        cache=InMemoryCacheService(),
        standard=asked["standard"],
        standard_version=asked["version"],
        library_metadata=library(asked),
        external_dictionaries=ExternalDictionariesContainer(),
        ct_packages=asked["terms"],
        define_xml_path=asked["define"],
        dataset_paths=asked["datasets"],
        max_dataset_size=max(Path(one).stat().st_size for one in asked["datasets"]),
        validate_xml=False,
    )


def library(asked: dict[str, Any]) -> Any:
    """Metadata of the standard from the engine's cache; empty where there is none, and rules that need it then fail."""
    from cdisc_rules_engine.models.library_metadata_container import LibraryMetadataContainer
    from cdisc_rules_engine.utilities import utils

    if not asked["cache"]:
        return LibraryMetadataContainer()
    folder, named = Path(asked["cache"]), (asked["standard"], asked["version"])

    def held(file: str) -> dict[str, Any]:
        return pickle.loads((folder / file).read_bytes()) if (folder / file).exists() else {}

    standard = held("standards_details.pkl").get(utils.get_standard_details_cache_key(*named), {})
    model = utils.get_model_details_cache_key_from_ig(standard) if standard else ""
    return LibraryMetadataContainer(
        standard_metadata=standard,
        model_metadata=held("standards_models.pkl").get(model, {}),
        variable_codelist_map=held("variable_codelist_maps.pkl").get(utils.get_standard_codelist_cache_key(*named), {}),
        variables_metadata=held("variables_metadata.pkl").get(
            utils.get_library_variables_metadata_cache_key(*named, None), {}
        ),
        ct_package_metadata={name: held(f"{name}.pkl") for name in asked["terms"]},
        published_ct_packages={path.stem for path in folder.glob("*ct-*.pkl")},
        cache_path=str(folder),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
