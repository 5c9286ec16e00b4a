"""What the two cuts declare otherwise, by file and key: a result may move for that reason and not for the data."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from compare.cut import Cut
from crf2csr.specs import read_yaml

# An entry of a list is named by one of these, so that an entry put in front does not make all others differ.
NAMES = ("id", "name", "flag", "code", "event", "rule", "label", "variable", "number")
COLUMNS = ["file", "key", "old", "new"]
LONGEST = 400


def compare(old: Cut, new: Cut) -> pd.DataFrame:
    """One line per file, key and value that differ; a file that only one cut has is one line."""
    a, b = _files(old), _files(new)
    lines: list[dict[str, str]] = []
    for file in sorted({*a, *b}):
        if file not in a or file not in b:
            lines.append(
                {
                    "file": file,
                    "key": "",
                    "old": "(present)" if file in a else "",
                    "new": "(present)" if file in b else "",
                }
            )
            continue
        x, y = dict(_leaves(a[file])), dict(_leaves(b[file]))
        for key in dict.fromkeys([*y, *x]):
            if x.get(key) != y.get(key):
                lines.append({"file": file, "key": key, "old": _short(x.get(key, "")), "new": _short(y.get(key, ""))})
    return pd.DataFrame(lines, columns=COLUMNS, dtype=object)


def _files(cut: Cut) -> dict[str, Any]:
    """Content of every configuration file but the manifest, which names the data and differs with them."""
    base, manifest = cut.folder / "config", (cut.folder / cut.study.page["raw"]["manifest"]).resolve()
    return {
        p.relative_to(base).as_posix(): read_yaml(p) for p in sorted(base.rglob("*.yaml")) if p.resolve() != manifest
    }


def _leaves(content: Any, path: str = "") -> list[tuple[str, str]]:
    """Every value of a file with the path of keys that leads to it, each path once."""
    if isinstance(content, dict) and content:
        return [
            leaf for key, value in content.items() for leaf in _leaves(value, f"{path}.{key}" if path else str(key))
        ]
    if isinstance(content, list) and any(isinstance(item, dict) for item in content):
        found, seen = [], set()
        for n, item in enumerate(content):
            name = next((str(item[k]) for k in NAMES if isinstance(item, dict) and k in item), str(n))
            name = f"{name} #{n}" if name in seen else name
            seen.add(name)
            found += _leaves(item, f"{path}[{name}]")
        return found
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    return [(path, text)]


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ... ({len(text)} characters)"
