"""Problems 20, 21 and 37 to 39: hostile text, adverse event logic, seriousness, coding."""

from __future__ import annotations

from .ground import later

EVENT = lambda f: f["AEYN"] == "Y"  # noqa: E731


def plant(p) -> None:
    seriousness(p)
    logic(p)
    coding(p)
    hostile(p)


def mild(f):
    return EVENT(f) & (f["AESER"] == "N") & f["AEACN"].isin(["NONE", "NA"])


def seriousness(p) -> None:
    expected = "no change; tabulated as reported; listed; blocker unless accepted"
    p.set(38, "not serious though in hospital", "AE", p.find("AE", mild), "AESHOSP", "Y", expected, "blocker")
    p.set(38, "serious without a criterion", "AE", p.find("AE", mild), "AESER", "Y", expected, "blocker")
    p.set(38, "grade 5 without death", "AE", p.find("AE", mild), "AETOXGR", "5", expected, "blocker")


def logic(p) -> None:
    expected = "both kept, no swap; duration missing; emergent if it cannot be excluded; query"
    full = lambda f: mild(f) & (f["AESTDAT"].str.len() == 10) & (f["AEENDAT"] != "")  # noqa: E731
    row = p.find("AE", full)
    if row is not None:
        p.set(
            37, "end before start", "AE", row, "AEENDAT", later(p.forms["AE"].at[row, "AESTDAT"], -5), expected, "major"
        )
    p.set(37, "ongoing with an end date", "AE", p.find("AE", full), "AEONGO", "Y", expected, "minor")
    p.set(37, "neither ended nor ongoing", "AE", p.find("AE", full), "AEENDAT", "", expected, "minor")
    p.set(37, "fatal outcome, no death", "AE", p.find("AE", full), "AEOUT", "FATAL", expected, "major")
    row = p.find("AE", full)
    if row is not None:
        signed = p.subjects.at[p.forms["AE"].at[row, "SUBJID"], "RFICDAT"]
        p.set(37, "before consent", "AE", row, "AESTDAT", later(signed, -20), expected, "minor")
    first = p.subjects["FIRST_DOSE"].to_dict()
    month = lambda f: full(f) & (f["AESTDAT"].str[:7] == f["SUBJID"].map(first).str[:7])  # noqa: E731
    row = p.find("AE", month)
    if row is not None:
        value = p.forms["AE"].at[row, "AESTDAT"][:7]
        p.set(
            37,
            "month of the first dose",
            "AE",
            row,
            "AESTDAT",
            value,
            "emergent, as it cannot be excluded; imputed to the first dose",
            "minor",
        )
    row = p.find("CM", lambda f: (f["CMSTDAT"].str.len() == 10) & (f["CMENDAT"].str.len() == 10))
    if row is not None:
        p.set(
            37,
            "drug stopped before it started",
            "CM",
            row,
            "CMENDAT",
            later(p.forms["CM"].at[row, "CMSTDAT"], -3),
            expected,
            "major",
        )


def coding(p) -> None:
    frame = p.forms["coding"]
    common = p.forms["AE"]["AETERM"].value_counts()
    for domain, count in (("AE", 3), ("CM", 2), ("MH", 1)):
        rows = frame.index[(frame["DOMAIN"] == domain) & ~frame["VERBATIM"].isin(common.index[common > 3])]
        step = max(1, len(rows) // (count + 1))
        for row in list(rows[step::step])[:count]:
            verbatim = frame.at[row, "VERBATIM"]
            p.drop(
                39,
                f"verbatim not coded: {domain} {verbatim}",
                "coding",
                row,
                'shown as "Uncoded: <verbatim>" and counted',
                "minor",
            )
    frame = p.forms["coding"]
    wrong = frame.index[(frame["DOMAIN"] == "AE") & (frame["DECOD"] == "Dizziness")]
    if len(wrong):
        p.set(
            39,
            "term and code do not agree",
            "coding",
            wrong[0],
            "DECOD",
            "Acne",
            "query; coded term as delivered",
            "minor",
        )
    poor = p.subjects.index[
        (p.subjects["RESPONSE"] == "N") & (p.subjects["W12_OBSERVED"] == "Y") & (p.subjects["REMARK"] == "")
    ]
    for name, why in (
        ("皮炎平乳膏", "brand of a topical steroid"),
        ("雷公藤多苷片（自购）", "TCM with systemic effect"),
        ("消银颗粒", "TCM for psoriasis"),
    ):
        row = p.find("CM", lambda f: f["CMAENO"] == "", who=poor)
        if row is None:
            continue
        start = later(p.subjects.at[p.forms["CM"].at[row, "SUBJID"], "FIRST_DOSE"], 47)
        p.add(
            39,
            f"prohibited drug hidden in the verbatim: {why}",
            "CM",
            row,
            "CMTRT",
            "found by keyword, deviation candidate",
            "major",
            CMTRT=name,
            CMINDC="手足皮疹",
            CMDOSE="",
            CMDOSU="",
            CMDOSFRQ="BID",
            CMROUTE="TOP" if "乳膏" in name else "PO",
            CMSTDAT=start,
            CMENDAT=later(start, 9),
            CMONGO="N",
            CMPROH="N",
            GRPREP="9",
            LASTMOD=later(start, 14) + "T09:40:00",
        )


def hostile(p) -> None:
    text = "escaped wherever shown; verbatim kept"
    row = p.find("AE", mild)
    if row is not None:
        p.set(20, "script in a verbatim", "AE", row, "AETERM", "<script>alert(1)</script>", text, "info", "D")
    row = p.find("CO")
    p.set(20, "markup in a comment", "CO", row, "COVAL", '<img src=x onerror="alert(1)"> 皮疹照片', text, "info", "D")
    safe = "kept; neutralised in CSV and spreadsheet deliverables only"
    p.set(21, "formula in a comment", "CO", p.find("CO"), "COVAL", "=cmd|' /C calc'!A0", safe, "info", "D")
    p.set(21, "formula in a comment", "CO", p.find("CO"), "COVAL", "@SUM(1+1)*2", safe, "info", "D")
    p.set(21, "plus sign first", "CO", p.find("CO"), "COVAL", "+86区号电话随访一次", safe, "info", "D")
    p.set(
        21,
        "minus sign first",
        "CM",
        p.find("CM", lambda f: f["CMINDC"] == "皮肤干燥"),
        "CMINDC",
        "-皮肤干燥",
        safe,
        "info",
        "D",
    )
    p.set(21, "tab first", "SV", p.find("SV", lambda f: f["VISYN"] == "N"), "VISREAS", "\t=1+1", safe, "info", "D")
