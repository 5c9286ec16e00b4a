"""The coding file: verbatim text to dictionary terms. MedDRA-like terms are illustrative; ATC codes are public."""

from __future__ import annotations

import pandas as pd

from .ground import table

COLUMNS = ["DOMAIN", "VERBATIM", "DECOD", "LLT", "HLT", "HLGT", "BODSYS", "SOC", "CLASCD", "CLAS"]


def coding(forms: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """One row for each verbatim of the tables that occurs in the forms."""
    used = {
        "AE": set(forms["AE"]["AETERM"]),
        "CM": set(forms["CM"]["CMTRT"]) | set(forms["PRTX"].loc[forms["PRTX"]["PTCAT"] != "PHOTO", "CMTRT"]),
        "MH": set(forms["MH"]["MHTERM"]),
    }
    rows = []
    for row in table("ae_terms"):
        for verbatim in row["verbatims"].split("|"):
            rows.append(
                ["AE", verbatim, row["pt"], row["llt"], row["hlt"], row["hlgt"], row["soc"], row["soc"], "", ""]
            )
    for name in ("drugs", "prior"):
        for row in table(name):
            for verbatim in row["verbatims"].split("|"):
                rows.append(["CM", verbatim, row["decod"], "", "", "", "", "", row["clascd"], row["clas"]])
    for row in table("history"):
        for verbatim in row["verbatims"].split("|"):
            rows.append(
                ["MH", verbatim, row["term_pt"], row["llt"], row["hlt"], row["hlgt"], row["soc"], row["soc"], "", ""]
            )
    out = pd.DataFrame(rows, columns=COLUMNS, dtype=object)
    out = out[[verbatim in used[domain] for domain, verbatim in zip(out["DOMAIN"], out["VERBATIM"], strict=False)]]
    return out.drop_duplicates(["DOMAIN", "VERBATIM"]).reset_index(drop=True)
