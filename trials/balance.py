"""Count the records of the raw files once more, with Python's own reader, and hold every ledger line against it.

Nothing of the house is asked how many records there are: the files are read with ``csv`` in their declared encoding.
A record is accounted for when it is the own record of a row of SDTM, stands behind another in a row, repeats another,
is in quarantine, or is named by its form's contract as one that is not submitted.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import yaml

csv.field_size_limit(1 << 30)
LEFT = {
    "merged": "merged duplicate",
    "quarantined": "quarantined: ",
    "not submitted": "not submitted: ",
    "joined": "joined to the row of another record",
}
# Rules by which a record is set aside or asked about when it leaves: what the queries must say of each.
TOLD = {"merged": {"P06"}, "quarantined": {"P23", "P24", "P28", "R-STUDY"}}


@dataclass
class Balance:
    """Rows in, by what became of them, over all forms; ``wrong`` names every form that does not balance."""

    rows_in: int
    to_sdtm: int
    left: Counter
    wrong: list[str]

    def words(self) -> str:
        """One line for a reader."""
        parts = [f"to SDTM {self.to_sdtm}", *(f"{name} {n}" for name, n in self.left.items())]
        return f"rows in {self.rows_in} = {' + '.join(parts)}"


def counted(folder: Path) -> dict[str, int]:
    """Records of each form's delimited file, as the reader of the standard library counts them."""
    raw = folder / "data/raw"
    manifest = yaml.safe_load((raw / "manifest.yaml").read_text(encoding="utf-8"))
    found = {}
    for entry in manifest["files"]:
        if entry.get("adapter", "delimited") == "delimited":
            text = (raw / entry["name"]).read_bytes().decode(entry["encoding"])
            found[entry["form"]] = sum(1 for cells in csv.reader(io.StringIO(text, newline="")) if cells) - 1
    return found


def balance(folder: Path, recs: set[str], queries: pd.DataFrame) -> Balance:
    """Compare the ledger of forms with the files, with the records that stand in SDTM and with the queries."""
    lines = pd.read_parquet(folder / "results/sdtm/_ledger/_forms.parquet")
    own = Counter(form for form, _ in {tuple(text.split(" ")[0].split(":")) for text in recs})
    records, total, to_sdtm, left, wrong = counted(folder), 0, 0, Counter(dict.fromkeys(LEFT, 0)), []
    for form, ledger in lines.groupby("SOURCE"):
        asked = queries[queries["FORM"] == form]
        aside = int(((asked["RULE"] == "P19") & (asked["FIELD"] == "*")).sum())
        n = records[form] - aside
        rows_in, out = int(ledger["ROWS_IN"].iloc[0]), int(ledger["ROWS_OUT"].iloc[0])
        reasons = ledger.set_index("REASON")["ROWS_LOST"]
        named = {k: int(reasons[reasons.index.str.startswith(w)].sum()) for k, w in LEFT.items()}
        faults = {
            f"{n} records in the file, {rows_in} in the ledger": n != rows_in,
            f"{out} tabulated by the ledger, {own[form]} own records in SDTM": out != own[form],
            f"{rows_in} in, {out + sum(named.values())} accounted for": rows_in != out + sum(named.values()),
        }
        for kind, rules in TOLD.items():
            said = asked.loc[asked["RULE"].isin(rules) & (asked["FIELD"] == "SUBJID"), "REC"].nunique()
            said += asked.loc[asked["RULE"].isin(rules) & (asked["FIELD"] == "STUDYID"), "REC"].nunique()
            faults[f"{named[kind]} {kind} by the ledger, {said} told in queries"] = named[kind] != said
        wrong += [f"{form}: {fault}" for fault, true in faults.items() if true]
        total, to_sdtm = total + n, to_sdtm + own[form]
        left.update(named)
    missing = sorted(set(lines["SOURCE"]) ^ (set(records) - {"coding", "labranges", "dictionary"}))
    return Balance(total, to_sdtm, left, wrong + [f"{form}: not in ledger and files alike" for form in missing])
