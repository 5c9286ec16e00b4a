"""ADCM: prior and concomitant medication and therapy, with the prohibited found by rule."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr import dates
from crf2csr.adam import _prohibited
from crf2csr.adam._occurrence import analysis_term, ask, flag, of_subject, with_dates, with_subject
from crf2csr.columns import among
from crf2csr.populations import matches
from crf2csr.trace import Made


def derive(
    adsl: pd.DataFrame,
    cm: pd.DataFrame,
    pr: pd.DataFrame | None = None,
    *,
    spec: dict[str, Any],
    page: dict[str, Any],
    lists: dict[str, Any],
) -> Made:
    """Build ADCM from CM and, where there is PR, the therapies in it (``therapies`` of the specification)."""
    made = Made(cm)
    where = "config/adam/adcm.yaml"
    parts = [_named(cm, "CM", lists)]
    if pr is not None:
        therapies = made.ledger.split(
            pr, matches(pr, spec["therapies"], source=where), "ADCM: therapies among procedures", "PR", "not a therapy"
        )
        parts.append(_named(therapies, "PR", lists))
    rows = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    rows = made.ledger.split(
        rows,
        among(rows["USUBJID"], adsl["USUBJID"]),
        "ADCM: records of subjects in ADSL",
        "CM, PR",
        "subject is not in ADSL",
    )
    rows = with_subject(rows.reset_index(drop=True), adsl, spec)
    history = matches(rows, spec["history"], source=where)
    rows = with_dates(rows, "CM", adsl, page["study"].get("cutoff"), history)
    # A study that codes no medication shows what was reported.
    rows["ADECOD"] = analysis_term(rows, "CMDECOD", "CMTRT") if "CMDECOD" in rows else rows["CMTRT"]
    rows = rows.join(periods(rows, adsl, history))
    rows["PROHFL"] = flag(rows["PROHRULE"].notna() & (rows["ONTRTFL"] == "Y"))
    hits = rows[rows["PROHFL"] == "Y"]
    for domain in ("CM", "PR"):
        made.queries.append(
            ask(
                hits[hits["SRCDOM"] == domain],
                adsl,
                rule="P39",
                field=f"{domain}TRT",
                severity="major",
                value=hits["CMTRT"],
                message="Prohibited by the rule table while on treatment: is it a protocol deviation?",
            )
        )
    made.data = rows
    return made


def _named(source: pd.DataFrame, domain: str, lists: dict[str, Any]) -> pd.DataFrame:
    """Rows of an interventions domain under the names of CM, each with the rule that it breaks, if any."""
    found = _prohibited.match(source, domain.lower(), lists.get("prohibited", {"disease": [], "rules": []}))
    rows = source.rename(columns={c: f"CM{c[2:]}" for c in source.columns if c.startswith(domain)})
    rows = rows.assign(PROHRULE=found["PROHRULE"], PROHDESC=found["PROHDESC"])
    return rows.assign(SRCDOM=domain, SRCVAR=f"{domain}TRT", SRCSEQ=rows["CMSEQ"])


def periods(rows: pd.DataFrame, adsl: pd.DataFrame, history: pd.Series) -> pd.DataFrame:
    """PREFL (before the first dose), ONTRTFL (between first and last dose), FUPFL (starts after the last dose).

    A record may be both prior and concomitant. One without an end, or whose dates contradict each other, cannot
    be excluded from treatment; one of ``history`` was over before, unless its end surely was not.
    """
    first, last = of_subject(rows, adsl, "TRTSDT").astype("Int64"), of_subject(rows, adsl, "TRTEDT").astype("Int64")
    start, end = rows["ASTDT"], rows["AENDT"]

    def sure(condition: pd.Series) -> pd.Series:
        return condition.fillna(False).astype(bool)

    contradicts = sure(end < start)
    before = sure(end < first) & ~contradicts
    after = sure(start > last)
    over = history & ~sure(dates.period(rows["CMENDTC"])["first"] >= first)
    treated = first.notna()
    reaches = treated & ~before & ~after & ~over & ~(contradicts & sure(start < first))
    return pd.DataFrame(
        {
            "PREFL": flag(sure(start < first) | (history & treated)),
            "ONTRTFL": flag(reaches),
            "FUPFL": flag(treated & after),
        }
    )
