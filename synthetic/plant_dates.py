"""Problems 1 to 5: partial, strange, impossible, awkward and future dates."""

from __future__ import annotations

import numpy as np

from .ground import EXTRACT, iso

MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
KEPT = "raw kept; ISO 8601 cut at the right; imputed in ADaM only, flagged"
FULL = 10


def plant(p) -> None:
    partial(p)
    shapes(p)
    impossible(p)
    calendar(p)
    future(p)


def full(field, event=None):
    return lambda f: (f[field].str.len() == FULL) & ((f["EVENT"] == event) if event else True)


def parts(date: str) -> tuple[str, str, str]:
    return date[:4], date[5:7], date[8:10]


def change(p, code, sub, form, row, field, shape, expected, severity="info", klass="D") -> None:
    if row is not None:
        p.set(code, sub, form, row, field, shape(*parts(p.forms[form].at[row, field])), expected, severity, klass)


def partial(p) -> None:
    shapes_ = {
        "day unknown, slashes": lambda y, m, d: f"UN/{m}/{y}",
        "day and month unknown": lambda y, m, d: f"UN/UNK/{y}",
        "month by name": lambda y, m, d: f"UN-{MONTHS[int(m) - 1]}-{y}",
        "year and month run together": lambda y, m, d: f"{y}{m}",
        "UK for the day": lambda y, m, d: f"UK-{m}-{y}",
        "ISO year and month": lambda y, m, d: f"{y}-{m}",
        "ISO with UN": lambda y, m, d: f"{y}-{m}-UN",
    }
    calm = lambda f: full("AESTDAT")(f) & (f["AESER"] == "N")  # noqa: E731
    for sub, shape in shapes_.items():
        change(p, 1, sub, "AE", p.find("AE", calm), "AESTDAT", shape, KEPT)
    change(
        p,
        1,
        "month unknown, day known",
        "CM",
        p.find("CM", full("CMSTDAT")),
        "CMSTDAT",
        lambda y, m, d: f"{d}-UNK-{y}",
        KEPT,
    )
    change(
        p,
        1,
        "day and month unknown",
        "MH",
        p.find("MH", full("MHSTDAT")),
        "MHSTDAT",
        shapes_["day and month unknown"],
        KEPT,
    )
    change(p, 1, "year only", "PPPHX", p.find("PPPHX", full("PPDIADAT")), "PPDIADAT", lambda y, m, d: y, KEPT)
    change(
        p, 1, "birth year and month", "DM", p.find("DM", full("BRTHDAT")), "BRTHDAT", lambda y, m, d: f"{y}-{m}", KEPT
    )
    change(p, 1, "all unknown", "CM", p.find("CM", full("CMENDAT")), "CMENDAT", lambda y, m, d: "UNK", KEPT)


def shapes(p) -> None:
    sure = "unambiguous: parsed and flagged"
    unsure = "ambiguous or not declared: value missing; query; no swapping"
    serial = lambda y, m, d: str(int((np.datetime64(f"{y}-{m}-{d}") - np.datetime64("1899-12-30")).astype(int)))  # noqa: E731
    late = lambda field, event: lambda f: full(field, event)(f) & (f[field].str[8:10] > "12")  # noqa: E731
    early = lambda field, event: lambda f: full(field, event)(f) & (f[field].str[8:10] <= "12")  # noqa: E731
    for sub, form, field, mask, shape, expected in (
        ("slashes, year first", "VS", "VSDAT", full("VSDAT", "W4"), lambda y, m, d: f"{y}/{m}/{d}", sure),
        (
            "day, month name, year",
            "DLQI",
            "DLDAT",
            full("DLDAT", "W8"),
            lambda y, m, d: f"{d}-{MONTHS[int(m) - 1].title()}-{y}",
            sure,
        ),
        ("month first, day above 12", "DA", "DADAT", late("DADAT", "W4"), lambda y, m, d: f"{m}/{d}/{y}", sure),
        ("day or month first", "VS", "VSDAT", early("VSDAT", "W8"), lambda y, m, d: f"{m}/{d}/{y}", unsure),
        ("spreadsheet serial", "PGA", "PGADAT", full("PGADAT", "W2"), serial, unsure),
        ("two-digit year", "VS", "VSDAT", full("VSDAT", "W2"), lambda y, m, d: f"{y[2:]}-{m}-{d}", unsure),
        ("Chinese date", "CXR", "CXRDAT", full("CXRDAT"), lambda y, m, d: f"{y}年{int(m)}月{int(d)}日", sure),
    ):
        change(p, 2, sub, form, p.find(form, mask), field, shape, expected, "minor", "Q")


def impossible(p) -> None:
    expected = "date missing; raw text in query and trace; never cut to the month silently"
    for sub, form, field, mask, value in (
        ("30 February", "CM", "CMSTDAT", full("CMSTDAT"), "2026-02-30"),
        ("29 February in a common year", "MH", "MHSTDAT", full("MHSTDAT"), "2025-02-29"),
        ("33 March", "AE", "AEENDAT", full("AEENDAT"), "33-MAR-2026"),
        ("year 0205", "PRTX", "CMSTDAT", full("CMSTDAT"), "0205-03-01"),
        ("year 0000", "MH", "MHSTDAT", lambda f: f["MHSTDAT"] != "", "0000-05-10"),
        ("31 June", "VS", "VSDAT", full("VSDAT", "W8"), "2026-06-31"),
    ):
        p.set(3, sub, form, p.find(form, mask), field, value, expected, "major")


def calendar(p) -> None:
    before = "correct calendar arithmetic"
    old = lambda f: (f["PPONSDAT"].str[:4] < "2024") & (f["PPDIADAT"] != "")  # noqa: E731
    p.set(4, "leap day", "PPPHX", p.find("PPPHX", old), "PPDIADAT", "2024-02-29", before, "info", "D")
    p.set(
        4,
        "leap day",
        "CM",
        p.find("CM", lambda f: (f["CMSTDAT"] < "2024") & (f["CMSTDAT"] != "")),
        "CMSTDAT",
        "2024-02-29",
        before,
        "info",
        "D",
    )
    p.set(
        4,
        "last day of the year",
        "MH",
        p.find("MH", lambda f: (f["MHONGO"] == "N") & (f["MHSTDAT"] < "2025")),
        "MHENDAT",
        "2025-12-31",
        before,
        "info",
        "D",
    )
    midnight = "next day 00:00, flagged"
    p.set(
        4,
        "24:00",
        "LB",
        p.find("LB", lambda f: (f["EVENT"] == "W12") & (f["LBORRES"] != "")),
        "LBTIM",
        "24:00",
        midnight,
        "info",
        "D",
    )
    p.set(
        4,
        "24:00",
        "LB",
        p.find("LB", lambda f: (f["EVENT"] == "SCR") & (f["LBORRES"] != "")),
        "LBTIM",
        "24:00",
        midnight,
        "info",
        "D",
    )


def future(p) -> None:
    expected = "kept; query; not used for baseline or last contact; listed"
    after = str(iso([EXTRACT + 34])[0])
    p.set(5, "after the extract", "VS", p.find("VS", full("VSDAT", "W12")), "VSDAT", after, expected, "major")
    alone = lambda f: full("LBDAT", "W12")(f) & ~f.duplicated(keep=False)  # noqa: E731  (a planted duplicate stays one)
    p.set(5, "after the extract", "LB", p.find("LB", alone), "LBDAT", after, expected, "major")
    p.set(5, "after the extract", "CM", p.find("CM", full("CMENDAT")), "CMENDAT", "2027-05-01", expected, "major")
    row = p.find("PRTX", lambda f: (f["PTCAT"] == "TOPICAL") & (f["CMSTDAT"] != ""))
    p.set(5, "before birth", "PRTX", row, "CMSTDAT", "1921-04-05", expected, "major")
