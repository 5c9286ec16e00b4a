"""The files against define.xml and the published terms: what a reviewer's tool compares first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lxml.etree
import pandas as pd

from submission import transport
from submission.conformance import FINDING
from submission.define_page import DEF, ODM, words

RULES = {
    "DEF": "Each file holds the variables of define.xml in that order, with its labels, types and lengths",
    "CT": "Each value of a variable that is bound to a code list is a term of it",
}


def check(folder: Path) -> pd.DataFrame:
    """Compare the transport files of a folder with its define.xml."""
    version = lxml.etree.parse(str(folder / "define.xml")).find(f"{ODM}Study/{ODM}MetaDataVersion")
    by_oid = {e.get("OID"): e for e in version.iter("{*}*") if e.get("OID")}
    rows = [
        dict(zip(FINDING, (*one, ""), strict=True))
        for group in version.iter(f"{ODM}ItemGroupDef")
        for one in _group(folder, group, by_oid)
    ]
    files = {path.name for path in folder.glob("*.xpt")}
    named = {leaf.findtext(f"{DEF}title") for leaf in version.iter(f"{DEF}leaf")}
    rows += [
        dict(zip(FINDING, ("DEF", name, 0, "", "", "the file is not in define.xml", ""), strict=True))
        for name in sorted(files - named)
    ]
    return pd.DataFrame(rows, columns=list(FINDING))


def _group(folder: Path, group: Any, by_oid: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    name = group.get("Name")
    path = folder / group.find(f"{DEF}leaf").findtext(f"{DEF}title")
    if not path.exists():
        yield "DEF", name, 0, "", "", "there is no file of this data set"
        return
    frame, label, labels = transport.read(path)
    items = [by_oid[reference.get("ItemOID")] for reference in group.findall(f"{ODM}ItemRef")]
    wanted = [item.get("Name") for item in items]
    if list(frame) != wanted:
        yield "DEF", name, 0, "", "", f"the variables are {', '.join(frame)}"
        return
    if label != words(group):
        yield "DEF", name, 0, "", label, "the label differs"
    for item in items:
        variable = item.get("Name")
        column = frame[variable]
        if labels[variable] != words(item):
            yield "DEF", name, 0, variable, labels[variable], "the label differs"
        number = item.get("DataType") in ("integer", "float")
        if number != (column.dtype.kind == "f"):
            yield "DEF", name, 0, variable, str(column.dtype), f"the type is not {item.get('DataType')}"
            continue
        if not number and item.get("Length"):
            long = column[column.str.len() > int(item.get("Length"))]
            yield from (("DEF", name, i + 1, variable, v, "is longer than stated") for i, v in long.items())
        reference = item.find(f"{ODM}CodeListRef")
        if reference is not None:
            codelist = by_oid[reference.get("CodeListOID")]
            terms = {term.get("CodedValue") for term in codelist.iter(f"{ODM}EnumeratedItem", f"{ODM}CodeListItem")}
            outside = column[column.ne("") & ~column.isin(list(terms))]
            yield from (
                ("CT", name, i + 1, variable, v, f"is no term of {codelist.get('Name')}") for i, v in outside.items()
            )
