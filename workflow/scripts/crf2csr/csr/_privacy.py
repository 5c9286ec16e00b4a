"""The page without dates: all that the appendix shows or embeds, with days and bands in place of dates and ages."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from crf2csr import privacy

SUBJECT_COLUMNS = ("group3_level", "group2_level")
FACT_TEXTS = (
    "stat_text",
    "group1_level",
    "group2_level",
    "group3_level",
    "variable_level",
    "warning",
    "error",
    "context",
)
INK = re.compile(r">([^<>]+)<")


def masked(read: dict[str, Any], part: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Content of every floor and the configuration as the page may show them; unchanged where dates are shown."""
    about = privacy.rule(part["page"])
    if about is None:
        return read, part
    mask = privacy.Mask(about, read["tables"]["adam/adsl"])
    hidden = privacy.hidden_fields(part["page"], part["sdtm"].get("dm", {}), about)
    made = dict(read)
    made["tables"] = {name: _table(name, table, mask, part, hidden) for name, table in read["tables"].items()}
    made["facts"] = {name: _facts(table, mask) for name, table in read["facts"].items()}
    made["tlf"] = {name: _chapter(doc, read, name, mask, part) for name, doc in read["tlf"].items()}
    made["queries"] = {name: _queries(table, mask, part["crf"], hidden) for name, table in read["queries"].items()}
    made["ledger"] = {
        name: table.assign(**{c: mask.texts(table[c], mask.of(None, table.index)) for c in ("STEP", "REASON")})
        for name, table in read["ledger"].items()
    }
    return made, _configuration(part, mask)


def looked_through(made: dict[str, str], read: dict[str, Any], part: dict[str, Any]) -> None:
    """Refuse to deliver texts (by name) with a date of a subject; ``read`` and ``part`` are as they came, unmasked."""
    if privacy.rule(part["page"]) is not None:
        days, partial = privacy.days_of(read["tables"], part["adam"], part["crf"])
        privacy.guard(made, days, partial, part["page"]["standards"].values())


def paper(read: dict[str, Any], part: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Displays and configuration as paper may show them, searched as the page is; unchanged where dates are shown."""
    kept, told = masked(read, part)
    if kept is not read:
        words = {"csr": told["csr"], "study": told["page"]["study"], "estimands": told["estimands"]}
        printed = {"the displays": kept["tlf"], "the words around them": words}
        looked_through({k: privacy.flat(v) for k, v in printed.items()}, read, part)
    return kept["tlf"], told


def _configuration(part: dict[str, Any], mask: privacy.Mask) -> dict[str, Any]:
    """Dates of ADaM are texts now; the cut-off is a date of the patient too, for it ends the follow-up."""
    study = part["page"]["study"] | {"cutoff": privacy.NO_DATE}
    study["shown"] = (
        f"Dates are shown as days from {_origin(part, mask)} (day 1) and ages in bands of "
        f"{mask.about['age_band']} years, in every table, row and cell of this file. "
        "The raw export keeps the dates; file, line and field say where."
    )
    adam = {
        name: spec
        | {
            "variables": {
                v: a | {"type": "text"} if a.get("type") == "date" else a for v, a in spec["variables"].items()
            }
        }
        for name, spec in part["adam"].items()
    }
    told = lambda text: mask.text(text, mask.sole)  # noqa: E731
    return part | {
        "page": part["page"] | {"study": study},
        "adam": adam,
        "accepted": privacy.anywhere(part["accepted"], told),
    }


def _origin(part: dict[str, Any], mask: privacy.Mask) -> str:
    label = part["adam"]["adsl"]["variables"][mask.about["origin"]]["label"]
    return str(label).removeprefix("Date of ").lower()


def _table(
    name: str, table: pd.DataFrame, mask: privacy.Mask, part: dict[str, Any], hidden: dict[str, Any]
) -> pd.DataFrame:
    floor, _, stem = name.partition("/")
    if floor == "adam":
        return mask.adam(table, part["adam"].get(stem, {}).get("variables", {}))
    if floor == "sdtm":
        return mask.sdtm(table)
    form = part["crf"].get(stem)
    return mask.raw(table, form, hidden.get(form["name"], {}) if form else {})


def _facts(table: pd.DataFrame, mask: privacy.Mask) -> pd.DataFrame:
    origin = _origins(table, mask)
    return table.assign(**{c: mask.texts(table[c], origin).astype(table[c].dtype) for c in FACT_TEXTS if c in table})


def _origins(facts: pd.DataFrame, mask: privacy.Mask) -> pd.Series:
    """The origin of the subject that a fact is about, where it is about one."""
    found = mask.of(None, facts.index)
    for column in SUBJECT_COLUMNS:
        own = mask.of(facts[column], facts.index)
        found = own.where(own.notna(), found)
    return found


def _chapter(
    doc: dict[str, Any], read: dict[str, Any], name: str, mask: privacy.Mask, part: dict[str, Any]
) -> dict[str, Any]:
    origins = _origins(read["facts"][name], mask)
    return {**doc, "displays": [_display(d, read, origins, mask, part) for d in doc["displays"]]}


def _display(
    display: dict[str, Any], read: dict[str, Any], origins: pd.Series, mask: privacy.Mask, part: dict[str, Any]
) -> dict[str, Any]:
    made = _body({k: v for k, v in display.items() if k != "listing"}, origins, mask)
    if "listing" in display:
        made["listing"] = _listing(display, read, mask, part)
    return made


def _body(value: Any, origins: pd.Series, mask: privacy.Mask) -> Any:
    """Texts of a display: a printed number by the subject of its fact, ink between its tags, all else by itself."""
    if isinstance(value, dict):
        if "t" in value and "f" in value:
            at = origins.get(value["f"])
            return value | {"t": mask.text(value["t"], None if at is None or pd.isna(at) else int(at))}
        return {
            key: INK.sub(lambda m: f">{mask.text(m[1], mask.sole)}<", inner)
            if key == "svg" and inner
            else _body(inner, origins, mask)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_body(inner, origins, mask) for inner in value]
    return mask.text(value, mask.sole) if isinstance(value, str) else value


def _listing(display: dict[str, Any], read: dict[str, Any], mask: privacy.Mask, part: dict[str, Any]) -> dict[str, Any]:
    """A listing by column: dates by the type of the variable, all else as text, each row by its subject."""
    about, dataset = display["listing"], display["listing"]["dataset"]
    rows = read["tables"][f"adam/{dataset}"].iloc[about["row"]]
    origin = mask.of(rows["USUBJID"], rows.index).reset_index(drop=True)
    known = part["adam"]["adsl"]["variables"] | part["adam"][dataset]["variables"]
    values = []
    for column, texts in zip(display["columns"], about["values"], strict=True):
        cells = pd.Series(texts, dtype=object).astype("str")
        if column["name"] == "AGE":
            told = mask.band(cells)
        elif known.get(column["name"], {}).get("type") == "date" or column["name"].endswith("DTC"):
            told = mask.isos(cells, origin)
        else:
            told = mask.texts(cells, origin)
        values.append([None if pd.isna(v) else str(v) for v in told])
    return {**about, "values": values}


def _queries(table: pd.DataFrame, mask: privacy.Mask, crf: dict[str, Any], hidden: dict[str, Any]) -> pd.DataFrame:
    """What was asked: the value as entered by the contract of its field, dates in the sentence like any text."""
    if table.empty:
        return table
    origin = mask.of(table["SUBJID"], table.index)
    value = mask.texts(table["VALUE"], origin)
    for (form, field), rows in table.groupby(["FORM", "FIELD"], dropna=False):
        contract = crf.get(str(form).lower(), {"fields": {}})["fields"]
        about: dict[str, Any] = next((f for n, f in contract.items() if field in (n, f.get("column"))), {})
        if hidden.get(str(form), {}).get(str(field)):
            value[rows.index] = privacy.WITHHELD
        elif about.get("type") in ("date", "pdate"):
            value[rows.index] = mask.cells(rows["VALUE"], about.get("format", "YYYY-MM-DD"), origin[rows.index])
    return table.assign(VALUE=value, MESSAGE=mask.texts(table["MESSAGE"], origin))
