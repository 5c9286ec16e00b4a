"""Queries that were opened and closed between two cuts, matched by the record's key: lines move, keys do not."""

from __future__ import annotations

import re

import pandas as pd

from compare.cut import Cut
from compare.records import _keyed
from crf2csr.csr import _asked, _integrity
from crf2csr.csr.sites import RECORD

SAME = ["RULE", "FORM", "FIELD", "KEY"]
COLUMNS = ["what", "site", "subject", "form", "visit", "field", "rule", "severity", "line_old", "line_new"]
TEXTS = ["value_old", "value_new", "message_old", "message_new"]


def asked(cut: Cut) -> pd.DataFrame:
    """Every query of a cut, accepted or not, with KEY (its record), SITE, and SAYS, the message without lines."""
    inputs = {role: path for role, path in cut.plan.floors.items() if "/_queries/" in role}
    accepted = (cut.plan.ask.slice["accepted"] or {}).get("accepted") or []
    table, _ = _integrity.queries({role: cut.read(path) for role, path in inputs.items()}, accepted)
    keys = _keys_of(cut, table)
    tables = {role: cut.read(path) for role, path in cut.plan.ask.inputs.items() if "_queries" not in role}
    place = _asked.located(table, tables, cut.study.crf, cut.study.page)
    first = table["REC"].fillna("").str.split(" ").str[0]
    message = table["MESSAGE"].fillna("")
    plain = {m: RECORD.sub(lambda found: keys.get(found.group(), found.group()), m) for m in message.unique()}
    return table.assign(
        KEY=first.map(keys).fillna(table["SUBJID"].fillna("") + " " + table["EVENT"].fillna("")),
        SITE=place["SITEID"],
        LINE=place["LINE"],
        VISIT=place["EVENT"],
        PERSON=place["SUBJID"],
        SAYS=message.map(plain),
        VALUE=table["VALUE"].fillna(""),
        FIELD=table["FIELD"].fillna(""),
    )


def _keys_of(cut: Cut, table: pd.DataFrame) -> dict[str, str]:
    """The key, as text, of every record that a query is about or mentions."""
    texts = pd.concat([table["REC"], table["MESSAGE"]]).dropna().unique()
    named = {found.group() for text in texts for found in re.finditer(RECORD, text)}
    keys: dict[str, str] = {}
    for name, frame in cut.forms.items():
        mine = frame[frame["REC"].isin(named)]
        if mine.empty:
            continue
        parts = _keyed(mine, cut.keys[name])
        joined = parts[parts.columns[0]].str.cat([parts[c] for c in parts.columns[1:]], sep=" ")
        form = cut.study.crf[name]["name"]
        keys |= dict(zip(mine["REC"], form + " " + joined, strict=True))
    return keys


def compare(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Lay the queries of two cuts (``asked``) side by side: one line per query, opened, closed, changed or staying.

    A query that says the same of the same record stays. What is left of one rule, record and field is the same query
    with another value or wording where each cut has one of it; otherwise one is closed and one opened.
    """
    exact = [*SAME, "SAYS", "VALUE", "_N"]
    a, b = (t.assign(_N=t.groupby(exact[:-1], sort=False).cumcount(), _ROW=range(len(t))) for t in (old, new))
    stays = a.merge(b, on=exact, suffixes=("_A", "_B"))[["_ROW_A", "_ROW_B"]]
    left_a, left_b = a[~a["_ROW"].isin(stays["_ROW_A"])], b[~b["_ROW"].isin(stays["_ROW_B"])]
    single_a, single_b = (t[~t.duplicated(SAME, keep=False)] for t in (left_a, left_b))
    other = single_a.merge(single_b, on=SAME, suffixes=("_A", "_B"))[["_ROW_A", "_ROW_B"]]
    closed = left_a[~left_a["_ROW"].isin(other["_ROW_A"])]
    opened = left_b[~left_b["_ROW"].isin(other["_ROW_B"])]
    parts = [
        _told("opened", None, opened),
        _told("closed", closed, None),
        _told("changed", a.iloc[other["_ROW_A"]], b.iloc[other["_ROW_B"]]),
        _told("stays", a.iloc[stays["_ROW_A"]], b.iloc[stays["_ROW_B"]]),
    ]
    table = pd.concat([p for p in parts if len(p)] or parts[:1], ignore_index=True)
    rank = table["severity"].map({name: n for n, name in enumerate(_integrity.SEVERITIES)})
    turn = table["what"].map({"opened": 0, "closed": 1, "changed": 2, "stays": 3})
    order = table.assign(_t=turn, _r=rank).sort_values(
        ["_t", "_r", "site", "subject", "form", "rule", "field", "line_new", "line_old"], kind="stable"
    )
    return table.loc[order.index].reset_index(drop=True)


def _told(what: str, a: pd.DataFrame | None, b: pd.DataFrame | None) -> pd.DataFrame:
    one = b if b is not None else a
    assert one is not None
    table = pd.DataFrame(
        {
            "what": what,
            "site": one["SITE"].to_numpy(),
            "subject": one["PERSON"].to_numpy(),
            "form": one["FORM"].to_numpy(),
            "visit": one["VISIT"].to_numpy(),
            "field": one["FIELD"].to_numpy(),
            "rule": one["RULE"].to_numpy(),
            "severity": one["SEVERITY"].to_numpy(),
        },
        dtype=object,
    )
    for cut, frame in (("old", a), ("new", b)):
        lines = [pd.NA] * len(table) if frame is None else frame["LINE"]
        table[f"line_{cut}"] = pd.array(lines, dtype="Int64")
        table[f"value_{cut}"] = "" if frame is None else frame["VALUE"].to_numpy()
        table[f"message_{cut}"] = "" if frame is None else frame["MESSAGE"].to_numpy()
    return table[[*COLUMNS, *TEXTS]]


def by_site(table: pd.DataFrame) -> pd.DataFrame:
    """How many queries of each site were there, were closed, were opened, and are there."""
    counted = pd.crosstab(table["site"], table["what"]).reindex(
        columns=["closed", "opened", "changed", "stays"], fill_value=0
    )
    held = counted["changed"] + counted["stays"]
    counted.insert(0, "in_old", counted["closed"] + held)
    counted["in_new"] = counted["opened"] + held
    return counted.rename_axis(columns=None).reset_index()
