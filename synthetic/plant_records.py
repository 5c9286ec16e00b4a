"""Problems 6 and 7: the same record twice, and two different answers to one question."""

from __future__ import annotations

from .plant_scores import at


def plant(p) -> None:
    for form, mask in (
        ("AE", lambda f: f["AEYN"] == "Y"),
        ("VS", at("W4")),
        ("LB", at("W12")),
        ("CM", lambda f: f["CMTRT"] != ""),
    ):
        row = p.find(form, mask)
        p.add(6, "exact duplicate", form, row, "*", "collapsed to one; ledger: merged duplicate", "info", "D")
    row = p.find("LB", lambda f: (f["EVENT"] == "W12") & (f["LBTEST"] == "ALT (GPT)") & (f["LBORRES"] != ""))
    if row is not None:
        value = str(int(p.forms["LB"].at[row, "LBORRES"]) + 17)
        p.add(
            7,
            "two values of one analyte",
            "LB",
            row,
            "LBORRES",
            "both kept; one analysed by rule; query",
            "major",
            LBORRES=value,
            LBTIM="14:35",
        )
    row = p.find("PPPASI", lambda f: (f["EVENT"] == "W8") & f["RSERY"].isin(["1", "2", "3"]))
    if row is not None:
        value = str(int(p.forms["PPPASI"].at[row, "RSERY"]) + 1)
        p.add(
            7,
            "two scorings of one visit",
            "PPPASI",
            row,
            "RSERY",
            "both kept; one analysed by rule; query",
            "major",
            RSERY=value,
            PPEVAL="R05",
            PPTOTAL="",
            FORMREP="2",
        )
    row = p.find("VS", lambda f: (f["EVENT"] == "W8") & (f["SYSBP"] != ""))
    if row is not None:
        value = str(int(p.forms["VS"].at[row, "SYSBP"]) + 16)
        p.add(
            7,
            "two blood pressures of one visit",
            "VS",
            row,
            "SYSBP",
            "both kept; one analysed by rule; query",
            "major",
            SYSBP=value,
            FORMREP="2",
        )
