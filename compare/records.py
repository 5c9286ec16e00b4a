"""Records of two cuts, matched by the keys of the contract and never by their line; every record is accounted for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from compare.cut import HELD, STAMP, Cut
from crf2csr.errors import Cause

WITHHELD = "(withheld: later than the withdrawal of data use)"
PLACE = ["site", "subject", "visit", "record"]


@dataclass
class Forms:
    """What became of the records of all forms.

    Attributes
    ----------
    forms : DataFrame
        One line per form: rows of both cuts, same, changed, removed, added, ambiguous (of each cut), and what else.
    subjects : DataFrame
        Added, removed and changed records by form and subject.
    records : DataFrame
        One line per record that is added, removed or changed, and per record of an ambiguous key.
    cells : DataFrame
        One line per changed cell: old and new value as entered, both lines.
    tables : DataFrame
        Rows of the tables that come with the export, matched as a whole.
    """

    forms: pd.DataFrame
    subjects: pd.DataFrame
    records: pd.DataFrame
    cells: pd.DataFrame
    tables: pd.DataFrame


def compare(old: Cut, new: Cut) -> Forms:
    """Compare every form of either cut; a form whose records do not add up is a cause."""
    names = list(dict.fromkeys([*new.forms, *old.forms]))
    parts = [_form(name, old, new) for name in names]
    counts = pd.DataFrame([part[0] for part in parts])
    records, cells = (_stacked([part[n] for part in parts]) for n in (1, 2))
    _balanced(counts)
    moved = records[records["what"].isin(["added", "removed", "changed"])]
    by = ["form", "site", "subject"]
    subjects = moved.groupby([*by, "what"], sort=True).size().unstack(fill_value=0)
    subjects = subjects.reindex(columns=["added", "removed", "changed"], fill_value=0).reset_index()
    subjects.columns.name = None
    return Forms(counts, subjects, records, cells, _tables(old, new))


def _balanced(counts: pd.DataFrame) -> None:
    """Every record of both cuts has one fate, and only one."""
    for rows, parts in (
        ("rows_old", ["same", "changed", "removed", "ambiguous_old"]),
        ("rows_new", ["same", "changed", "added", "ambiguous_new"]),
    ):
        wrong = counts[counts[rows] != counts[parts].sum(axis=1)]
        if len(wrong):
            first = wrong.iloc[0]
            told = ", ".join(f"{first[part]} {part}" for part in parts)
            raise Cause(f"the records do not balance: {told}", field=first["form"], value=first[rows])


def _stacked(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Tables of the same columns one under the other; empty ones decide no type."""
    filled = [part for part in parts if len(part)]
    return pd.concat(filled or parts[:1], ignore_index=True)


def _form(name: str, old: Cut, new: Cut) -> tuple[dict[str, Any], pd.DataFrame, pd.DataFrame]:
    """Counts, records and changed cells of one form."""
    cuts = [cut for cut in (old, new) if name in cut.forms]
    form = cuts[-1].study.crf[name]
    keys = [k for k in cuts[-1].keys[name] if all(k in cut.forms[name] for cut in cuts)]
    a, b = (cut.forms[name] if name in cut.forms else cuts[-1].forms[name].iloc[:0] for cut in (old, new))
    ids = _ids(a, b, keys)
    ia, ib = ids[: len(a)], ids[len(a) :]
    top = int(ids.max(initial=-1)) + 1
    na, nb = np.bincount(ia, minlength=top), np.bincount(ib, minlength=top)
    unclear = ((na > 1) & (nb > 0)) | ((nb > 1) & (na > 0))
    pair = (na == 1) & (nb == 1)
    cells_of = [c for c in a.columns if c in b.columns and c not in HELD]
    ra, rb = a[pair[ia]].iloc[np.argsort(ia[pair[ia]])], b[pair[ib]].iloc[np.argsort(ib[pair[ib]])]
    differs = {c: _text(ra[c]).to_numpy() != _text(rb[c]).to_numpy() for c in cells_of}
    stamped = differs.pop(STAMP, np.zeros(len(ra), dtype=bool))
    changed = np.logical_or.reduce([*differs.values(), np.zeros(len(ra), dtype=bool)])
    labels = {n: about["label"] for n, about in form["fields"].items()}
    cells = _cells(ra, rb, differs, keys, labels).assign(form=form["name"])
    gone, come = a[(na[ia] > 0) & (nb[ia] == 0)], b[(nb[ib] > 0) & (na[ib] == 0)]
    alike = _alike(a, b, ia, ib, unclear, [c for c in cells_of if c != STAMP])
    parts = [
        _listed(ra[changed], "changed", "old", keys).assign(line_new=rb.loc[changed, "LINE"].to_numpy()),
        _listed(gone, "removed", "old", keys).assign(content=_content(gone, keys)),
        _listed(come, "added", "new", keys).assign(content=_content(come, keys)),
        _listed(a[unclear[ia]], "ambiguous", "old", keys).assign(note=alike[ia[unclear[ia]]]),
        _listed(b[unclear[ib]], "ambiguous", "new", keys).assign(note=alike[ib[unclear[ib]]]),
    ]
    listed = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True).assign(form=form["name"])
    fields = differs_in = cells.groupby(["line_old", "line_new"], sort=False)["field"].agg(", ".join)
    fields.index.names = ["line_old", "line_new"]
    listed = listed.join(differs_in.rename("fields"), on=["line_old", "line_new"])
    counts = {
        "form": form["name"],
        "label": form["label"],
        "in": "both" if len(cuts) == 2 else f"{cuts[0].name} only",
        "rows_old": len(a),
        "rows_new": len(b),
        "same": int((~changed).sum()),
        "changed": int(changed.sum()),
        "removed": len(gone),
        "added": len(come),
        "ambiguous_old": int(unclear[ia].sum()),
        "ambiguous_new": int(unclear[ib].sum()),
        "saved_again": int((stamped & ~changed).sum()),
        "double_keys_old": int((na > 1).sum()),
        "double_keys_new": int((nb > 1).sum()),
        "duplicates_old": int((a["_FATE"] == "duplicate").sum()),
        "duplicates_new": int((b["_FATE"] == "duplicate").sum()),
        "key": ", ".join(keys),
        "columns_old_only": ", ".join(c for c in a.columns if c not in b.columns),
        "columns_new_only": ", ".join(c for c in b.columns if c not in a.columns),
    }
    return counts, listed, cells


def _text(values: pd.Series) -> pd.Series:
    return values.astype(object).where(values.notna(), "")


def _keyed(frame: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """The key columns, the visit by the study's word for it."""
    return pd.DataFrame({k: _text(frame["_EVENT" if k == "EVENT" else k]) for k in keys}, index=frame.index)


def _ids(a: pd.DataFrame, b: pd.DataFrame, keys: list[str]) -> np.ndarray:
    """One number per distinct key over both cuts, for the rows of ``a`` and then of ``b``."""
    both = pd.concat([_keyed(a, keys), _keyed(b, keys)], ignore_index=True)
    return both.groupby(keys, sort=False, dropna=False).ngroup().to_numpy("int64")


def _alike(
    a: pd.DataFrame, b: pd.DataFrame, ia: np.ndarray, ib: np.ndarray, unclear: np.ndarray, columns: list[str]
) -> np.ndarray:
    """For each key: whether its records, taken together, are the same in both cuts."""

    def weighed(frame: pd.DataFrame, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        chosen = unclear[ids]
        total, number = np.zeros(len(unclear), dtype="uint64"), np.bincount(ids[chosen], minlength=len(unclear))
        hashed = pd.util.hash_pandas_object(frame.loc[chosen, columns].apply(_text), index=False).to_numpy("uint64")
        np.add.at(total, ids[chosen], hashed)  # the sum knows no order
        return total, number

    (sum_a, n_a), (sum_b, n_b) = weighed(a, ia), weighed(b, ib)
    return np.where((sum_a == sum_b) & (n_a == n_b), "the same records in both cuts", "the records differ")


def _listed(rows: pd.DataFrame, what: str, cut: str, keys: list[str]) -> pd.DataFrame:
    """Place of each record, what became of it, and its line in ``cut``."""
    table = _place(rows, keys).assign(what=what, line_old=pd.NA, line_new=pd.NA, content="", note="")
    table[f"line_{cut}"] = rows["LINE"].to_numpy()
    return table.astype({"line_old": "Int64", "line_new": "Int64"})


def _place(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Site, subject, visit, and what else of the key tells the record from others of the visit."""
    more = [k for k in keys if k not in ("SITEID", "SUBJID", "EVENT")]
    rest = pd.Series("", index=rows.index, dtype=object)
    for key in more:
        rest = rest + ("" if key == more[0] else " ") + key + " " + _text(rows[key])
    named = {"site": _text(rows["SITEID"]), "subject": _text(rows["SUBJID"]), "visit": _text(rows["_EVENT"])}
    return pd.DataFrame(named | {"record": rest}).reset_index(drop=True)


def _content(rows: pd.DataFrame, keys: list[str]) -> np.ndarray:
    """What was entered in a record, field by field; nothing of one that may not be used."""
    said = pd.Series("", index=rows.index, dtype=object)
    for name in rows.columns:
        if name in HELD | {STAMP, "STUDYID", "FORM"} or name in keys:
            continue
        value = _text(rows[name])
        said = said + ("; " + name + " = " + value).where(value != "", "")
    return said.str.removeprefix("; ").mask(rows["_FATE"] == "withdrawn", WITHHELD).to_numpy()


def _cells(
    ra: pd.DataFrame, rb: pd.DataFrame, differs: dict[str, np.ndarray], keys: list[str], labels: dict[str, str]
) -> pd.DataFrame:
    """One line per cell that differs between matched records."""
    columns = [*PLACE, "line_old", "line_new", "field", "label", "old", "new"]
    parts = [pd.DataFrame(columns=columns, dtype=object).astype({"line_old": "Int64", "line_new": "Int64"})]
    for name, mask in differs.items():
        if not mask.any():
            continue
        x, y = ra[mask], rb[mask]
        hidden = (x["_FATE"].eq("withdrawn").to_numpy()) | (y["_FATE"].eq("withdrawn").to_numpy())
        part = _place(y, keys).assign(
            line_old=pd.array(x["LINE"], dtype="Int64"),
            line_new=pd.array(y["LINE"], dtype="Int64"),
            field=name,
            label=labels.get(name, ""),
            old=np.where(hidden, WITHHELD, _text(x[name])),
            new=np.where(hidden, WITHHELD, _text(y[name])),
        )
        parts.append(part[columns])
    found = pd.concat(parts[1:], ignore_index=True) if len(parts) > 1 else parts[0]
    return found.sort_values(["line_new", "line_old"], kind="stable", ignore_index=True)


def whole_rows(a: pd.DataFrame, b: pd.DataFrame) -> tuple[int, int]:
    """How many rows of ``a`` have no equal in ``b``, and of ``b`` none in ``a``; equal rows are paired off."""
    columns = [c for c in a.columns if c in b.columns]
    both = pd.concat([a[columns].apply(_text), b[columns].apply(_text)], ignore_index=True)
    ids = both.groupby(columns, sort=False, dropna=False).ngroup().to_numpy("int64")
    top = int(ids.max(initial=-1)) + 1
    spare = np.bincount(ids[: len(a)], minlength=top) - np.bincount(ids[len(a) :], minlength=top)
    return int(spare.clip(min=0).sum()), int((-spare).clip(min=0).sum())


def _tables(old: Cut, new: Cut) -> pd.DataFrame:
    """Tables that come with the export, such as the coding of terms: rows of one cut that the other lacks."""
    lines = []
    for name in dict.fromkeys([*new.tables, *old.tables]):
        none = next(c.tables[name] for c in (new, old) if name in c.tables).iloc[:0]
        a, b = old.tables.get(name, none), new.tables.get(name, none)
        gone, come = whole_rows(a.drop(columns="LINE"), b.drop(columns="LINE"))
        columns = [c for c in dict.fromkeys([*a.columns, *b.columns]) if (c in a.columns) != (c in b.columns)]
        lines.append(
            {"table": name, "rows_old": len(a), "rows_new": len(b), "removed": gone, "added": come}
            | {"columns_of_one": ", ".join(columns)}
        )
    return pd.DataFrame(lines, columns=["table", "rows_old", "rows_new", "removed", "added", "columns_of_one"])
