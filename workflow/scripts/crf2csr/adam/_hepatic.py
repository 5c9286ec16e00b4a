"""The liver after baseline: peaks against the upper limit, the quadrant of the subject, Hy's law.

Hy's law candidate: bilirubin of at least so many times the upper limit on the day of an aminotransferase of at least so
many times its limit, or within the days after it. Alkaline phosphatase over the same days tells a candidate with
cholestasis apart. Source: FDA, Guidance for Industry: Drug-Induced Liver Injury, 2009; Integrated Guide 2.0, 2025.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr.columns import among, chosen, positions, taken
from crf2csr.groups import ends, numbered, ranked
from crf2csr.trace import own_rows

NOT_SEEN, NO_LIMIT = "No result after baseline", "Upper limit of the reference range is missing"
QUADRANTS = {
    (False, False): (0, "Normal or near normal"),
    (True, False): (1, "Aminotransferase alone (Temple's corollary)"),
    (False, True): (2, "Bilirubin alone (cholestasis)"),
    (True, True): (3, "Both (Hy's law quadrant)"),
}


def derive(
    rows: pd.DataFrame, treated: pd.DataFrame, late: pd.Series, rule: dict[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return one row per treated subject and parameter, and the edges to the results behind it.

    Parameters
    ----------
    rows : DataFrame
        Results: USUBJID, PARAMCD, ADT (day), R2A1HI (value / upper limit), AVAL, POST, ``_KEY``.
    treated : DataFrame
        ADSL of treated subjects, index USUBJID.
    late : Series of bool
        Results that come too long after the last dose to count.
    rule : dict
        ``enzymes``, ``bilirubin``, ``alp`` (parameter codes), ``enzyme_times``, ``bilirubin_times``, ``alp_times``,
        ``days``; ``peak_enzyme``, ``peak_bilirubin``, ``quadrant``, ``candidate`` (codes of what is made).

    Returns
    -------
    tuple of DataFrame
        AVAL is missing, with the reason in AREAS, where results after baseline or their limits are missing.
    """
    tests = [*rule["enzymes"], rule["bilirubin"], rule["alp"]]
    counts = rows["POST"] & rows["AVAL"].notna() & rows["ADT"].notna() & ~late & rows["PARAMCD"].isin(tests)
    used = rows[["USUBJID", "PARAMCD", "ADT", "R2A1HI", "_KEY"]][counts]
    enzyme = _peak(used, rule["enzymes"], treated.index)
    bilirubin = _peak(used, [rule["bilirubin"]], treated.index)
    candidate = _candidates(used, rule, treated.index)
    reason = enzyme["AREAS"].where(enzyme["AREAS"].notna(), bilirubin["AREAS"])
    high = [
        (peak["AVAL"] >= rule[times]).to_numpy(bool)
        for peak, times in ((enzyme, "enzyme_times"), (bilirubin, "bilirubin_times"))
    ]
    where = [QUADRANTS[pair] for pair in zip(*(h.tolist() for h in high), strict=True)]
    quadrant = pd.DataFrame(
        {"AVAL": [float(n) for n, _ in where], "AVALC": [text for _, text in where]}, index=treated.index
    ).astype({"AVALC": "str"})
    unknown = reason.notna()
    quadrant["AVAL"], quadrant["AVALC"] = quadrant["AVAL"].mask(unknown), quadrant["AVALC"].mask(unknown)
    # One that is seen is a candidate whatever else is missing; that there is none needs both.
    candidate["AVAL"] = candidate["AVAL"].mask(unknown & (candidate["AVAL"] == 0))
    candidate["AVALC"] = candidate["AVALC"].mask(candidate["AVAL"].isna())
    parts = {
        rule["peak_enzyme"]: enzyme,
        rule["peak_bilirubin"]: bilirubin,
        rule["quadrant"]: quadrant.assign(AREAS=reason),
        rule["candidate"]: candidate.assign(AREAS=reason.where(candidate["AVAL"].isna())),
    }
    made = pd.concat([part.assign(PARAMCD=code) for code, part in parts.items()]).rename_axis("USUBJID").reset_index()
    made["_KEY"] = made["PARAMCD"] + "|" + made["USUBJID"].astype("str")
    return made.drop(columns="SRC", errors="ignore"), _edges(made, used, rule)


def _peak(used: pd.DataFrame, codes: list[str], people: pd.Index) -> pd.DataFrame:
    """Highest ratio of these tests per subject: AVAL, ADT, AREAS, SRC (key of the result)."""
    mine = used[used["PARAMCD"].isin(codes)]
    known = mine[mine["R2A1HI"].notna()]
    first = known.iloc[ends(numbered([known["USUBJID"]]), [-ranked(known["R2A1HI"]), ranked(known["ADT"])])]
    at = positions(people.to_series(), first["USUBJID"])
    ratio, day, source = (taken(first[name], at, people) for name in ("R2A1HI", "ADT", "_KEY"))
    without, seen = ratio.isna().to_numpy(bool), among(people.to_series(), mine["USUBJID"]).to_numpy(bool)
    reason = chosen(np.where(without, np.where(seen, 0, 1), -1), [NO_LIMIT, NOT_SEEN], people)
    return pd.DataFrame({"AVAL": ratio.astype("float64"), "ADT": day, "SRC": source, "AREAS": reason}, index=people)


def _candidates(used: pd.DataFrame, rule: dict[str, Any], people: pd.Index) -> pd.DataFrame:
    enzyme = used[used["PARAMCD"].isin(rule["enzymes"]) & (used["R2A1HI"] >= rule["enzyme_times"])]
    bilirubin = used[(used["PARAMCD"] == rule["bilirubin"]) & (used["R2A1HI"] >= rule["bilirubin_times"])]
    pairs = enzyme[["USUBJID", "ADT"]].merge(bilirubin[["USUBJID", "ADT"]], on="USUBJID", suffixes=("", "_B"))
    after = (pairs["ADT_B"] - pairs["ADT"]).astype("float64")
    pairs = pairs[(after >= 0) & (after <= rule["days"])]
    alp = used[used["PARAMCD"] == rule["alp"]][["USUBJID", "ADT", "R2A1HI"]]
    near = pairs.merge(alp, on="USUBJID", suffixes=("", "_P"))
    apart = (near["ADT_P"] - near["ADT"]).astype("float64")
    # An ALP that cannot be judged leaves the question open, unless a known one is high.
    near = near[(apart >= 0) & (apart <= rule["days"])]
    highest = near.groupby("USUBJID")["R2A1HI"].max()
    lacking = near.assign(lacking=near["R2A1HI"].isna()).groupby("USUBJID")["lacking"].any()
    found = people.isin(pairs["USUBJID"])
    top = highest.reindex(people).astype("float64")
    open_question = top.isna() | (lacking.reindex(people, fill_value=False).astype(bool) & (top < rule["alp_times"]))
    text = pd.Series(f"Yes, alkaline phosphatase < {rule['alp_times']} x ULN", index=people, dtype="str")
    text = text.mask(top >= rule["alp_times"], f"Yes, alkaline phosphatase >= {rule['alp_times']} x ULN")
    text = text.mask(open_question, "Yes, alkaline phosphatase not known").where(found, "No")
    return pd.DataFrame({"AVAL": found.astype("float64"), "AVALC": text}, index=people)


def _edges(made: pd.DataFrame, used: pd.DataFrame, rule: dict[str, Any]) -> pd.DataFrame:
    """A peak comes from its result; quadrant and candidate from all results of the tests that they judge."""
    peaks = made[made["SRC"].notna()]
    judged = made[made["PARAMCD"].isin([rule["quadrant"], rule["candidate"]])][["USUBJID", "_KEY"]]
    many = judged.merge(used[["USUBJID", "_KEY"]], on="USUBJID", suffixes=("", "_OF"))
    return pd.concat(
        [own_rows(peaks["_KEY"], peaks["SRC"]), own_rows(many["_KEY"], many["_KEY_OF"])], ignore_index=True
    )
