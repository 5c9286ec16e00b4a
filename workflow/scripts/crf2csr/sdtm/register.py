"""REGISTER: who is who. One row per subject number, one USUBJID per person, and the end of data use."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr import dates
from crf2csr.sdtm import _screen
from crf2csr.trace import Made, queries


def tabulate(forms: dict[str, pd.DataFrame], page: dict[str, Any], crf: dict[str, Any]) -> Made:
    """Build the register from the staged forms that the study names as its sources.

    Parameters
    ----------
    forms : dict of DataFrame
        Canonical frames of the forms named in ``page["subjects"]``.
    page : dict
        The study's page; ``subjects`` says which form makes a subject known and how persons are linked.

    Returns
    -------
    Made
        STUDYID (as the export names the study), SITEID, SUBJID, USUBJID, PERSON (the SUBJID that names the person:
        the first screening), DATAUSE.
    """
    rule = page["subjects"]
    study = page["study"].get("export_id", page["study"]["id"])
    every = forms[rule["form"]]
    known = every[_screen.of_study(every, [study])]
    table = known.drop_duplicates(["SITEID", "SUBJID"])[["SITEID", "SUBJID", "REC"]].copy()
    made = Made(table)
    table["STUDYID"] = study
    table["PERSON"] = table["SUBJID"]
    if "linked_by" in rule:
        links = forms[rule["linked_by"]["form"]]
        field = rule["linked_by"]["field"]
        links = links[links[field].str.strip() != ""].drop_duplicates("SUBJID")
        previous = links.set_index("SUBJID")[field].str.strip()
        unknown = links[~links[field].str.strip().isin(table["SUBJID"])]
        made.queries.append(
            queries(
                unknown,
                rule="P26",
                field=field,
                severity="major",
                message="The previous screening number is not in demographics; the two are not linked.",
            )
        )
        previous = previous[previous.isin(table["SUBJID"])]
        # A person may be screened more than twice: follow the links to the first number.
        for _ in range(len(previous)):
            step = table["PERSON"].map(previous)
            if step.isna().all():
                break
            table["PERSON"] = step.where(step.notna(), table["PERSON"])
    values = {"STUDYID": page["study"]["id"], "SITEID": table["SITEID"], "SUBJID": table["PERSON"]}
    table["USUBJID"] = _filled(rule["usubjid"], values, table.index)
    table["DATAUSE"] = pd.Series(float("nan"), index=table.index, dtype="str")
    if "withdrawn_by" in rule:
        how = rule["withdrawn_by"]
        form = forms[how["form"]]
        ended = form[form[how["field"]] == how["value"]].drop_duplicates("SUBJID").set_index("SUBJID")
        declared = crf[how["form"].lower()]["fields"][how["date"]].get("format", "YYYY-MM-DD")
        table["DATAUSE"] = table["SUBJID"].map(dates.read_dates(ended[how["date"]], declared)["iso"])
    made.ledger.enter(
        "register",
        rule["form"],
        len(every),
        len(table),
        {"record of another study": len(every) - len(known), "repeats a subject number": len(known) - len(table)},
    )
    made.data = table[["STUDYID", "SITEID", "SUBJID", "USUBJID", "PERSON", "DATAUSE", "REC"]].reset_index(drop=True)
    return made


def _filled(pattern: str, values: dict[str, Any], index: pd.Index) -> pd.Series:
    """Fill ``{NAME}`` in a pattern with constants or columns."""
    text = pd.Series("", index=index, dtype="str")
    rest = pattern
    while "{" in rest:
        before, _, after = rest.partition("{")
        name, _, rest = after.partition("}")
        text = text + before + values[name]
    return text + rest
