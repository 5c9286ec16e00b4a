"""What an export must look like: its columns against the contract of its form."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr import io
from crf2csr.errors import Cause
from crf2csr.raw._staged import Told
from crf2csr.records import KEYS
from crf2csr.trace import QUERIES

# What a file of any kind may say in the manifest, and what the plan adds; all else is an adapter's own.
COMMON = {"name", "form", "sha256", "encoding", "locale", "rows", "decimal", "adapter", "parts", "uses"}


def check_entry(entry: dict[str, Any], options: frozenset[str], manifest: str) -> None:
    """Refuse a key of the manifest that the file's adapter does not know."""
    name = entry.get("adapter", "delimited")
    for key in sorted(entry.keys() - COMMON - options):
        raise Cause(f"the adapter {name} knows no such key ({entry['name']})", file=manifest, field=key)


def key_columns(form: dict[str, Any]) -> dict[str, str]:
    """Canonical key -> column of the export, for the keys that the form has."""
    return form.get("keys") or {key: key for key in KEYS}


def column_of(name: str, field: dict[str, Any]) -> str:
    """The export's column for a field of the contract."""
    return field.get("column") or name


def check_columns(staged: pd.DataFrame, form: dict[str, Any], file: str) -> pd.DataFrame:
    """Refuse a missing column; return an info query for each column that the contract does not know."""
    expected = list(key_columns(form).values()) + [column_of(n, f) for n, f in form["fields"].items()]
    present = [name for name in staged.columns if name != "LINE"]
    for name in expected:
        if name not in present:
            near = [p for p in present if p.strip().upper() == name.upper()]
            hint = f" (the export has {near[0]!r})" if near else ""
            raise Cause(f"a column of the contract is missing{hint}", file=file, line=1, field=name)
    ignored = {*form.get("ignored", []), *staged.attrs.get("understood", [])}
    unknown = [name for name in present if name not in expected and name not in ignored]
    if not unknown:
        return io.empty(QUERIES)
    table = pd.DataFrame({"FIELD": unknown}, dtype="str")
    return table.assign(
        RULE="R-COLUMN",
        FORM=form["name"],
        SUBJID="",
        EVENT="",
        REC=f"{form['name']}:1",
        VALUE="",
        MESSAGE="Column is not in the contract; it is staged and not mapped.",
        SEVERITY="info",
    )[QUERIES]


def check_rows(staged: pd.DataFrame, entry: dict[str, Any], form: dict[str, Any]) -> pd.DataFrame:
    """One blocker where the manifest counts other records than the file has: a cut file may be well-formed."""
    if "uses" in entry or entry.get("rows") in (None, len(staged)):
        return io.empty(QUERIES)
    said = f"The manifest counts {entry['rows']} records and the file has {len(staged)}; is it whole?"
    table = pd.DataFrame({"VALUE": [str(len(staged))]}).assign(
        RULE="R-ROWS",
        FORM=form["name"],
        SUBJID="",
        EVENT="",
        REC=f"{form['name']}:1",
        FIELD="*",
        MESSAGE=said,
        SEVERITY="blocker",
    )
    return table[QUERIES].astype("str")


def told_aside(lines: list[tuple[int, str]], form: dict[str, Any]) -> pd.DataFrame:
    """One query per line that an exporting program wrote below the data (P19): set aside, never a record."""
    if not lines:
        return io.empty(QUERIES)
    table = pd.DataFrame(lines, columns=["LINE", "VALUE"])
    return table.assign(
        RULE="P19",
        FORM=form["name"],
        SUBJID="",
        EVENT="",
        REC=form["name"] + ":" + table["LINE"].astype("str"),
        FIELD="*",
        MESSAGE="The line counts the records and is none; it is in quarantine.",
        SEVERITY="minor",
    )[QUERIES].astype("str")


def told_by_adapter(staged: pd.DataFrame, name: str, form: dict[str, Any] | None) -> pd.DataFrame:
    """One query per fact that the adapter tells, with subject and event where it belongs to a record."""
    if not staged.attrs.get("told"):
        return io.empty(QUERIES)
    table = pd.DataFrame(staged.attrs["told"], columns=list(Told._fields))
    keys = key_columns(form) if form else {}
    records = staged[staged["LINE"].isin(table["line"])].drop_duplicates("LINE").set_index("LINE")
    whose = {
        key: table["line"].map(records[keys[key]]).fillna("") if keys.get(key) in records else ""
        for key in ("SUBJID", "EVENT")
    }
    named = table.drop(columns="line").rename(columns=str.upper)
    return named.assign(FORM=name, REC=name + ":" + table["line"].astype("str"), **whose)[QUERIES].astype("str")


def refuse_label_row(staged: pd.DataFrame, form: dict[str, Any], pattern: str, file: str) -> None:
    """Refuse a second header: a first record without blanks whose subject id is none."""
    first = staged.head(1)
    column = key_columns(form)["SUBJID"]
    if (
        len(first)
        and not check_ids(first, form, pattern, file, stop=False).iloc[0]
        and (first.drop(columns="LINE") != "").all(axis=None)
    ):
        raise Cause(
            "a row of labels stands below the header",
            file=file,
            line=int(first["LINE"].iloc[0]),
            field=column,
            value=first[column].iloc[0],
        )


def check_ids(staged: pd.DataFrame, form: dict[str, Any], pattern: str, file: str, *, stop: bool) -> pd.Series:
    """Tell which records bear a well-formed subject id; where ``stop``, refuse the first that does not."""
    column = key_columns(form)["SUBJID"]
    good = staged[column].str.fullmatch(pattern).fillna(False).astype(bool)
    if stop and not good.all():
        first = staged[~good].iloc[0]
        raise Cause(
            f"the subject id does not match {pattern}",
            file=file,
            line=int(first["LINE"]),
            field=column,
            value=first[column],
        )
    return good
