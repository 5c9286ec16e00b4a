"""Two results where one is due: both are kept, and the site is asked."""

from __future__ import annotations

import pandas as pd

from crf2csr.sdtm._asking import ask
from crf2csr.sdtm._verbs import Context


def ask_about(rows: pd.DataFrame, context: Context) -> list[pd.DataFrame]:
    """Queries P07: several records with different results for one subject, visit and test (``baseline_by``).

    A test that is repeated at another visit is no repeat.
    """
    by, result = context.spec.get("baseline_by"), f"{context.spec['name']}ORRES"
    if not by or "VISITNUM" not in rows or result not in rows or rows.empty:
        return []
    due = rows[rows[result].notna() & rows["VISITNUM"].notna() & rows[f"{context.spec['name']}TESTCD"].notna()]
    group = due.groupby(["SUBJID", "VISITNUM", *by], dropna=False, sort=False)
    several = due[(group["REC"].transform("nunique") > 1) & (group[result].transform("nunique") > 1)]
    if several.empty:
        return []
    ids = several.groupby(["SUBJID", "VISITNUM", *by], dropna=False, sort=False)["REC"].transform(
        lambda recs: ", ".join(dict.fromkeys(recs))
    )
    message = "Different results for one subject, visit and test; all are kept. Records: " + ids.astype("str") + "."
    return ask(several, context, result, rule="P07", message=message, severity="major")
