"""Verbatim terms meet the coding file: joined from the verbatim, so that what is not coded stays.

A specification says how, beside its records::

    coding: {table: coding, where: {DOMAIN: AE}, by: {AETERM: VERBATIM}, set: {AEDECOD: DECOD, AESOC: SOC}}

The verbatim is compared as entered, then without differences of width, case and blanks at the rim; it is
never changed. Two different codings of one verbatim code nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr import dates
from crf2csr.errors import Cause
from crf2csr.populations import matches
from crf2csr.trace import Made, queries


def add(
    rows: pd.DataFrame, rule: dict[str, Any], tables: dict[str, pd.DataFrame], made: Made, domain: str
) -> pd.DataFrame:
    """Return ``rows`` with the dictionary's terms; uncoded rows keep missing terms, a query and a ledger line.

    Parameters
    ----------
    rows : DataFrame
        Rows of the domain with the verbatim, REC, SUBJID and EVENT.
    rule : dict
        ``table``, ``where`` (condition on the coding file), ``by`` (variable -> column), ``set``.
    tables : dict of DataFrame
        The staged tables of the export.
    made : Made
        Receives queries (P39) and a line of the ledger.
    domain : str
        Name of the domain, for messages.
    """
    where = f"config/sdtm/{domain.lower()}.yaml"
    if rule["table"] not in tables:
        raise Cause(
            "the coding table is not among the tables of this domain",
            file=where,
            field="coding.table",
            value=rule["table"],
        )
    ((verbatim, key),) = rule["by"].items()
    table = tables[rule["table"]]
    table = table[matches(table, rule.get("where"), source=where)]
    wanted = list(dict.fromkeys(rule["set"].values()))
    entries = table[[key, *wanted]].drop_duplicates()
    entries = entries.where(entries.astype("str").apply(lambda column: column.str.strip()) != "")
    text = rows[verbatim].astype("str")
    exact, clash = _unique(entries, entries[key].astype("str").str.strip(), wanted)
    loose, _ = _unique(entries, entries[key].astype("str").map(_loosely, na_action="ignore"), wanted)
    trimmed, tidied = text.str.strip(), text.map(_loosely, na_action="ignore")
    found = pd.DataFrame(index=rows.index)
    for column in wanted:
        direct = trimmed.map(exact[column])
        found[column] = direct.where(direct.notna() | trimmed.isin(clash), tidied.map(loose[column]))
    # A term that the mapping itself sets (a condition asked of everyone) is coded there.
    first = next(iter(rule["set"]))
    given = rows[first].notna() if first in rows else pd.Series(False, index=rows.index)
    for variable, column in rule["set"].items():
        rows[variable] = found[column].astype("str").where(~given, rows.get(variable, np.nan))
    named = text.notna() & (trimmed != "") & ~given
    uncoded = named & found[wanted].isna().all(axis=1)
    made.ledger.enter(
        f"{domain}: terms coded",
        "coding file",
        int(named.sum()),
        int((named & ~uncoded).sum()),
        {"not coded: kept in the data, dictionary terms missing": int(uncoded.sum())},
    )
    twice = uncoded & trimmed.isin(clash)
    for lacking, message in (
        (uncoded & ~twice, "Term is not in the coding file."),
        (twice, "The coding file codes this term in two ways; neither is used."),
    ):
        made.queries.append(
            queries(rows[lacking], rule="P39", field=verbatim, message=message, severity="minor", value=text[lacking])
        )
    return rows


def _loosely(text: str) -> str:
    """A verbatim without differences of width, case and blanks."""
    return " ".join(dates.tidy(text).split())


def _unique(entries: pd.DataFrame, keys: pd.Series, wanted: list[str]) -> tuple[pd.DataFrame, set[str]]:
    """Entries by key, and the keys that have more than one coding."""
    table = entries[wanted].assign(_key=keys).dropna(subset=["_key"]).drop_duplicates()
    clash = set(table.loc[table.duplicated("_key", keep=False), "_key"])
    table = table[~table["_key"].isin(clash)].set_index("_key")
    return table.astype("str") if len(table) else pd.DataFrame(
        np.nan, index=pd.Index([], dtype="str"), columns=wanted, dtype="str"
    ), clash
