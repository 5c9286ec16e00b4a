"""Conformance of the data that are submitted, where the published engine checks nothing: each rule finds its records.

A rule is a function of the submission that returns findings (columns ``FINDING``); ``RULES`` says in words what it
asks. What is found is reported and never repaired here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from submission.frames import NAME, Dataset, Submission

FINDING = ("rule", "dataset", "record", "variable", "value", "message", "explanation")
REQUIRED = {
    "SUBJECT LEVEL ANALYSIS DATASET": "STUDYID USUBJID SUBJID SITEID AGE AGEU SEX RACE ARM TRT01P",
    "BASIC DATA STRUCTURE": "STUDYID USUBJID PARAM PARAMCD",
    "OCCURRENCE DATA STRUCTURE": "STUDYID USUBJID",
}
# Digits in which a change must agree with its two values: both went through doubles.
TOLERANCE = 1e-9
Rule = Callable[[Submission], Iterator[pd.DataFrame]]
RULES: dict[str, tuple[str, Rule]] = {}


def rule(name: str, asks: str) -> Callable[[Rule], Rule]:
    """Enter a rule under its name."""

    def enter(function: Rule) -> Rule:
        RULES[name] = (asks, function)
        return function

    return enter


def check(submission: Submission) -> pd.DataFrame:
    """Return every finding of every rule; one that the data themselves explain says how."""
    found = []
    submission = replace(submission, datasets=tuple(_searched(one) for one in submission.datasets))
    for name, (_, function) in RULES.items():
        found += [part.assign(rule=name) for part in function(submission) if len(part)]
    if not found:
        return pd.DataFrame({column: pd.Series(dtype="object") for column in FINDING})
    return pd.concat(found, ignore_index=True).reindex(columns=list(FINDING)).fillna({"explanation": ""})


def _searched(dataset: Dataset) -> Dataset:
    """The data set with text in the type that pandas searches fastest."""
    text = {variable.name: "str" for variable in dataset.variables if variable.kind == "text"}
    return replace(dataset, frame=dataset.frame.astype(text))


def findings(dataset: Dataset, bad: pd.Series | np.ndarray, variable: str, message: str, why: str = "") -> pd.DataFrame:
    """One finding per row where ``bad``."""
    if not np.asarray(bad, dtype="bool").any():
        return pd.DataFrame(columns=list(FINDING))
    rows = dataset.frame[np.asarray(bad, dtype="bool")]
    value = rows[variable].astype("str") if variable in rows else pd.Series("", index=rows.index)
    about = {"variable": variable, "value": value, "message": message, "explanation": why}
    return pd.DataFrame({"dataset": dataset.name, "record": rows.index + 1} | about)


def whole(dataset: Dataset, variable: str, message: str) -> pd.DataFrame:
    """A finding on a data set as a whole; its record is 0."""
    row = {"dataset": dataset.name, "record": 0, "variable": variable, "value": "", "message": message}
    return pd.DataFrame([row])


def structured(submission: Submission, *variables: str) -> Iterator[Dataset]:
    """The ADaM data sets that have all of these variables."""
    for dataset in submission.of("adam"):
        if all(name in dataset.frame for name in variables):
            yield dataset


@rule("KEY", "The keys that define.xml names identify one record, and are all there")
def keys_are_unique(submission: Submission) -> Iterator[pd.DataFrame]:
    """Duplicates by the declared key."""
    for dataset in submission.datasets:
        keys = list(dataset.keys())
        if len(keys) < len(dataset.spec["keys"]):
            yield whole(dataset, ", ".join(sorted(set(dataset.spec["keys"]) - set(keys))), "a key variable is missing")
        elif keys:
            yield findings(dataset, dataset.frame.duplicated(keys, keep="first"), keys[-1], "the key stands twice")


@rule("DM", "Each subject has one record in DM, and every subject of a domain is in DM")
def subjects_of_sdtm(submission: Submission) -> Iterator[pd.DataFrame]:
    """Subjects of SDTM against DM."""
    known = {one.name: one for one in submission.of("sdtm")}
    if "DM" not in known:
        return
    people = known["DM"].frame["USUBJID"]
    yield findings(known["DM"], people.duplicated(), "USUBJID", "the subject has more than one record")
    for dataset in known.values():
        if "USUBJID" in dataset.frame:
            held = dataset.frame["USUBJID"]
            yield findings(dataset, ~held.isin(people) & held.ne(""), "USUBJID", "the subject is not in DM")


@rule("SUPP", "Each supplemental qualifier leads to one record of its parent domain")
def qualifiers_lead_to_parents(submission: Submission) -> Iterator[pd.DataFrame]:
    """SUPP-- by RDOMAIN, USUBJID, IDVAR and IDVARVAL."""
    known = {one.name: one for one in submission.of("sdtm")}
    for dataset in known.values():
        if "QNAM" not in dataset.frame:
            continue
        lost = pd.Series(True, index=dataset.frame.index)
        for (domain, by), rows in dataset.frame.groupby(["RDOMAIN", "IDVAR"]):
            parent = known.get(str(domain))
            if parent is None or (by and by not in parent.frame):
                continue
            if by:
                held = parent.frame[by]
                number = held.dtype.kind == "f"
                shown = held.map(lambda v: np.format_float_positional(v, trim="-")) if number else held
                pairs = set(zip(parent.frame["USUBJID"], shown, strict=True))
                here = zip(rows["USUBJID"], rows["IDVARVAL"], strict=True)
                lost[rows.index] = [pair not in pairs for pair in here]
            else:
                lost[rows.index] = ~rows["USUBJID"].isin(parent.frame["USUBJID"])
        yield findings(dataset, lost, "IDVARVAL", "no such record in the parent domain")


@rule("AD-REQ", "Variables that ADaMIG requires are there, and never missing")
def required_variables(submission: Submission) -> Iterator[pd.DataFrame]:
    """Required variables by class of data set; a record of BDS has AVAL or AVALC unless it says why not."""
    for dataset in submission.of("adam"):
        for name in REQUIRED.get(dataset.spec["class"], "").split():
            if name not in dataset.frame:
                yield whole(dataset, name, "a required variable is missing")
            elif name in ("STUDYID", "USUBJID", "SUBJID", "SITEID", "PARAM", "PARAMCD"):
                yield findings(dataset, dataset.frame[name].eq(""), name, "a required value is missing")
        if dataset.spec["class"] == "BASIC DATA STRUCTURE" and not {"AVAL", "AVALC"} & set(dataset.frame):
            yield whole(dataset, "AVAL", "there is neither AVAL nor AVALC")


@rule("AD-ADSL", "ADSL has one record per subject, the same subjects as DM, and all subjects of other data sets")
def subjects_of_adam(submission: Submission) -> Iterator[pd.DataFrame]:
    """Subjects against ADSL."""
    known = {one.name: one for one in submission.datasets}
    if "ADSL" not in known:
        return
    people = known["ADSL"].frame["USUBJID"]
    yield findings(known["ADSL"], people.duplicated(), "USUBJID", "the subject has more than one record")
    if "DM" in known:
        yield findings(known["DM"], ~known["DM"].frame["USUBJID"].isin(people), "USUBJID", "the subject is not in ADSL")
    for dataset in structured(submission, "USUBJID"):
        yield findings(dataset, ~dataset.frame["USUBJID"].isin(people), "USUBJID", "the subject is not in ADSL")


@rule("AD-COPY", "A variable of ADSL says the same of a subject in every data set")
def copies_agree(submission: Submission) -> Iterator[pd.DataFrame]:
    """Variables with the name of one of ADSL, row by row."""
    known = {one.name: one for one in submission.of("adam")}
    if "ADSL" not in known or known["ADSL"].frame["USUBJID"].duplicated().any():
        return
    subjects = known["ADSL"].frame.set_index("USUBJID")
    for dataset in structured(submission, "USUBJID"):
        if dataset.name == "ADSL":
            continue
        for name in [n for n in dataset.frame if n in subjects and n != "USUBJID"]:
            copied = subjects[name].reindex(dataset.frame["USUBJID"]).reset_index(drop=True)
            own = dataset.frame[name]
            same = own.eq(copied) | (own.isna() & copied.isna())
            yield findings(dataset, ~same, name, "differs from ADSL")


@rule("AD-BASE", "BASE is AVAL of the baseline record; CHG and PCHG are the change from it")
def changes_agree(submission: Submission) -> Iterator[pd.DataFrame]:
    """BASE, CHG and PCHG computed again from AVAL."""
    for dataset in structured(submission, "AVAL", "BASE"):
        frame = dataset.frame
        if "ABLFL" in frame:
            by = [n for n in ("USUBJID", "PARAMCD", "BASETYPE") if n in frame]
            marked = frame[frame["ABLFL"] == "Y"]
            yield findings(
                dataset, frame["ABLFL"].eq("Y") & frame.index.isin(marked[marked.duplicated(by)].index), "ABLFL",
                "the subject has two baseline records of the parameter",
            )  # fmt: skip
            first = marked.drop_duplicates(by).set_index(by)["AVAL"].rename("_base")
            base = frame[by].join(first, on=by)["_base"]
            differs = frame["BASE"].notna() & base.notna() & ~np.isclose(frame["BASE"], base, rtol=TOLERANCE, atol=0)
            yield findings(dataset, differs, "BASE", "is not AVAL of the baseline record")
            yield findings(dataset, frame["BASE"].notna() & base.isna(), "BASE", "there is no baseline record")
        moved = frame["AVAL"] - frame["BASE"]
        with np.errstate(divide="ignore", invalid="ignore"):
            share = 100 * moved / frame["BASE"]
        for name, wanted in (("CHG", moved), ("PCHG", share)):
            if name in frame:
                differs = frame[name].notna() & ~np.isclose(frame[name], wanted, rtol=TOLERANCE, atol=TOLERANCE)
                yield findings(dataset, differs, name, "is not the change from BASE to AVAL")


@rule("AD-FLAG", "A flag of subjects is Y or N, a flag of records Y or missing")
def flags_hold_their_words(submission: Submission) -> Iterator[pd.DataFrame]:
    """Variables whose names end in FL."""
    for dataset in submission.of("adam"):
        for name in [n for n in dataset.frame if n.endswith("FL") and dataset.frame[n].dtype.kind == "O"]:
            held = dataset.frame[name]
            record = name == "ABLFL" or (name.startswith("ANL") and name[3:5].isdigit())
            words = ["Y", ""] if record else ["Y", "N", ""]
            yield findings(dataset, ~held.isin(words), name, f"is not one of {', '.join(words[:-1])} or missing")


@rule("AD-SRC", "SRCDOM, SRCVAR and SRCSEQ lead to a record that is submitted")
def sources_exist(submission: Submission) -> Iterator[pd.DataFrame]:
    """Each row that names a source, by data set, variable, and sequence within the subject."""
    known = {one.name: one for one in submission.datasets}
    for dataset in structured(submission, "SRCDOM"):
        frame = dataset.frame
        named = frame["SRCDOM"]
        yield findings(dataset, named.ne("") & ~named.isin(list(known)), "SRCDOM", "no such data set is submitted")
        for source, rows in frame[named.isin(list(known))].groupby("SRCDOM"):
            there = known[str(source)].frame
            if "SRCVAR" in frame:
                supplement = known.get(f"SUPP{source}")
                held = {*there, *(supplement.frame["QNAM"] if supplement else ())}
                lost = frame.index.isin(rows.index) & frame["SRCVAR"].ne("") & ~frame["SRCVAR"].isin(list(held))
                yield findings(dataset, lost, "SRCVAR", f"{source} has no such variable or qualifier")
            sequence = f"{source}SEQ" if f"{source}SEQ" in there else "ASEQ"
            if "SRCSEQ" not in frame or sequence not in there:
                continue
            pairs = pd.MultiIndex.from_frame(there[["USUBJID", sequence]])
            here = pd.MultiIndex.from_frame(rows[["USUBJID", "SRCSEQ"]])
            lost_rows = rows.index[rows["SRCSEQ"].notna().to_numpy() & ~here.isin(pairs)]
            yield findings(dataset, frame.index.isin(lost_rows), "SRCSEQ", f"{source} has no such record")


@rule("AD-PARAM", "PARAM, PARAMCD and PARAMN are one to one; PARAMCD is a name of at most 8 characters")
def parameters_are_one_to_one(submission: Submission) -> Iterator[pd.DataFrame]:
    """Pairs of the three."""
    for dataset in structured(submission, "PARAMCD", "PARAM"):
        frame = dataset.frame
        odd = ~frame["PARAMCD"].map(lambda code: bool(NAME.fullmatch(code))).astype("bool")
        yield findings(dataset, odd, "PARAMCD", "is no name of at most 8 capitals and digits")
        for other in [n for n in ("PARAM", "PARAMN") if n in frame]:
            for one, two in (("PARAMCD", other), (other, "PARAMCD")):
                many = frame.groupby(one, dropna=False)[two].transform("nunique", dropna=False) > 1
                yield findings(dataset, many, one, f"has more than one {two}")


@rule("AD-AVALC", "Within a parameter AVAL and AVALC are one to one where both are there")
def values_are_one_to_one(submission: Submission) -> Iterator[pd.DataFrame]:
    """Pairs of AVAL and AVALC."""
    for dataset in structured(submission, "PARAMCD", "AVAL", "AVALC"):
        frame = dataset.frame
        both = frame[frame["AVAL"].notna() & frame["AVALC"].ne("")]
        for one, two in (("AVALC", "AVAL"), ("AVAL", "AVALC")):
            many = both.groupby(["PARAMCD", one])[two].transform("nunique") > 1
            bad = frame.index.isin(many.index[many])
            message = f"stands with more than one {two} of its parameter"
            if "DTYPE" in frame:
                still = both.groupby(["PARAMCD", "DTYPE", one])[two].transform("nunique") > 1
                alone = frame.index.isin(still.index[still])
                yield findings(dataset, bad & ~alone, one, message, "DTYPE tells derived values from collected ones")
                bad = bad & alone
            yield findings(dataset, bad, one, message)
