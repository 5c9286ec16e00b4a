"""The study as data: read strictly, checked against the schemas, handed out in slices.

A slice is all that one job may know of the configuration; its digest decides whether the job is stale.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from crf2csr import io, smq
from crf2csr.errors import Cause

FLOORS = ("raw", "sdtm", "adam", "ard", "tlf", "csr")
BASE = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class StrictLoader(BASE):  # type: ignore[misc, valid-type]
    """YAML where ``NO``, ``007``, dates and times stay text and a duplicate key is an error."""

    file = ""


StrictLoader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"(?:true|false)$", "tf"),
    ("null", r"(?:~|null)?$", ["~", "n", ""]),
    ("int", r"(?:0|-?[1-9][0-9]*)$", "-0123456789"),
    ("float", r"-?(?:0|[1-9][0-9]*)\.[0-9]+$", "-0123456789"),
):
    StrictLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


def _mapping(loader: Any, node: yaml.MappingNode) -> dict[Any, Any]:
    """Build a mapping with all that is in it; ``<<`` is a key like others, since no resolver makes more of it."""
    made: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node)
        if key in made:
            raise Cause("this key stands twice", file=loader.file, line=key_node.start_mark.line + 1, field=str(key))
        made[key] = loader.construct_object(value_node, deep=True)
    return made


StrictLoader.add_constructor("tag:yaml.org,2002:map", _mapping)


def read_yaml(path: str | Path) -> Any:
    """Read one YAML file strictly; a syntax error names file and line."""
    loader = StrictLoader(io.read_bytes(path))
    loader.file = str(path)
    try:
        return loader.get_single_data()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise Cause(f"is not valid YAML ({error.problem})", file=str(path), line=line) from None
    except yaml.YAMLError as error:
        raise Cause(f"is not valid YAML ({error})", file=str(path)) from None
    finally:
        loader.dispose()


def digest(*parts: Any) -> str:
    """Return one SHA-256 for any JSON-like parts, independent of the order of keys."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def _validator(schema_file: Path) -> Any:
    """One schema holds many files and is read once; it belongs to the house and does not change while a run lasts."""
    import jsonschema

    return jsonschema.Draft202012Validator(read_yaml(schema_file))


def _check(content: Any, schema_file: Path, file: Path) -> None:
    errors = _validator(schema_file).iter_errors(content)
    for error in sorted(errors, key=lambda e: (-len(e.absolute_path), str(e.absolute_path))):
        field = ".".join(str(part) for part in error.absolute_path) or None
        value = error.instance if isinstance(error.instance, str | int | float | bool) else None
        raise Cause(f"{error.message[:300]} (schema {schema_file.name})", file=str(file), field=field, value=value)


def _refuse_path(name: str, manifest: str) -> None:
    """Refuse a name that leads out of the folder of raw data."""
    parts = PurePosixPath(name).parts
    if PurePosixPath(name).is_absolute() or ".." in parts or any(mark in name for mark in ("\\", ":", "\x00")):
        raise Cause("the name of a raw file may not lead out of its folder", file=manifest, field="name", value=name)


def _entries(file: dict[str, Any]) -> list[dict[str, Any]]:
    """One entry per form of a file. ``forms`` maps each form to its part of the file; the first one speaks for all."""
    if "forms" not in file:
        return [file]
    common = {key: value for key, value in file.items() if key != "forms"}
    parts = {form: part if isinstance(part, dict) else {"part": part} for form, part in file["forms"].items()}
    groups: dict[str, list[str]] = {}
    for part in parts.values():
        groups.setdefault(part["part"], []).extend(part.get("groups", []))
    made = []
    for form, part in parts.items():
        entry = common | part | {"form": form, "uses": len(parts)}
        if "groups" in part:
            entry["read_groups"] = sorted(groups[part["part"]])
        made.append(entry)
    made[0]["parts"] = sorted(groups)
    return made


class Study:
    """A study folder's configuration.

    Parameters
    ----------
    folder : path
        The folder that holds ``config/``; every path of the study is relative to it.
    schemas : path
        The folder of ``*.schema.yaml``.
    overrides : dict
        Values given on the command line (``--config raw_dir=...``).
    """

    def __init__(self, folder: str | Path, schemas: str | Path, overrides: dict[str, Any] | None = None) -> None:
        self.config, self.schemas = Path(folder) / "config", Path(schemas)
        self.page = self._read("config.yaml", "config")
        self._override(overrides or {})
        self.crf = self._folder("crf")
        self.sdtm = self._folder("sdtm")
        self.adam = self._folder("adam")
        self.ard = self._folder("ard")
        self.tlf = self._folder("tlf")
        self.lists = self._standards() | {
            path.stem: self._read(path.name, path.stem)
            for path in sorted(self.config.glob("*.yaml"))
            if path.stem not in ("config", "csr", "manifest")
        }
        self.lists = smq.resolved(self.lists, self.config)
        self.csr = self._read("csr.yaml", "csr")
        self.words = self._words()
        self.manifest = self.read_manifest()
        self.mark_decimals()

    def _read(self, name: str, schema: str) -> Any:
        path = self.config / name
        content = read_yaml(path)
        schema_file = self.schemas / f"{schema}.schema.yaml"
        if not schema_file.exists():
            raise Cause(f"is not a configuration file that is known (no {schema_file.name})", file=str(path))
        _check(content, schema_file, path)
        return content

    def _folder(self, floor: str) -> dict[str, Any]:
        found = {
            path.stem: self._read(f"{floor}/{path.name}", floor)
            for path in sorted((self.config / floor).glob("*.yaml"))
        }
        for stem, spec in found.items():
            if spec["name"].lower() != stem:
                raise Cause(
                    f"file and name differ: expected {stem}",
                    file=f"config/{floor}/{stem}.yaml",
                    field="name",
                    value=spec["name"],
                )
        return found

    def _words(self) -> dict[str, dict[str, str]]:
        """The catalogue of titles and labels for each further language of the report; empty where there is none."""
        paths = {path.stem: path for path in sorted((self.config / "words").glob("*.yaml"))}
        for code in paths:
            if code not in self.csr.get("also_in", []):
                raise Cause("no page is made in this language (also_in of csr.yaml)", file=f"config/words/{code}.yaml")
        return {code: self._read(f"words/{code}.yaml", "words") for code in paths}

    def _standards(self) -> dict[str, Any]:
        """Tables of published standards that come with the house, handed out by name like a study's own lists."""
        return {path.stem: io.read_records(path) for path in sorted((self.schemas.parent / "standards").glob("*.csv"))}

    def _override(self, overrides: dict[str, Any]) -> None:
        known = {"raw_dir"}
        for key, value in overrides.items():
            if key not in known:
                raise Cause(f"is not an option of --config; known: {sorted(known)}", field=key, value=value)
        if "raw_dir" in overrides:
            self.page["raw"]["dir"] = str(overrides["raw_dir"])

    def read_manifest(self) -> dict[str, Any]:
        """Read what was delivered: the manifest, one entry per form."""
        folder = Path(self.page["raw"]["dir"])
        if not folder.is_dir():
            raise Cause(
                "the folder of raw data does not exist (set it with --config raw_dir=...)",
                file=str(self.config / "config.yaml"),
                field="raw.dir",
                value=str(folder),
            )
        path = Path(self.page["raw"]["manifest"])
        content = read_yaml(path)
        _check(content, self.schemas / "manifest.schema.yaml", path)
        for file in content["files"]:
            _refuse_path(file["name"], str(path))
        return content | {"files": [entry for file in content["files"] for entry in _entries(file)]}

    def mark_decimals(self) -> None:
        """Tell each form, and each field of numbers, when its file writes them with a decimal comma."""
        for entry in self.manifest["files"]:
            if entry.get("decimal", ".") == ".":
                continue
            form = self.crf.get(entry["form"].lower())
            if form is None:
                raise Cause(
                    "only the file of a form may declare a decimal comma; write these numbers with a point",
                    file=self.page["raw"]["manifest"],
                    field="decimal",
                    value=entry["name"],
                )
            form["decimal"] = entry["decimal"]
            for field in form["fields"].values():
                if field["type"] in ("int", "num"):
                    field["decimal"] = entry["decimal"]

    def raw_file(self, name: str) -> str:
        """Path of one raw file by its name in the manifest."""
        return str(Path(self.page["raw"]["dir"]) / name)

    def file_of(self, role: str) -> dict[str, Any]:
        """The manifest's entry for a form (or ``coding``, ``labranges``, ...); two of them are refused."""
        entries = [entry for entry in self.manifest["files"] if entry["form"] == role]
        if len(entries) != 1:
            names = [entry["name"] for entry in entries]
            rule = "two files stand for one form" if entries else "no file stands for this form"
            raise Cause(rule, file=self.page["raw"]["manifest"], field=role, value=", ".join(names) or None)
        return entries[0]

    def dictionary(self) -> dict[str, Any]:
        """The manifest's entry for the codelists of the EDC dictionary (``raw.dictionary`` names the file)."""
        return self.entry_of(self.page["raw"]["dictionary"], "raw.dictionary")

    def entry_of(self, name: str, key: str) -> dict[str, Any]:
        """The manifest's only entry for a file; ``key`` is what names it."""
        entries = [entry for entry in self.manifest["files"] if entry["name"] == name]
        if len(entries) != 1:
            rule = "the manifest does not name this file" + (" as one form" if entries else "")
            raise Cause(rule, file=self.page["raw"]["manifest"], field=key, value=name)
        return entries[0]
