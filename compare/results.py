"""Results of two cuts: facts matched by what they are, never by number or order; who entered and who left a count."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import numpy as np
import pandas as pd

from compare.cut import Cut
from compare.records import whole_rows
from crf2csr import io, results
from crf2csr.bound import parts as printed_parts

WHAT = ("moved", "other subjects", "declared otherwise", "old only", "new only")
ABOUT = [
    "chapter",
    "analysis",
    "group1_level",
    "group2_level",
    "group3_level",
    "variable",
    "variable_level",
    "stat_name",
]
DECLARED = ["method", "dataset", "population", "options", "reference"]
SAID = ["stat_text", "warning", "error"]


@dataclass
class Facts:
    """The facts of one cut.

    Attributes
    ----------
    facts : DataFrame
        All facts with ``id``, ``chapter`` and ``set`` (number of its members over all chapters, -1 for none).
    members : list of ndarray
        The subjects of each set, as codes, sorted.
    shown : DataFrame
        ``id`` and ``display``: which displays print a fact.
    displays : dict
        Number and title of each display.
    listings : dict of DataFrame
        Rows of the listings by chapter/analysis, without their positions.
    """

    facts: pd.DataFrame
    members: list[np.ndarray]
    shown: pd.DataFrame
    displays: dict[str, tuple[str, str]]
    listings: dict[str, pd.DataFrame]


@dataclass
class Moved:
    """What became of the results.

    Attributes
    ----------
    facts : DataFrame
        One line per fact that is not the same: ``what`` (one of ``WHAT``), identity, old and new value, displays, how
        many subjects entered and left, and ``change``, the number under which ``subjects`` names them.
    subjects : DataFrame
        ``change``, ``subject``, ``moved`` (entered, left). Facts of the same change share its number.
    displays : DataFrame
        Facts that a display prints, and how many of them are not the same.
    listings : DataFrame
        Rows of listings that only one of the two cuts has.
    same : int
        Facts that are the same.
    """

    facts: pd.DataFrame
    subjects: pd.DataFrame
    displays: pd.DataFrame
    listings: pd.DataFrame
    same: int


def read(cut: Cut, people: dict[str, int]) -> Facts:
    """Read the facts of a cut. ``people`` gives each subject a code and is added to: both cuts share it."""
    plan, parts, shown, displays = cut.plan, [], [], {}
    members: list[np.ndarray] = []
    codes: dict[str, np.ndarray] = {}
    for chapter, job in plan.ard.items():
        facts = cut.read(job.outputs["facts"])
        sets = cut.read(job.outputs["sets"])
        number = pd.Series(np.arange(len(sets)) + len(members), index=sets["SET"])
        for dataset, rows in zip(sets["DATASET"], sets["ROWS"], strict=True):
            if dataset not in codes:
                codes[dataset] = _codes(cut.read(f"results/adam/{dataset}.parquet")["USUBJID"], people)
            members.append(np.unique(codes[dataset][np.asarray(rows, dtype="int64")]))
        held = facts["member_set"].map(number).fillna(-1).astype("int64")
        facts = facts.assign(chapter=chapter, id=results.identify(facts, chapter), set=held)
        parts.append(facts)
        document = io.read_json(cut.folder / plan.tlf[chapter].outputs["displays"]) if chapter in plan.tlf else {}
        for one in document.get("displays", []):
            displays[one["id"]] = (one.get("number", ""), one.get("title", ""))
            printed = sorted({part["f"] for part in printed_parts(one)})
            shown.append(pd.DataFrame({"id": facts["id"].to_numpy()[printed], "display": one["id"]}))
    every = pd.concat(parts, ignore_index=True)
    printed_by = pd.concat(shown, ignore_index=True) if shown else pd.DataFrame({"id": [], "display": []}, dtype=object)
    listings = {
        f"{chapter}/{role}": cut.read(path).drop(columns="_ROW", errors="ignore")
        for chapter, job in plan.ard.items()
        for role, path in job.outputs.items()
        if role not in ("facts", "sets", "methods")
    }
    return Facts(every, members, printed_by, displays, listings)


def _codes(subjects: pd.Series, people: dict[str, int]) -> np.ndarray:
    codes, names = pd.factorize(subjects)
    known = np.array([people.setdefault(name, len(people)) for name in names], dtype="int64")
    return known[codes]


def compare(old: Facts, new: Facts, people: dict[str, int]) -> Moved:
    """Match the facts of two cuts by identity and tell those that are not the same."""
    both = old.facts.merge(
        new.facts, on="id", how="outer", suffixes=("_old", "_new"), indicator="found", validate="1:1"
    )
    a, b = both["stat_old"].to_numpy("float64"), both["stat_new"].to_numpy("float64")
    same = _same_number(a, b, both["format_new"].eq("p").to_numpy() & both["format_old"].eq("p").to_numpy())
    for name in SAID:
        same &= _same_text(both, name)
    declared = np.logical_and.reduce([_same_text(both, name) for name in DECLARED])
    paired = both["found"].eq("both").to_numpy()
    counts = both["format_new"].eq("count").to_numpy() & both["format_old"].eq("count").to_numpy()
    numbers, subjects = _movement(both, paired & counts, old, new, people)
    both = both.assign(change=numbers)
    what = np.select(
        [~paired & both["found"].eq("left_only"), ~paired, ~same, numbers.notna(), ~declared],
        ["old only", "new only", "moved", "other subjects", "declared otherwise"],
        "same",
    )
    table = both.assign(what=what)[what != "same"]
    names = pd.concat([new.shown, old.shown[~old.shown["id"].isin(new.facts["id"])]], ignore_index=True)
    titles = old.displays | new.displays
    return Moved(
        _lines(table, names, subjects),
        subjects,
        _displays(names, table, titles),
        _listings(old.listings, new.listings),
        int((what == "same").sum()),
    )


def _same_number(a: np.ndarray, b: np.ndarray, p_value: np.ndarray) -> np.ndarray:
    """Equal in as many digits as the hash of a result takes; what is 0 but for noise is 0, unless it is a p-value."""
    near = np.abs(a - b) <= np.maximum(np.abs(a), np.abs(b)) * 0.5 * 10.0 ** (1 - results.DIGITS)
    nothing = (np.abs(a) < results.NOTHING) & (np.abs(b) < results.NOTHING) & ~p_value
    return near | nothing | (np.isnan(a) & np.isnan(b))


def _same_text(both: pd.DataFrame, name: str) -> np.ndarray:
    a, b = (both[f"{name}_{cut}"].astype(object) for cut in ("old", "new"))
    return a.where(a.notna(), "").eq(b.where(b.notna(), "")).to_numpy()


def _movement(
    both: pd.DataFrame, counts: np.ndarray, old: Facts, new: Facts, people: dict[str, int]
) -> tuple[pd.Series, pd.DataFrame]:
    """The number of the change of subjects of each count (missing where nobody moved), and who entered and left."""
    pairs = both.loc[counts, ["set_old", "set_new"]].astype("int64")
    pairs = pairs[(pairs["set_old"] >= 0) & (pairs["set_new"] >= 0)]
    distinct = pairs.drop_duplicates()
    names = np.array(list(people), dtype=object)
    known: dict[bytes, int] = {}
    numbers, parts = [], []
    for i, j in distinct.itertuples(index=False, name=None):
        x, y = old.members[i], new.members[j]
        left, entered = np.setdiff1d(x, y, assume_unique=True), np.setdiff1d(y, x, assume_unique=True)
        if not len(left) and not len(entered):
            numbers.append(pd.NA)
            continue
        key = hashlib.sha256(json.dumps([left.tolist(), entered.tolist()]).encode()).digest()
        if key not in known:
            known[key] = len(known) + 1
            for who, moved in ((entered, "entered"), (left, "left")):
                parts.append(pd.DataFrame({"change": known[key], "subject": np.sort(names[who]), "moved": moved}))
        numbers.append(known[key])
    found = distinct.assign(change=pd.array(numbers, dtype="Int64"))
    change = pairs.reset_index().merge(found, on=["set_old", "set_new"], how="left").set_index("index")["change"]
    empty = pd.DataFrame({"change": pd.Series(dtype="int64"), "subject": [], "moved": []}).astype({"subject": "str"})
    return change.reindex(both.index), pd.concat(parts, ignore_index=True) if parts else empty


def _lines(table: pd.DataFrame, names: pd.DataFrame, subjects: pd.DataFrame) -> pd.DataFrame:
    """One readable line per fact that is not the same."""
    newer = table["found"].ne("left_only")
    lines = {c: table[f"{c}_new"].where(newer, table[f"{c}_old"]).astype(object) for c in ABOUT}
    lines = {c: values.where(values.notna(), "") for c, values in lines.items()}
    for cut in ("old", "new"):
        text = table[f"stat_text_{cut}"].astype(object)
        number = table[f"stat_{cut}"].map(_written).astype(object)
        flaw = _joined(table[f"warning_{cut}"], table[f"error_{cut}"])
        value = number.where(number != "", text.where(text.notna(), ""))
        lines[cut] = value.where(flaw == "", value + " (" + flaw + ")")
    declared = [(_same_text(table, name) | ~table["found"].eq("both").to_numpy(), name) for name in DECLARED]
    other = pd.Series("", index=table.index, dtype=object)
    for same, name in declared:
        other = other.where(same, other + " " + name)
    printed = names.groupby("id", sort=False)["display"].agg(lambda d: ", ".join(sorted(set(d))))
    counted = pd.crosstab(subjects["change"], subjects["moved"]).reindex(columns=["entered", "left"], fill_value=0)
    made = pd.DataFrame({"what": table["what"], **lines, "declared_otherwise": other.str.strip()})
    made["displays"] = table["id"].map(printed).fillna("")
    made["change"] = table["change"]
    for moved in ("entered", "left"):
        made[moved] = table["change"].map(counted[moved]).astype("Int64")
    made["id"] = table["id"]
    rank = made["what"].map({w: n for n, w in enumerate(WHAT)})
    return made.loc[
        made.assign(_r=rank).sort_values(["chapter", "analysis", "_r", "id"], kind="stable").index
    ].reset_index(drop=True)


def _joined(a: pd.Series, b: pd.Series) -> pd.Series:
    a, b = (values.astype(object).where(values.notna(), "") for values in (a, b))
    return (a + "; " + b).where((a != "") & (b != ""), a.where(a != "", b))


def _written(value: float) -> str:
    if pd.isna(value):
        return ""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else f"{value:.10g}"


def _displays(names: pd.DataFrame, table: pd.DataFrame, titles: dict[str, tuple[str, str]]) -> pd.DataFrame:
    """Per display: the facts it prints, and those that are not the same."""
    kinds = names["id"].map(table.set_index("id")["what"])
    counted = pd.crosstab(names["display"], kinds).reindex(columns=list(WHAT), fill_value=0)
    counted = counted.reindex(sorted(set(names["display"])), fill_value=0)
    counted.insert(0, "prints", names.groupby("display").size())
    counted.insert(0, "title", [titles[d][1] for d in counted.index])
    return counted.rename_axis(index="display", columns=None).reset_index()


def _listings(old: dict[str, pd.DataFrame], new: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Listings whose rows differ: rows of one cut that the other lacks, as whole rows."""
    lines = []
    for name in dict.fromkeys([*new, *old]):
        none = (new if name in new else old)[name].iloc[:0]
        a, b = old.get(name, none), new.get(name, none)
        gone, come = whole_rows(a, b)
        lines.append({"listing": name, "rows_old": len(a), "rows_new": len(b), "removed": gone, "added": come})
    return pd.DataFrame(lines, columns=["listing", "rows_old", "rows_new", "removed", "added"])
