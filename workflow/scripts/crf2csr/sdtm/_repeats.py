"""Two results where one is due: both are kept, and the site is asked."""

from __future__ import annotations

import pandas as pd

from crf2csr.groups import repeated
from crf2csr.sdtm._asking import ask
from crf2csr.sdtm._verbs import Context


def ask_about(rows: pd.DataFrame, context: Context) -> list[pd.DataFrame]:
    """Queries P07: several records for one subject, visit and test (``baseline_by``).

    Different results are a major query. The same result under another number of the visit is a minor one: the visit
    may have been entered twice. A test that is repeated at another visit is no repeat.
    """
    by, result = context.spec.get("baseline_by"), f"{context.spec['name']}ORRES"
    if not by or "VISITNUM" not in rows or result not in rows or rows.empty:
        return []
    due = rows[rows[result].notna() & rows["VISITNUM"].notna() & rows[f"{context.spec['name']}TESTCD"].notna()]
    # Who stands alone in its group has no second result: few rows are looked at closely.
    due = due.iloc[repeated(due[["SUBJID", "VISITNUM", *by]])]
    if due.empty:
        return []
    group = due.groupby(["SUBJID", "VISITNUM", *by], dropna=False, sort=False)
    several, differ = group["REC"].transform("nunique") > 1, group[result].transform("nunique") > 1
    again = several & ~differ & (group["EVENTREP"].transform("nunique") > 1) if "EVENTREP" in due else several & False
    parts = []
    for here, said, severity in (
        (several & differ, "Different results for one subject, visit and test; all are kept.", "major"),
        (again, "The same result stands under two numbers of one visit; was it entered twice? All are kept.", "minor"),
    ):
        rows = due[here]
        if rows.empty:
            continue
        ids = rows.groupby(["SUBJID", "VISITNUM", *by], dropna=False, sort=False)["REC"].transform(
            lambda recs: ", ".join(dict.fromkeys(recs))
        )
        message = f"{said} Records: " + ids.astype("str") + "."
        parts += ask(rows, context, result, rule="P07", message=message, severity=severity)
    return parts
