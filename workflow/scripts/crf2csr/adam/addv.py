"""ADDV: deviations that the site reported and those that the data show, each once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr import dates
from crf2csr.adam._occurrence import flag, of_subject, with_subject
from crf2csr.adam._screening import of_failed_screening
from crf2csr.columns import among
from crf2csr.populations import matches
from crf2csr.trace import Made, edges_to

KEPT = ["USUBJID", "DVTERM", "DVDECOD", "DVCAT", "DVSEV", "ASTDT", "VISIT", "DVRULE", "SRCDOM", "SRCVAR", "SRCSEQ"]


def derive(
    adsl: pd.DataFrame,
    dv: pd.DataFrame,
    sv: pd.DataFrame,
    ds: pd.DataFrame,
    pr: pd.DataFrame,
    adie: pd.DataFrame,
    adcm: pd.DataFrame,
    adex: pd.DataFrame,
    *,
    spec: dict[str, Any],
    page: dict[str, Any],
    lists: dict[str, Any],
) -> Made:
    """Build ADDV: the reported deviations of every subject, and the derived ones of treated subjects."""
    made = Made(dv)
    reported = made.ledger.split(
        dv,
        among(dv["USUBJID"], adsl["USUBJID"]),
        "ADDV: deviations of subjects in ADSL",
        "DV",
        "subject is not in ADSL",
    )
    treated = adsl[adsl["SAFFL"] == "Y"].set_index("USUBJID")
    rules = page["derived_deviations"]
    derived = pd.concat(
        [
            _visits(sv[~of_failed_screening(sv, "SVSTDTC", ds, treated["TRTSDT"])], treated, page["visits"], rules),
            _consent(ds, pr, treated, rules),
            _eligibility(adie, treated, rules),
            _prohibited(adcm, treated, rules),
            _compliance(adex, treated, rules),
        ],
        ignore_index=True,
    )
    candidate = matches(reported, rules["candidates"], source="config/config.yaml: derived_deviations")
    decided = reported[~candidate]
    derived["MATCHFL"] = matched(derived, reported, rules["match_days"])
    marked = _reported(reported[candidate]).reset_index(drop=True)
    marked["MATCHFL"] = matched(marked, decided, rules["match_days"])
    rows = pd.concat(
        [part for part in (_reported(decided), marked, derived) if len(part)] or [derived], ignore_index=True
    )
    rows = rows.reindex(columns=[*KEPT, "MATCHFL"])
    rows["DVSRC"] = np.where(rows["DVRULE"].isna(), "REPORTED", "DERIVED")
    rows["ASTDY"] = dates.study_day(rows["ASTDT"], of_subject(rows, adsl, "TRTSDT").astype("Int64"))
    rows["MAJORFL"] = flag(rows["DVSEV"] == "MAJOR")
    rows["ANL01FL"] = flag(rows["MATCHFL"].isna())
    rows["_KEY"] = [f"D{n}" for n in range(len(rows))]
    visits = rows[rows["SRCDOM"] == "SV"]
    made.edges = edges_to(visits.assign(ZERO=0), "SV", "ZERO")
    rows["SRCSEQ"] = rows["SRCSEQ"].mask(rows["SRCDOM"] == "SV").astype("Int64")
    made.data = with_subject(rows, adsl, spec)
    return made


def _reported(dv: pd.DataFrame) -> pd.DataFrame:
    """Deviations of DV; a partial date is the first day of its period."""
    return pd.DataFrame(
        {
            "USUBJID": dv["USUBJID"],
            "DVTERM": dv["DVTERM"],
            "DVDECOD": dv["DVDECOD"],
            "DVCAT": dv["DVCAT"],
            "DVSEV": dv["DVSCAT"],
            "ASTDT": dates.period(dv["DVSTDTC"])["first"],
            "SRCDOM": "DV",
            "SRCVAR": "DVTERM",
            "SRCSEQ": dv["DVSEQ"],
        }
    )


def _derived(rows: pd.DataFrame, rule: dict[str, Any]) -> pd.DataFrame:
    """Give derived rows what the study's page says about their kind."""
    made = rows.assign(DVDECOD=rule["decod"], DVCAT=rule["category"], DVSEV=rule["severity"], DVRULE=rule["rule"])
    for name in KEPT:
        if name not in made:
            made[name] = pd.Series(np.nan, index=made.index, dtype="str")
    return (
        made[KEPT].astype({"ASTDT": "Int64", "SRCSEQ": "Int64", "VISIT": "str", "DVTERM": "str"}).reset_index(drop=True)
    )


def _visits(
    sv: pd.DataFrame, treated: pd.DataFrame, visits: list[dict[str, Any]], rules: dict[str, Any]
) -> pd.DataFrame:
    """Planned visits outside the window of the protocol; visits that did not take place, dated by their planned day."""
    rows = sv[among(sv["USUBJID"], treated.index)].assign(
        SRCDOM="SV", SRCVAR="SVSTDTC", SRCSEQ=0, ASTDT=dates.to_day(sv["SVSTDTC"])
    )
    planned = [v for v in visits if "from" in v]
    table = pd.DataFrame(planned, columns=["name", "day", "from", "to"]).set_index("name")
    first, last = rows["VISIT"].map(table["from"]).astype("Int64"), rows["VISIT"].map(table["to"]).astype("Int64")
    day = dates.study_day(rows["ASTDT"], rows["USUBJID"].map(treated["TRTSDT"]).astype("Int64"))
    missed = (rows["SVOCCUR"] == "N").fillna(False).astype(bool)
    outside = ((day < first) | (day > last)).fillna(False).astype(bool) & ~missed
    told = (
        rows["VISIT"] + " on day " + day.astype("str") + ", window " + first.astype("str") + " to " + last.astype("str")
    )
    late = rows.assign(DVTERM=told)[outside]
    due = rows["USUBJID"].map(treated["TRTSDT"]).astype("Int64") + rows["VISIT"].map(table["day"]).astype("Int64") - 1
    absent = rows.assign(DVTERM=rows["VISIT"] + " did not take place", SRCVAR="SVOCCUR", ASTDT=due)[missed]
    return pd.concat(
        [_derived(late, rules["visit_window"]), _derived(absent, rules["visit_missed"])], ignore_index=True
    )


def _consent(ds: pd.DataFrame, pr: pd.DataFrame, treated: pd.DataFrame, rules: dict[str, Any]) -> pd.DataFrame:
    """No consent at all (dated by the first dose), procedures before it, and a form that was not the one in force."""
    if "consent" not in rules:
        return _derived(
            ds.head(0).assign(ASTDT=pd.Series(dtype="Int64")), {"decod": "", "category": "", "severity": "", "rule": ""}
        )
    rule = rules["consent"]
    own = matches(pr, rule["procedures"], source="config/config.yaml: derived_deviations.consent")
    done = pr[own & among(pr["USUBJID"], treated.index)]
    day = dates.to_day(done["PRSTDTC"])
    early = (day < done["USUBJID"].map(treated["RFICDT"]).astype("Int64")).fillna(False).astype(bool)
    before = done.assign(
        DVTERM=done["PRTRT"] + " before informed consent",
        ASTDT=day,
        SRCDOM="PR",
        SRCVAR="PRSTDTC",
        SRCSEQ=done["PRSEQ"],
    )
    signed = ds[matches(ds, rule["consents"], source="config/config.yaml: derived_deviations.consent")]
    signed = signed[among(signed["USUBJID"], treated.index) & signed["ICFVER"].notna()]
    on = dates.to_day(signed["DSSTDTC"])
    starts = dates.to_day(pd.Series(rule["versions"], dtype="str")).sort_values(kind="stable")
    place = np.searchsorted(starts.to_numpy("int64"), on.fillna(0).to_numpy("int64"), side="right") - 1
    due = pd.Series(starts.index.to_numpy()[np.maximum(place, 0)], index=signed.index).where(on.notna() & (place >= 0))
    old = (due.notna() & (due != signed["ICFVER"])).astype(bool)
    told = "Consent on version " + signed["ICFVER"] + ", version " + due.astype("str") + " was in force"
    outdated = signed.assign(DVTERM=told, ASTDT=on, SRCDOM="DS", SRCVAR="ICFVER", SRCSEQ=signed["DSSEQ"])
    unsigned = treated[treated["RFICDT"].isna()]
    lacking = pd.DataFrame(
        {
            "USUBJID": unsigned.index,
            "DVTERM": "Treated without a record of informed consent",
            "ASTDT": unsigned["TRTSDT"].astype("Int64").to_numpy(),
            "SRCDOM": "ADSL",
            "SRCVAR": "RFICDT",
            "SRCSEQ": 0,
        }
    )
    parts = [part for part in (before[early], outdated[old], lacking) if len(part)] or [before[early]]
    return _derived(pd.concat(parts, ignore_index=True), rule)


def _eligibility(adie: pd.DataFrame, treated: pd.DataFrame, rules: dict[str, Any]) -> pd.DataFrame:
    """Treated subjects whose data contradict a criterion, dated by the first dose."""
    rows = adie[(adie["MET"] == "N") & among(adie["USUBJID"], treated.index)]
    shown = rows["COLLVAL"].astype("str").where(rows["COLLVAL"].notna(), "nothing collected")
    rows = rows.assign(
        DVTERM=rows["IETESTCD"] + " " + rows["IETEST"] + ": " + shown,
        ASTDT=rows["USUBJID"].map(treated["TRTSDT"]),
        SRCDOM="ADIE",
        SRCVAR="MET",
        SRCSEQ=rows["ASEQ"],
    )
    return _derived(rows.drop_duplicates(["USUBJID", "IETESTCD"]), rules["eligibility"])


def _prohibited(adcm: pd.DataFrame, treated: pd.DataFrame, rules: dict[str, Any]) -> pd.DataFrame:
    """Prohibited treatment while on treatment, dated by its start, at the earliest by the first dose."""
    rows = adcm[(adcm["PROHFL"] == "Y") & among(adcm["USUBJID"], treated.index)]
    first = rows["USUBJID"].map(treated["TRTSDT"]).astype("Int64")
    start = rows["ASTDT"].where((rows["ASTDT"] >= first).fillna(False).astype(bool), first)
    rows = rows.assign(
        DVTERM=rows["PROHDESC"] + ": " + rows["CMTRT"], ASTDT=start, SRCDOM="ADCM", SRCVAR="PROHFL", SRCSEQ=rows["ASEQ"]
    )
    return _derived(rows, rules["prohibited"])


def _compliance(adex: pd.DataFrame, treated: pd.DataFrame, rules: dict[str, Any]) -> pd.DataFrame:
    """Compliance outside its limits, dated by the last dose."""
    rows = adex[(adex["CRIT1FL"] == "N") & (adex["PARAMCD"] == "COMPL") & among(adex["USUBJID"], treated.index)]
    told = "Compliance " + rows["AVAL"].map(lambda share: f"{share:.1f} %").astype("str")
    rows = rows.assign(
        DVTERM=told, ASTDT=rows["USUBJID"].map(treated["TRTEDT"]), SRCDOM="ADEX", SRCVAR="AVAL", SRCSEQ=rows["ASEQ"]
    )
    return _derived(rows, rules["compliance"])


def matched(derived: pd.DataFrame, reported: pd.DataFrame, days: int) -> pd.Series:
    """Flag deviations that were reported as well: same subject and category, not more than ``days`` apart.

    Where one of the two has no date that can be read, the category suffices.
    """
    said = pd.DataFrame(
        {"USUBJID": reported["USUBJID"], "DVCAT": reported["DVCAT"], "_DAY": dates.period(reported["DVSTDTC"])["first"]}
    )
    pairs = derived.reset_index(names="_ROW").merge(said, on=["USUBJID", "DVCAT"])
    near = ((pairs["ASTDT"] - pairs["_DAY"]).abs() <= days).fillna(True).astype(bool)
    return flag(pd.Series(derived.index.isin(pairs.loc[near, "_ROW"]), index=derived.index))
