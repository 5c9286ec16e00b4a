"""Queries on rows of a domain, asked about the field of the form and with the text that was entered there."""

from __future__ import annotations

import pandas as pd

from crf2csr.columns import among
from crf2csr.sdtm._verbs import VERBS, Context
from crf2csr.trace import queries


def ask(
    rows: pd.DataFrame, context: Context, variable: str, *, rule: str, message: pd.Series | str, severity: str
) -> list[pd.DataFrame]:
    """Return queries on ``rows`` about the field that ``variable`` was taken from.

    A result that was made from one of several fields is asked about the field in ``_FLD``. Where no field
    feeds the variable, the query names the variable and gives its value.
    """
    if rows.empty:  # most rules find nothing
        return []
    asked = []
    done = pd.Series(False, index=rows.index)
    of_form = rows["REC"].astype("str").str.split(":").str[0]
    for block in context.spec["records"]:
        here = (of_form == block["form"]) & ~done
        if "tests" in block and variable.endswith(("ORRES", "STRESC", "STRESN")):
            names = rows.loc[here, "_FLD"].astype("str")
        else:
            field = _field(block["set"].get(variable, {}))
            names = pd.Series(field, index=rows.index[here], dtype="str")
        form = context.forms[block["form"]]
        form = form[among(form["REC"], rows.loc[here, "REC"])].set_index("REC")
        for name in names.dropna().unique():
            chosen = names.index[names == name]
            if name not in form:
                continue
            done.loc[chosen] = True
            part = rows.loc[chosen]
            text = part["REC"].map(form[name])
            asked.append(
                queries(part, rule=rule, field=str(name), message=_of(message, chosen), severity=severity, value=text)
            )
    rest = rows[~done]
    if len(rest):
        asked.append(queries(rest, rule=rule, field=variable, message=_of(message, rest.index), severity=severity))
    return asked


def _field(rule: dict) -> str | None:
    """The field of the row's own form that a rule reads, if it reads one."""
    if "of" in rule:
        return None
    named = next((rule[verb] for verb in VERBS if verb in rule and verb not in ("hardcode", "derive")), None)
    return named if named != "visit" else None


def _of(message: pd.Series | str, chosen: pd.Index) -> pd.Series | str:
    return message.loc[chosen] if isinstance(message, pd.Series) else message
