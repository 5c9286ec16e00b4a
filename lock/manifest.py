"""The lock itself, ``lock/manifest.json`` of a study: one line per artefact, sorted, no clock, user or host.

One content has one spelling, so a manifest that was edited by hand or written by something else is seen.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crf2csr import io
from crf2csr.errors import Cause
from crf2csr.sealed import LOCK, Artefact, identity

FORMAT = "crf2csr lock 1"
FACTS, CELLS = "lock/facts.csv", "lock/cells.csv"
SIGNATURE, SIGNERS = f"{LOCK}.sig", "lock/allowed_signers"
WRITTEN = (LOCK, FACTS, CELLS, SIGNATURE)
KEYS = ["format", "id", "signer", "study", "artefacts", "packages", "tools"]


@dataclass
class Manifest:
    """What a lock says.

    Attributes
    ----------
    id : str
        Hash over all inputs.
    signer : str
        Fingerprint of the key that signs this lock; blank for a lock that is not signed.
    study : dict
        ``id`` and ``cutoff``.
    artefacts : list of Artefact
        Inputs, programs beside them, results, reports, and the values that go with the lock.
    packages : list of dict
        ``name``, ``version``, ``sha256`` (over the hashes that the requirements allow) and ``marker``.
    tools : list of dict
        ``name`` and ``version`` of what ran it: told, not compared.
    """

    id: str
    signer: str
    study: dict[str, str]
    artefacts: list[Artefact]
    packages: list[dict[str, str]]
    tools: list[dict[str, str]]


def text_of(manifest: Manifest) -> str:
    """The only spelling of a manifest."""
    head = {"format": FORMAT, "id": manifest.id, "signer": manifest.signer, "study": manifest.study}
    lists = {
        "artefacts": [a.as_dict() for a in sorted(manifest.artefacts)],
        "packages": sorted(manifest.packages, key=lambda p: (p["name"], p["version"])),
        "tools": sorted(manifest.tools, key=lambda t: t["name"]),
    }
    lines = [f"{_json(key)}: {_json(value)}," for key, value in head.items()]
    for key, rows in lists.items():
        end = "" if key == "tools" else ","
        lines += [f"{_json(key)}: [", *(f"{_json(row)}," for row in rows[:-1]), *map(_json, rows[-1:]), f"]{end}"]
    return "\n".join(["{", *lines, "}", ""])


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def parsed(content: bytes, file: str) -> Manifest:
    """Read a manifest strictly: its spelling, its own id, and no artefact twice."""

    def refuse(rule: str, **where: Any) -> Cause:
        return Cause(rule, file=file, **where)

    try:
        held = json.loads(content)
        if list(held) != KEYS:
            raise refuse(f"a lock has exactly the keys {', '.join(KEYS)}")
        if held["format"] != FORMAT:
            raise refuse("is a lock of another format", field="format", value=held["format"])
        rows = [Artefact(**row) for row in held["artefacts"]]
        found = Manifest(held["id"], held["signer"], held["study"], rows, held["packages"], held["tools"])
        spelled = text_of(found).encode("utf-8")
        own = identity(rows, found.study)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise refuse(f"is not a lock ({error})") from None
    if spelled != content:
        raise refuse("is not spelled as make lock spells it: it was edited, or its line ends were changed")
    names = [(a.kind, a.path) for a in rows]
    twice = next((name for name in names if names.count(name) > 1), None) if len(set(names)) < len(names) else None
    if twice:
        raise refuse("this artefact stands twice", field=twice[0], value=twice[1])
    if own != found.id:
        raise refuse("the id is not that of the inputs below it: the lock was edited", field="id", value=found.id)
    return found


def read(study: Path) -> Manifest:
    """Read the lock that lies in a study folder."""
    file = study / LOCK
    if not file.is_file():
        raise Cause("there is no lock here (make lock writes one)", file=str(file))
    return parsed(io.read_bytes(file), str(file))
