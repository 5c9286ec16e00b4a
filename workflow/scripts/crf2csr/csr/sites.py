"""SITES: the queries as sheets to send back, one for each site and one for all."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import pandas as pd

from crf2csr.csr import _asked, _integrity
from crf2csr.errors import Cause

NOBODY = "_no_site"  # queries about tables, and about records whose site the export does not say
LONGEST = 80  # characters of a file name, so that a path stays within what old systems allow
# Names that Windows keeps for devices, whatever their ending.
RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])", re.IGNORECASE)
RECORD = re.compile(r"\b(?P<form>[A-Za-z][A-Za-z0-9_]*):(?P<line>[0-9]+)\b")


def file_names(sites: list[str]) -> dict[str, str]:
    """Return the file name (without ending) of each site id; two ids that would become one name are a cause.

    Letters, digits, ``-`` and ``_`` stay; every other character becomes ``_``, so that no name leads out of its folder.
    """
    names: dict[str, str] = {}
    taken = {NOBODY.casefold(): ""}
    for site in sorted(set(sites) - {""}):
        name = re.sub(r"[^\w-]", "_", unicodedata.normalize("NFKC", site))[:LONGEST]
        name = f"{name}_" if RESERVED.fullmatch(name) else name
        other = taken.setdefault(name.casefold(), site)
        if other != site:
            raise Cause(
                f"two sites would share the file {name}.csv" + (f", the other is {other!r}" if other else ""),
                field="SITEID",
                value=site,
            )
        names[site] = name
    return names | {"": NOBODY}


def said(messages: pd.Series, crf: dict[str, Any]) -> pd.Series:
    """Messages in which a record is named by its form and line in words; each distinct text is read once."""
    labels = {form["name"]: form["label"] for form in crf.values()}

    def words(found: re.Match[str]) -> str:
        label = labels.get(found["form"])
        return f"{label} (form {found['form']}, line {found['line']})" if label else found.group()

    text = messages.fillna("")
    return text.map({one: RECORD.sub(words, one) for one in text.unique()})


def sheet(read: dict[str, pd.DataFrame], part: dict[str, Any]) -> pd.DataFrame:
    """Every query of the run as one table, gravest and oldest first; all columns are text but line and age."""
    accepted = (part["accepted"] or {}).get("accepted") or []
    asked, _ = _integrity.queries({n: t for n, t in read.items() if "/_queries/" in n}, accepted)
    place = _asked.located(asked, read, part["crf"], part["page"])
    visits = {visit["event"]: visit["name"] for visit in part["page"].get("visits", [])}
    entries = {_integrity.key(a["rule"], a["record"], a["field"]): a for a in accepted}
    own = asked["RULE"] + "|" + asked["REC"].fillna("") + "|" + asked["FIELD"].fillna("")
    labels = {form["name"]: form["label"] for form in part["crf"].values()}
    fields = {f"{f['name']}.{n}": about["label"] for f in part["crf"].values() for n, about in f["fields"].items()}
    table = pd.DataFrame(
        {
            "site": place["SITEID"],
            "subject": place["SUBJID"],
            "form": asked["FORM"],
            "form name": asked["FORM"].map(labels),
            "visit": place["EVENT"].map(visits).fillna(place["EVENT"]),
            "file": asked["FORM"].map(part["files"]),
            "line": place["LINE"],
            "field": asked["FIELD"],
            "question": (asked["FORM"] + "." + asked["FIELD"]).map(fields),
            "value as entered": asked["VALUE"],
            "rule": asked["RULE"],
            "severity": asked["SEVERITY"],
            "what is asked": said(asked["MESSAGE"], part["crf"]),
            "age in days": place["AGE"],
            "age is counted from": place["SINCE"],
            "status": own.isin(list(entries)).map({True: "accepted", False: "open"}),
            **{
                f"accepted {word}": own.map({k: entry[name] for k, entry in entries.items()})
                for word, name in (("by", "who"), ("on", "date"), ("because", "why"))
            },
        }
    )
    rank = table["severity"].map({name: n for n, name in enumerate(_integrity.SEVERITIES)})
    order = table.assign(_rank=rank, _age=-table["age in days"].fillna(-1))
    by = ["_rank", "_age", "site", "subject", "form", "line", "rule", "field"]
    return table.loc[order.sort_values(by, kind="stable", na_position="first").index].reset_index(drop=True)


def sheets(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The part of the table that belongs to each site, by file name."""
    names = file_names(table["site"].unique().tolist())
    return {f"{names[site]}.csv": rows for site, rows in table.groupby("site", sort=True)}
