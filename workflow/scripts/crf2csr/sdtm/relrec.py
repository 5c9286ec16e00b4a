"""RELREC: rows of different domains that belong together, by the numbers that the forms give."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crf2csr import dates, numbers
from crf2csr.sdtm._verbs import Context
from crf2csr.trace import Made, queries

COLUMNS = ["STUDYID", "RDOMAIN", "USUBJID", "IDVAR", "IDVARVAL", "RELTYPE", "RELID", "_REC"]


def tabulate(context: Context) -> Made:
    """Build RELREC from the specification's ``links``: field ``from`` names the number in field ``to``.

    Each pair of rows gives two rows of RELREC with one RELID. A number that no record of the subject bears
    is asked (P37).
    """
    made = Made(pd.DataFrame())
    parts = [pd.DataFrame({name: pd.Series(dtype="str") for name in COLUMNS})]
    for link in context.spec["links"]:
        source, target = link["from"], link["to"]
        left = numbered(source, context)
        right = numbered(target, context)
        pairs = left.merge(
            right.drop_duplicates(["USUBJID", "NUMBER"]), on=["USUBJID", "NUMBER"], how="left", suffixes=("", "_TO")
        )
        lost = pairs[pairs["SEQ_TO"].isna()]
        made.ledger.enter(
            f"RELREC: {link['name']}",
            source["form"],
            len(pairs),
            len(pairs) - len(lost),
            {"number is not that of a record of the subject": len(lost)},
        )
        made.queries.append(
            queries(
                lost,
                rule="P37",
                field=source["field"],
                value=lost["TEXT"],
                severity="minor",
                message=f"No record of the subject on {target['form']} bears this number.",
            )
        )
        pairs = pairs.dropna(subset=["SEQ_TO"]).sort_values(["USUBJID", "SEQ"], kind="stable", ignore_index=True)
        relation = link["name"] + "-" + (pairs.groupby("USUBJID").cumcount() + 1).astype("str")
        for domain, suffix in ((source["domain"], ""), (target["domain"], "_TO")):
            parts.append(
                pd.DataFrame(
                    {
                        "STUDYID": context.page["study"]["id"],
                        "RDOMAIN": domain.upper(),
                        "USUBJID": pairs["USUBJID"],
                        "IDVAR": f"{domain.upper()}SEQ",
                        "IDVARVAL": pairs[f"SEQ{suffix}"].astype("Int64").astype("str"),
                        "RELTYPE": np.nan,
                        "RELID": relation,
                        "_REC": pairs[f"REC{suffix}"],
                    }
                )
            )
    rows = pd.concat(parts, ignore_index=True)
    made.data = rows.sort_values(["USUBJID", "RELID", "RDOMAIN", "IDVARVAL"], kind="stable", ignore_index=True)
    return made


def numbered(side: dict[str, str], context: Context) -> pd.DataFrame:
    """One row per row of a domain whose own record gives a number: USUBJID, NUMBER, TEXT, SEQ and the record."""
    records = context.forms[side["form"]]
    text = records[side["field"]].fillna("").astype("str").str.strip()
    number = numbers.to_number(text.map(dates.tidy))
    given = pd.DataFrame(
        {
            "REC": records["REC"],
            "SUBJID": records["SUBJID"],
            "EVENT": records["EVENT"],
            "TEXT": text,
            "NUMBER": number.astype("str").where(number.notna(), text),
        }
    )[text != ""]
    domain = context.domains[side["domain"]]
    own = pd.DataFrame(
        {
            "USUBJID": domain["USUBJID"],
            "REC": domain["_REC"].str.split(" ").str[0],
            "SEQ": domain[f"{side['domain'].upper()}SEQ"],
        }
    )
    return own.merge(given, on="REC", how="inner")
