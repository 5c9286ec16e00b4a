"""Reference ranges of the two laboratories: by sex, age and validity, one analyte changed over time."""

from __future__ import annotations

import pandas as pd

from .ground import table

COLUMNS = ["LAB", "LBTEST", "SEX", "AGELO", "AGEHI", "VALIDFROM", "VALIDTO", "UNIT", "LO", "HI"]
OLDER = {"CREAT": {"M": ("57", "111"), "F": ("41", "81")}, "UREA": {"M": ("3.6", "9.5"), "F": ("3.1", "8.8")}}
NEW_FROM = "2026-04-01"
NEW_RANGE = {"CK": {"M": ("38", "174"), "F": ("26", "140")}}


def range_table() -> pd.DataFrame:
    """labranges.csv: both laboratories, one row per analyte, sex, age band and period of validity."""
    rows = []
    for row in table("labs"):
        for sex in "MF":
            lo, hi = row[f"lo_{sex.lower()}"], row[f"hi_{sex.lower()}"]
            old = OLDER.get(row["key"], {}).get(sex)
            new = NEW_RANGE.get(row["key"], {}).get(sex)
            if old:
                rows.append(["L01", row["name1"], sex, "18", "59", "2025-01-01", "", row["unit1"], lo, hi])
                rows.append(["L01", row["name1"], sex, "60", "", "2025-01-01", "", row["unit1"], *old])
            elif new:
                rows.append(["L01", row["name1"], sex, "18", "", "2025-01-01", "2026-03-31", row["unit1"], lo, hi])
                rows.append(["L01", row["name1"], sex, "18", "", NEW_FROM, "", row["unit1"], *new])
            elif row["lo_m"] == row["lo_f"] and row["hi_m"] == row["hi_f"]:
                if sex == "M":
                    rows.append(["L01", row["name1"], "ALL", "18", "", "2025-01-01", "", row["unit1"], lo, hi])
            else:
                rows.append(["L01", row["name1"], sex, "18", "", "2025-01-01", "", row["unit1"], lo, hi])
            rows.append(["L02", row["name2"], sex, "18", "", "2025-01-01", "", row["unit2"], *outside(row, sex)])
    out = pd.DataFrame(rows, columns=COLUMNS, dtype=object)
    same = [c for c in COLUMNS if c != "SEX"]
    twice = out.duplicated(same, keep=False) & (out["LAB"] == "L02")
    out.loc[twice, "SEX"] = "ALL"
    return (
        out.drop_duplicates()
        .sort_values(["LAB", "LBTEST", "SEX", "AGELO", "VALIDFROM"], kind="stable")
        .reset_index(drop=True)
    )


def outside(row: dict, sex: str) -> tuple[str, str]:
    """The range as the outside laboratory prints it, in its own unit."""
    places, factor = int(row["dec2"]), float(row["factor2"])
    convert = lambda v: f"{float(v) * factor:.{places}f}" if v else ""  # noqa: E731
    return convert(row[f"lo_{sex.lower()}"]), convert(row[f"hi_{sex.lower()}"])


def inside(key: str, sex: str, age: float, date: str) -> tuple[str, str]:
    """The range of the hospital's laboratory for this person on this day."""
    row = next(r for r in table("labs") if r["key"] == key)
    if key in OLDER and age >= 60:
        return OLDER[key][sex]
    if key in NEW_RANGE and date >= NEW_FROM:
        return NEW_RANGE[key][sex]
    return row[f"lo_{sex.lower()}"], row[f"hi_{sex.lower()}"]
