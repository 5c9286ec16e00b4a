"""Lay what R computed beside what the house computed: digits agreed, row by row, and what neither may lack."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from crf2csr import io, results
from crf2csr.specs import read_yaml

MOST = 15  # a float holds no more decimal digits for certain
FARTHEST = 3  # standard errors between two random results
NEEDED = {"exact": 8, "iterative": 6}
COLUMNS = ["id", "hash", "python", "r", "digits", "method"]
EXCEPTIONS = Path(__file__).with_name("not_in_r.yaml")


@dataclass
class Comparison:
    """What was found.

    Attributes
    ----------
    rows : DataFrame
        One line per result: id, hash, python, r (text), digits, method (the call of R, or why there is none), of
        (method of the house), analysis, kind, status (``agrees``, ``differs``, ``not recomputed``, ``unexplained``,
        ``only in R``).
    derived : DataFrame
        One line per derived parameter and visit: rows and rows that agree.
    failed : DataFrame
        Analyses at which R stopped.
    drawn : DataFrame
        Imputed by R itself beside the house, both random: house, r and z, the difference in standard errors.
    """

    rows: pd.DataFrame
    derived: pd.DataFrame
    failed: pd.DataFrame
    drawn: pd.DataFrame

    @property
    def sound(self) -> bool:
        """Everything that R can compute was computed and agrees, and nothing lacks its reason."""
        good = self.rows["status"].isin(["agrees", "not recomputed"]).all()
        derived = (self.derived["rows"] == self.derived["agree"]).all()
        drawn = (self.drawn["z"].abs() < FARTHEST).all()
        return bool(good) and self.failed.empty and bool(derived) and bool(drawn)


def digits_agreed(python: pd.Series, r: pd.Series, scale: float = results.NOTHING) -> pd.Series:
    """Significant digits in which two numbers agree, 15 at most; missing in both is agreement, in one is none.

    Two numbers below ``scale`` are both 0 but for the noise of floats (an intercept of 1e-16 and one of -3e-17).
    """
    a, b = python.to_numpy("float64"), r.to_numpy("float64")
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.abs(a - b) / np.maximum(np.abs(a), np.abs(b))
        digits = np.floor(-np.log10(relative))
        noise = np.maximum(np.abs(a), np.abs(b)) < scale
    digits = np.where((a == b) | noise | (np.isnan(a) & np.isnan(b)), MOST, digits)
    return pd.Series(np.clip(np.nan_to_num(digits, nan=0.0), 0, MOST).astype("int64"), index=python.index)


def compare(study: Path, folder: Path) -> Comparison:
    """Compare ``results/ard`` of the study with what R wrote into ``folder``."""
    house = _house(study)
    own = pd.read_csv(folder / "results.csv", dtype="str", keep_default_na=False, encoding="utf-8")
    rows = house.merge(own.rename(columns={"value": "r"}), on="id", how="outer", indicator="found", validate="1:1")
    given = pd.to_numeric(rows["r"].replace("", None), errors="coerce").astype("float64")
    rows["digits"] = digits_agreed(rows["stat"], given)
    tiny = rows["format"] == "p"  # a p-value may be as small as it likes
    rows.loc[tiny, "digits"] = digits_agreed(rows.loc[tiny, "stat"], given[tiny], scale=0)
    # A result that is a text and no number, for either of the two.
    texts = rows["stat"].isna() & (rows["stat_text"].notna() | rows["text"].fillna("").ne(""))
    rows.loc[texts & (rows["stat_text"].fillna("") != rows["text"].fillna("")), "digits"] = 0
    needed = rows["kind"].map(NEEDED).where(rows["format"] != "count", MOST)
    rows["status"] = np.select(
        [rows["found"] == "right_only", rows["found"] == "left_only", rows["digits"] >= needed],
        ["only in R", "unexplained", "agrees"],
        "differs",
    )
    for rule in read_yaml(EXCEPTIONS)["rules"] or []:
        mine = (rows["status"] == "unexplained") & rows["of"].eq(rule["method"])
        mine &= rows["stat_name"].fillna("").str.startswith(tuple(rule.get("stat", [""])))
        rows.loc[mine, "method"] = f"not recomputed: {rule['reason']}, proven by {rule['proof']}"
        rows.loc[mine, "status"] = "not recomputed"
    differs = rows["status"] == "differs"
    rows["method"] = rows["method"].mask(differs, "differs: " + rows["method"].fillna(""))
    rows["python"] = rows["stat"].map(_written).mask(texts, rows["stat_text"])
    rows["r"] = given.map(_written).mask(texts, rows["text"])
    rows["digits"] = rows["digits"].where(rows["status"].isin(["agrees", "differs"])).astype("Int64")
    return Comparison(
        rows.sort_values("id", ignore_index=True), _derived(folder), _read(folder / "failed.csv"), _drawn(folder)
    )


def _house(study: Path) -> pd.DataFrame:
    chapters = sorted((study / "config/ard").glob("*.yaml"))
    parts = []
    for chapter in chapters:
        facts = io.read_table(study / f"results/ard/{chapter.stem}.parquet")
        ids = results.identify(facts, chapter.stem)
        part = facts[["analysis", "stat_name", "stat", "stat_text", "format"]].assign(
            id=ids, hash=results.hashes(ids, facts), of=facts["method"], chapter=chapter.stem
        )
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _written(value: float) -> str:
    if np.isnan(value):
        return ""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))


def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, keep_default_na=False, encoding="utf-8")


def _derived(folder: Path) -> pd.DataFrame:
    path = folder / "derived.csv"
    if not path.exists():
        text, whole = pd.Series(dtype="str"), pd.Series(dtype="int64")
        return pd.DataFrame(
            {
                "dataset": text,
                "flag": text,
                "parameter": text,
                "visit": text,
                "rows": whole,
                "agree": whole,
                "differ": text,
            }
        )
    return _read(path)


def _drawn(folder: Path) -> pd.DataFrame:
    path = folder / "drawn.csv"
    text, number = pd.Series(dtype="str"), pd.Series(dtype="float64")
    none = pd.DataFrame({"analysis": text, "arm": text, "what": text, "house": number, "r": number, "z": number})
    return _read(path) if path.exists() else none


def agreement(found: Comparison) -> pd.DataFrame:
    """The table that is committed: one line per result of the house, sorted by id; numbers as text."""
    rows = found.rows[found.rows["status"] != "only in R"]
    return rows[COLUMNS].fillna({"method": "", "r": ""})


def by_method(found: Comparison) -> pd.DataFrame:
    """Per method of the house: results, those that R computed and in how many digits, those it did not."""
    rows = found.rows.assign(of=found.rows["of"].fillna("(only in R)"))
    counted = rows["format"] == "count"
    exact, iterative = rows["kind"].eq("exact"), rows["kind"].eq("iterative")
    agrees = rows["status"] == "agrees"
    columns = {
        "results": rows["id"].notna(),
        "counts": counted & agrees,
        "exact": ~counted & exact & agrees,
        "iterative": ~counted & iterative & agrees,
        "differ": rows["status"].eq("differs"),
        "not_recomputed": rows["status"].eq("not recomputed"),
        "unexplained": rows["status"].isin(["unexplained", "only in R"]),
    }
    table = pd.DataFrame({name: chosen.groupby(rows["of"]).sum() for name, chosen in columns.items()})
    table["least_digits"] = rows["digits"].where(agrees & ~counted).groupby(rows["of"]).min()
    return table.reset_index(names="method")
