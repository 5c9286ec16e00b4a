"""Facts of the analysis results as results of ARS 1.0: operations of methods, grouping factors, raw and shown values.

A fact belongs to the ARS analysis of its declared analysis and its variable, since an analysis of the standard has one
variable; its statistic is an operation of the method; its groups and the level of its variable are result groups.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from crf2csr import numbers

ARMS = ("TRT01P", "TRT01A", "ARM", "ACTARM")
LEVELS = [(f"group{k}", f"group{k}_level") for k in (1, 2, 3)]
WORD = "A word of the method, no variable of the data"
OPERATION = ["method", "stat_name", "context", "unit"]


@dataclass
class Study:
    """What of the configuration names things in the results.

    Attributes
    ----------
    arms : list of dict
        ``code`` and ``label`` of each arm.
    variables : dict of dict
        Variable -> label, for each analysis data set, by its name in capitals.
    """

    arms: list[dict[str, Any]]
    variables: dict[str, dict[str, str]]

    def owner(self, dataset: str, variable: str) -> str | None:
        """The data set that holds a variable of these rows, the one of subjects first; none for a word of a method."""
        return next((name for name in ("ADSL", dataset.upper()) if variable in self.variables.get(name, {})), None)


@dataclass
class Factors:
    """Grouping factors, each entered when a fact first needs it."""

    study: Study
    made: dict[str, dict[str, Any]] = field(default_factory=dict)
    groups: dict[tuple[str, str], str] = field(default_factory=dict)

    def group(self, dataset: str, variable: str) -> str:
        """Enter the factor of a grouping column; return its id."""
        owner = self.study.owner(dataset, variable)
        oid = f"GF.{owner}.{variable}" if owner else f"GF.{_slug(variable)}"
        if oid in self.made:
            return oid
        about: dict[str, Any] = {"id": oid, "name": variable, "dataDriven": True}
        if owner:
            label = self.study.variables[owner][variable]
            about |= {"label": label, "groupingDataset": owner, "groupingVariable": variable}
        else:
            about["description"] = WORD
        self.made[oid] = about
        return oid

    def level(self, dataset: str, variable: str, level: str) -> dict[str, str]:
        """The group of a result: one of the declared arms, or a value that comes from the data."""
        oid = self.group(dataset, variable)
        about = self.made[oid]
        if variable not in ARMS or "groupingVariable" not in about:
            return {"groupingId": oid, "groupValue": level}
        if about["dataDriven"]:
            about |= {"dataDriven": False, "groups": []}
            for arm in self.study.arms:
                condition = {"dataset": about["groupingDataset"], "variable": variable, "comparator": "EQ"}
                self._enter(about, arm["label"], {"condition": condition | {"value": [arm["label"]]}})
        if (oid, level) not in self.groups:
            self._enter(about, level, {"description": "Subjects of several arms, or of none, under this name"})
        return {"groupingId": oid, "groupId": self.groups[oid, level]}

    def _enter(self, about: dict[str, Any], level: str, more: dict[str, Any]) -> None:
        order = len(about["groups"]) + 1
        gid = f"{about['id'].replace('GF.', 'G.', 1)}.{order}"
        self.groups[about["id"], level] = gid
        about["groups"].append({"id": gid, "name": level, "level": 1, "order": order} | more)

    def word(self, oid: str, name: str, description: str) -> str:
        """Enter a factor that is no column of the data."""
        self.made.setdefault(oid, {"id": oid, "name": name, "description": description, "dataDriven": True})
        return oid


def operations(facts: pd.DataFrame, cards: dict[str, Any]) -> tuple[pd.Series, dict[str, list[dict[str, Any]]]]:
    """The operation of each fact, and the operations of each method in the order of their first fact.

    A statistic that another common default gives on the same data (``context``), or in another unit, is an operation
    of its own, so that nobody takes it for the declared one.
    """
    plain = facts[OPERATION].astype("object").where(facts[OPERATION].notna(), "")
    unique = plain.assign(format=facts["format"]).groupby(OPERATION, sort=False)["format"].agg(["first", "nunique"])
    made: dict[str, list[dict[str, Any]]] = {}
    ids: dict[tuple[str, ...], str] = {}
    for (method, stat, context, unit), kind, kinds in unique.itertuples(name=None):
        held = made.setdefault(method, [])
        again = sum(one["name"] == stat for one in held)
        ids[method, stat, context, unit] = oid = f"OP.{method}.{stat}" + (f".{again + 1}" if again else "")
        about = {"id": oid, "name": stat, "order": len(held) + 1}
        if context or unit:
            about["label"] = f"{stat}{f' ({unit})' if unit else ''}{f', {context}' if context else ''}"
        said = [f"Not the declared result, but that of another default: {context}"] if context else []
        said += [_of(cards[method]["formulas"], stat)]
        call = _of(cards[method]["r"], stat)
        said += [f"In R: {call}"] if call else []
        told = ". ".join(part.rstrip(".") for part in said if part)
        about |= {"description": f"{told}."} if told else {}
        if kinds == 1 and kind in PATTERNS:
            about["resultPattern"] = PATTERNS[kind]
        held.append(about)
    for method, held in made.items():
        _relate(method, cards[method], held)
    keys = pd.Series(list(plain.itertuples(index=False, name=None)), index=facts.index)
    return keys.map(ids), made


# What a proportion is made of, where the card of its method says that it is n / N.
SHARE = {"n": "NUMERATOR", "N": "DENOMINATOR"}


def _relate(method: str, card: dict[str, Any], held: list[dict[str, Any]]) -> None:
    """Tell of a proportion which operations give its numerator and its denominator."""
    known = {one["id"]: one for one in held}
    parts = {f"OP.{method}.{stat}": role for stat, role in SHARE.items()}
    share = known.get(f"OP.{method}.p")
    if share and _of(card["formulas"], "p").startswith("n / N") and set(parts) <= set(known):
        share["referencedOperationRelationships"] = [
            {"id": f"{share['id']}.{role}", "referencedOperationRole": {"controlledTerm": role}, "operationId": part}
            for part, role in parts.items()
        ]


PATTERNS = {
    "count": "X",
    "percent": "X.X",
    "percent_bound": "X.X",
    "points": "X.XX",
    "p": "X.XXXX",
    "proportion": "X.XXXX",
} | {f"d{n}": f"X.{'X' * n}".rstrip(".") for n in range(5)}


def values(facts: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Raw and shown value of each fact as text; the raw one is missing where there is neither number nor word.

    A result that is a word (format ``text``) shows as it; its number, if it has one, stays the raw value.
    """
    words = facts["stat_text"].astype("object")
    raw = facts["stat"].map(_exact, na_action="ignore").astype("object").where(facts["stat"].notna(), words)
    worded = facts["format"].eq("text") & words.notna()
    pairs = list(zip(facts["stat"].mask(worded).astype("object"), facts["format"], strict=True))
    known = {pair: numbers.shown(*pair) for pair in set(pairs)}
    shown = pd.Series([known[pair] for pair in pairs], index=facts.index, dtype="object")
    return raw, shown.mask(worded, words)


def result_groups(facts: pd.DataFrame, factors: Factors) -> list[list[dict[str, str]]]:
    """The groups of each fact: arm, further groups, the variable where it is a word of the method, and its level."""
    found: list[list[dict[str, str]]] = [[] for _ in range(len(facts))]
    for name, level in LEVELS:
        keys = [facts["dataset"], facts[name], facts[level]]
        made: dict[tuple[str, ...], dict[str, str]] = {}
        for n, key in _present(*keys):
            if key not in made:
                made[key] = factors.level(*key)
            found[n].append(made[key])
    for n, (variable,) in _present(facts["variable"].where(~facts["own"])):
        oid = factors.word(
            "GF.counted", "What is counted or estimated", "A word of the method, no variable of the data"
        )
        found[n].append({"groupingId": oid, "groupValue": variable})
    said = "Value, class, interval or time that the result is of, in the words of the analysis"
    for n, (variable, level) in _present(facts["variable"].fillna("rows"), facts["variable_level"]):
        oid = factors.word(f"GL.{_slug(variable)}", f"Levels of {variable}", said)
        found[n].append({"groupingId": oid, "groupValue": level})
    return found


def _present(*columns: pd.Series) -> Iterable[tuple[int, tuple[str, ...]]]:
    """Place and values of the rows that have all of these columns."""
    held = pd.concat(columns, axis=1).notna().all(axis=1).to_numpy()
    for n, row in enumerate(zip(*(column.astype("object") for column in columns), strict=True)):
        if held[n]:
            yield n, row


def _exact(value: float) -> str:
    """The shortest text that names the number."""
    return str(int(value)) if abs(value) < 1e15 and value == int(value) else repr(float(value))


def _of(told: dict[str, str], stat: str) -> str:
    """What a card says of a statistic: the text of the longest beginning of its name."""
    return told[max((start for start in told if stat.startswith(start)), key=len)] if _begins(told, stat) else ""


def _begins(told: dict[str, str], stat: str) -> bool:
    return any(stat.startswith(start) for start in told)


def _slug(text: str) -> str:
    """A name that may stand in an id."""
    return re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_") or "_"
