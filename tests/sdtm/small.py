"""Small forms through the study's own specifications: what a test writes down is what was entered."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from crf2csr import specs
from crf2csr.records import canonical
from crf2csr.sdtm import _timing
from crf2csr.sdtm._verbs import Context

CONFIG = Path(__file__).parents[2] / "config"
KEYS = ["STUDYID", "SITEID", "SUBJID", "EVENT", "EVENTREP", "FORM", "FORMREP", "GRPREP", "FORMSTAT", "LASTMOD"]
FIRST = {
    "RFICDTC": "2026-01-05",
    "RFSTDTC": "2026-02-02",
    "RFXSTDTC": "2026-02-02",
    "RFXENDTC": "2026-04-27",
    "RFPENDTC": "2026-05-20",
    "DTHDTC": None,
    "SEX": "F",
    "BRTHDTC": "1980-03-01",
    "AGE": 45,
}


@cache
def _once(path: Path) -> Any:
    return specs.read_yaml(path)


def read_yaml(path: Path) -> Any:
    """A file of the configuration, read once per run of the tests."""
    return deepcopy(_once(path))


def people(*changes: dict[str, Any]) -> pd.DataFrame:
    """DM of one person per mapping: subject ``01-0001``, ``01-0002``, ... with what is said changed."""
    rows = [{"USUBJID": f"S-01-{n:04d}"} | FIRST | change for n, change in enumerate(changes or ({},), start=1)]
    table = pd.DataFrame(rows)
    text = [c for c in table if c != "AGE"]
    return table.astype(dict.fromkeys(text, "str") | {"AGE": "Int64"})


def form(name: str, rows: list[dict[str, str]]) -> pd.DataFrame:
    """Accepted records of one form: keys are filled in, fields that are not named are blank."""
    contract = read_yaml(CONFIG / "crf" / f"{name.lower()}.yaml")
    base = dict.fromkeys(KEYS, "") | {"SITEID": "01", "SUBJID": "01-0001", "EVENT": "LOG", "EVENTREP": "1"}
    base |= dict.fromkeys(contract["fields"], "")
    table = pd.DataFrame([base | row for row in rows], columns=[*base]).astype("str")
    table.insert(0, "LINE", range(2, len(table) + 2))
    records = canonical(table, contract)
    return records.assign(USUBJID="S-" + records["SUBJID"])


def context(
    domain: str,
    forms: dict[str, list[dict[str, str]]],
    *,
    dm: pd.DataFrame | None = None,
    tables: dict[str, list[dict[str, str]]] | None = None,
    derivations: dict | None = None,
) -> Context:
    """What the door hands to the room of ``domain``, from small forms and tables."""
    spec = read_yaml(CONFIG / "sdtm" / f"{domain}.yaml")
    page = read_yaml(CONFIG / "config.yaml")
    names = list(dict.fromkeys([*spec["forms"], *forms]))
    accepted = {name: form(name, forms.get(name, [])) for name in names}
    crf = {name.lower(): read_yaml(CONFIG / "crf" / f"{name.lower()}.yaml") for name in names}
    visits = accepted.get(page["visit_form"]["form"])
    return Context(
        spec=spec,
        page=page,
        crf=crf,
        codelists=read_yaml(CONFIG / "codelists.yaml"),
        lists={name: read_yaml(CONFIG / f"{name}.yaml") for name in spec.get("lists", [])},
        forms=accepted,
        domains={"dm": people() if dm is None else dm},
        tables={name: pd.DataFrame(rows).astype("str") for name, rows in (tables or {}).items()},
        calendar=_timing.calendar(page, visits),
        derivations=derivations or {},
    )


def asked(made: Any, rule: str) -> list[tuple[str, str, str]]:
    """Record, field and value of the queries of one rule."""
    table = made.query_table()
    table = table[table["RULE"] == rule]
    return list(zip(table["REC"], table["FIELD"], table["VALUE"], strict=True))
