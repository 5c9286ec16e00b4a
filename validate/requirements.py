"""The requirements of the product, as ``validate/requirements.yaml`` lists them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crf2csr.errors import Cause, together
from crf2csr.specs import read_yaml

HERE = Path(__file__).parent
ROOT = HERE.parent
LIST = HERE / "requirements.yaml"
NAME = "validate/requirements.yaml"
ID = re.compile(r"URS-[A-Z]{2,4}-\d{2}")
KEYS = {"id", "text", "risk"}


@dataclass(frozen=True)
class Requirement:
    """What the product must do, in words that its user would choose.

    Attributes
    ----------
    id : str
        ``URS-<area>-nn``.
    area : str
        The title of its area.
    risk : str
        ``high``, ``medium`` or ``low``: what happens to a reader of the report where it is not kept.
    needs : str
        What a machine must have that a checkout does not bring, or blank.
    """

    id: str
    area: str
    text: str
    risk: str
    needs: str = ""


@dataclass(frozen=True)
class Catalogue:
    """All requirements in their order, the meaning of each class of risk, and how many tests each class asks for."""

    requirements: list[Requirement]
    risks: dict[str, str]
    least: dict[str, int]

    @property
    def ids(self) -> set[str]:
        """The ids of all requirements."""
        return {r.id for r in self.requirements}


def read(file: Path = LIST) -> Catalogue:
    """Read the list strictly; every fault of it is a line."""
    return parsed(read_yaml(file), NAME if file == LIST else str(file))


def parsed(held: Any, name: str = NAME) -> Catalogue:
    """Check what the list says.

    Parameters
    ----------
    held : dict
        ``risks`` (class: {words, tests}) and ``areas``, each ``{area, title, requirements}``.
    """
    try:
        risks = {str(key): str(value["words"]) for key, value in held["risks"].items()}
        least = {str(key): int(value["tests"]) for key, value in held["risks"].items()}
        rows = [(area, row) for area in held["areas"] for row in area["requirements"]]
        titles = {area["area"]: area["title"] for area in held["areas"]}
        if len(titles) != len(held["areas"]):
            raise Cause("an area stands twice", file=name)
        named = [(str(row["id"]), area, row) for area, row in rows]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise Cause(f"is no list of requirements ({type(error).__name__}: {error})", file=name) from None
    causes = [cause for id_, area, row in named for cause in _wrong(id_, area["area"], row, risks, name)]
    ids = [id_ for id_, _, _ in named]
    causes += [
        Cause("this id stands twice", file=name, value=id_) for id_ in dict.fromkeys(i for i in ids if ids.count(i) > 1)
    ]
    if causes:
        raise together(causes)
    found = [
        Requirement(id_, area["title"], " ".join(row["text"].split()), row["risk"], str(row.get("needs", "")))
        for id_, area, row in named
    ]
    return Catalogue(found, risks, least)


def _wrong(id_: str, area: str, row: dict[str, Any], risks: dict[str, str], name: str) -> list[Cause]:
    """What is wrong with one entry."""
    found = []
    if not ID.fullmatch(id_):
        found.append(Cause("an id is URS-<area>-nn", file=name, value=id_))
    elif id_.split("-")[1] != area:
        found.append(Cause(f"stands in the area {area}", file=name, value=id_))
    if strangers := sorted(row.keys() - KEYS - {"needs"}):
        found.append(Cause("is not a key of a requirement", file=name, field=id_, value=strangers[0]))
    if missing := sorted(KEYS - row.keys()):
        found.append(Cause(f"lacks {', '.join(missing)}", file=name, field=id_))
    elif row["risk"] not in risks:
        found.append(Cause(f"is no class of risk: {', '.join(risks)}", file=name, field=id_, value=row["risk"]))
    elif not str(row["text"] or "").strip():
        found.append(Cause("says nothing", file=name, field=id_))
    return found
