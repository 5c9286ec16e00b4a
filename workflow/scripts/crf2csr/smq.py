"""Standardised MedDRA Queries: lists of terms that the user places in the study's folder, read when the study is.

MedDRA is licensed, so nothing of it comes with the house. A group of ``aesi.yaml`` names a file under ``config/``; here
the name becomes the terms of the query, so that they are part of the configuration: a job that uses them is
stale when one of them changes. Scope as MedDRA defines it: a narrow search takes the narrow terms, a broad search the
narrow and the broad ones (Introductory Guide for Standardised MedDRA Queries).
"""

from __future__ import annotations

import csv
import io as stream
from pathlib import Path, PurePosixPath
from typing import Any

from crf2csr import io
from crf2csr.errors import Cause, together

FILE = "config/aesi.yaml"
# A list must have one column that names the query, one that names the term, and the scope; the others may be absent.
COLUMNS = ("smq_name", "smq_code", "pt_code", "pt_name", "scope", "category")
# Words, and the numbers of MedDRA's own distribution files.
SCOPES = {"narrow": "NARROW", "2": "NARROW", "n": "NARROW", "broad": "BROAD", "1": "BROAD", "b": "BROAD"}
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "dollar": "$"}

Record = dict[str, Any]


def resolved(lists: dict[str, Any], config: Path) -> dict[str, Any]:
    """Return the lists of a study with the terms of each Standardised MedDRA Query in its group of ``aesi``.

    Parameters
    ----------
    lists : dict
        Lists by name; ``aesi`` may hold groups with ``smq: {file, name, code, scope, categories, algorithm, ...}``.
    config : Path
        The folder that holds the files.

    Returns
    -------
    dict
        The same, each ``smq`` with ``name``, ``code`` and ``terms``: ``{term, code, scope, category}`` within the
        scope, in the order of the file.

    Raises
    ------
    Cause
        One line for each query that cannot be read as declared.
    """
    if not any("smq" in group for group in lists.get("aesi", {}).get("groups", [])):
        return lists
    groups, causes = [], []
    for group in lists["aesi"]["groups"]:
        try:
            found = {"smq": _query(group["smq"], group["id"], config)} if "smq" in group else {}
        except Cause as cause:
            causes.append(cause)
        else:
            groups.append(group | found)
    if causes:
        raise together(causes)
    return lists | {"aesi": lists["aesi"] | {"groups": groups}}


def _query(given: Record, ident: str, config: Path) -> Record:
    """One query: its declaration with ``name``, ``code`` and ``terms``."""
    field = f"groups.{ident}.smq"
    name = given["file"]
    if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts or any(mark in name for mark in "\\:"):
        raise Cause("the list may not lie outside of config/", file=FILE, field=f"{field}.file", value=name)
    if not (config / name).is_file():
        raise Cause(
            f"there is no such file in config/ (MedDRA is licensed: place your own export at config/{name})",
            file=FILE,
            field=f"{field}.file",
            value=name,
        )
    records = _records(config / name, given, field)
    mine = _chosen(records, given, field)
    wide = given["scope"] == "broad"
    within = [r for r in mine if wide or r["scope"] == "NARROW"]
    wanted = {str(c) for c in given.get("categories", [])} | {str(c) for s in given.get("algorithm", []) for c in s}
    held = {r["category"] for r in within if r["category"]}
    for category in sorted(wanted - held):
        known = ", ".join(sorted(held)) or "none"
        key = "algorithm" if category not in map(str, given.get("categories", [])) else "categories"
        raise Cause(
            f"no term of this query and scope is in this category; known: {known}",
            file=FILE,
            field=f"{field}.{key}",
            value=category,
        )
    if wanted:
        within = [r for r in within if r["category"] in wanted]
    if not within:
        raise Cause(f"config/{name} has no term of this scope", file=FILE, field=f"{field}.scope", value=given["scope"])
    first = mine[0]
    terms = [
        {"term": r["pt_name"], "code": r["pt_code"], "scope": r["scope"], "category": r["category"]} for r in within
    ]
    return given | {"name": first["smq_name"] or first["smq_code"], "code": first["smq_code"], "terms": terms}


def _records(path: Path, given: Record, field: str) -> list[Record]:
    """The lines of a list with the names of ``COLUMNS``; a line that cannot be used is a cause that names it."""
    shown = f"config/{given['file']}"
    encoding = given.get("encoding", "UTF-8")
    try:
        text = io.read_bytes(path).decode("utf-8-sig" if encoding.upper() in ("UTF-8", "UTF8") else encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise Cause(
            f"is not text of this encoding ({error})", file=shown, field=f"{field}.encoding", value=encoding
        ) from None
    delimiter = str(given.get("delimiter", ","))
    lines = csv.reader(stream.StringIO(text, newline=""), delimiter=DELIMITERS.get(delimiter, delimiter))
    header = [cell.strip() for cell in next(lines, [])]
    places = _places(header, given, shown, field)
    made = []
    for cells in lines:
        line = lines.line_num
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            raise Cause(f"{len(cells)} cells stand under {len(header)} columns", file=shown, line=line)
        record: Record = {key: cells[place].strip() for key, place in places.items()}
        record = dict.fromkeys(COLUMNS, "") | record | {"line": line}
        if not record["pt_name"] and not record["pt_code"]:
            raise Cause("a term has neither name nor code", file=shown, line=line, field="pt_name")
        if record["pt_code"] and not (record["pt_code"].isascii() and record["pt_code"].isdigit()):
            raise Cause(
                "a code of MedDRA is a whole number", file=shown, line=line, field="pt_code", value=record["pt_code"]
            )
        scope = SCOPES.get(record["scope"].casefold())
        if scope is None:
            raise Cause(
                "is not a scope: narrow (2) or broad (1)", file=shown, line=line, field="scope", value=record["scope"]
            )
        made.append(record | {"scope": scope})
    if not made:
        raise Cause("the list holds no term", file=shown, field=f"{field}.file", value=given["file"])
    return made


def _places(header: list[str], given: Record, shown: str, field: str) -> dict[str, int]:
    """Where each column of the list stands; what is named and absent, or there and not known, is a cause."""
    named = given.get("columns", {})
    wanted = {key: named.get(key, key) for key in COLUMNS}
    by_name = {name.casefold(): place for place, name in enumerate(header)}
    if len(by_name) != len(header):
        raise Cause("two columns bear one name", file=shown, line=1, value=", ".join(header))
    places = {key: by_name[name.casefold()] for key, name in wanted.items() if name.casefold() in by_name}
    needed = {*named, "scope", *(["category"] if "categories" in given or "algorithm" in given else [])}
    needed |= {key for key in ("smq_name", "smq_code") if key.removeprefix("smq_") in given}
    needed |= {"pt_name"} - ({"pt_name"} if "pt_code" in places else set())
    for key in sorted(needed - set(places)):
        raise Cause(
            f"the list has no such column; it has: {', '.join(header) or 'none'}",
            file=shown,
            line=1,
            field=f"{field}.columns.{key}",
            value=wanted[key],
        )
    known = {name.casefold() for name in wanted.values()} | {name.casefold() for name in given.get("ignore", [])}
    for name in header:
        if name.casefold() not in known:
            raise Cause(
                f"is not a column that is known ({', '.join(wanted.values())}); name it under `columns` or `ignore`",
                file=shown,
                line=1,
                field=field,
                value=name,
            )
    return places


def _chosen(records: list[Record], given: Record, field: str) -> list[Record]:
    """The lines of the query that is named; a file of several queries needs a name or a code."""
    shown = f"config/{given['file']}"
    for key in ("name", "code"):
        if key in given:
            wanted = str(given[key])
            found = [r for r in records if r[f"smq_{key}"].casefold() == wanted.casefold()]
            if not found:
                known = ", ".join(dict.fromkeys(r[f"smq_{key}"] for r in records))
                raise Cause(
                    f"is not a query of {shown}; it has: {known[:300]}", file=FILE, field=f"{field}.{key}", value=wanted
                )
            records = found
    queries = {(r["smq_name"].casefold(), r["smq_code"]) for r in records}
    if len(queries) > 1:
        names = ", ".join(dict.fromkeys(r["smq_name"] or r["smq_code"] for r in records))
        raise Cause(f"{shown} holds several queries; name one: {names[:300]}", file=FILE, field=f"{field}.name")
    return records
