"""Problems 9 to 11 and 24 to 30: visits, subjects, consent, eligibility, dosing."""

from __future__ import annotations

from .ground import day, later
from .plant_scores import at, row_of


def plant(p) -> None:
    labels(p)
    windows(p)
    lost_visit_dates(p)
    strangers(p)
    screen_failures(p)
    rescreened(p)
    consent(p)
    withdrawn_data(p)
    eligibility(p)
    dosing(p)


def labels(p) -> None:
    for sub, form, event, label in (
        ("label Week 12", "NRS", "W12", "Week 12"),
        ("label 12周", "DLQI", "W12", "12周"),
        ("label week12", "VS", "W12", "week 12 "),
        ("label 第4周", "PPPASI", "W4", "第4周"),
        ("label V5", "PGA", "W8", "Visit 8 weeks"),
        ("unknown label", "NRS", "W8", "W9B"),
        ("label missing", "VS", "W2", ""),
    ):
        row = p.find(form, at(event))
        known = sub not in ("unknown label", "label missing", "label V5")
        p.set(
            9,
            sub,
            form,
            row,
            "EVENT",
            label,
            "label map" if known else "query, record kept",
            "info" if known else "minor",
            "D",
        )
    frame = p.forms["PPPASI"]
    for row in frame.index[frame["EVENT"] == "UNS"][:3]:
        p.note(
            9,
            "unscheduled visit",
            "PPPASI",
            row,
            "EVENT",
            "UNS",
            "UNS",
            "VISITNUM n.1; analysis visit by window",
            "info",
            "D",
        )


def windows(p) -> None:
    frame, truth = p.forms["PPPASI"], p.subjects
    for row in frame.index[frame["EVENT"] == "W12"]:
        subject, date = frame.at[row, "SUBJID"], frame.at[row, "PPDAT"]
        study_day = day(date) - day(truth.at[subject, "FIRST_DOSE"]) + 1
        if study_day > 92:
            expected = "real date kept; analysed in W12 (72-98); out of the protocol window, not in PPS"
            p.note(10, f"week 12 on day {study_day}", "PPPASI", row, "PPDAT", date, date, expected, "minor", "D")
    visits = p.forms["SV"]
    extra = visits.loc[visits["EVENT"] == "UNS", "SUBJID"]
    row = p.find("PPPASI", at("W4"), who=set(p.treated) - set(extra))
    if row is None:
        return
    subject, date = frame.at[row, "SUBJID"], frame.at[row, "PPDAT"]
    again = later(date, 4)
    p.add(
        10,
        "two visits in one window",
        "PPPASI",
        row,
        "PPDAT",
        "the nearest to the target is analysed",
        "info",
        "D",
        EVENT="UNS",
        PPDAT=again,
        LASTMOD=again + "T16:20:00",
    )
    visit = row_of(p, "SV", subject, "W4")
    p.copy("SV", visit, EVENT="UNS", VISDAT=again, VISREAS="皮疹加重就诊", LASTMOD=again + "T16:25:00")


def lost_visit_dates(p) -> None:
    row = p.find("SV", at("W8", VISYN="Y"))
    p.set(
        11,
        "visit date missing",
        "SV",
        row,
        "VISDAT",
        "",
        "date of the visit's first dated form, flagged; query",
        "minor",
    )
    row = p.find("SV", at("W4", VISYN="Y"))
    p.drop(11, "visit forms without a visit record", "SV", row, "visit derived from its forms, flagged; query", "minor")


def strangers(p) -> None:
    known = set(p.forms["DM"]["SUBJID"])
    stranger = next(s for s in ("01-0999", "01-99998") if s not in known)
    expected = "quarantined, counted in the ledger, listed; blocker unless accepted"
    row = p.find("AE", lambda f: (f["AEYN"] == "Y") & (f["AEONGO"] == "N"))
    p.add(24, "subject not in DM", "AE", row, "SUBJID", expected, "blocker", SUBJID=stranger, AESPID="1", GRPREP="1")
    row = p.find("LB", at("W12"))
    p.add(24, "subject not in DM", "LB", row, "SUBJID", expected, "blocker", SUBJID=stranger)


def screen_failures(p) -> None:
    frame = p.forms["DS"]
    for row in frame.index[frame["DSDECOD"] == "SCREEN FAILURE"][:20]:
        expected = "in DM, IE, DS and AE; ARMCD null; ARMNRS SCREEN FAILURE; in no analysis set but the screened"
        p.note(25, "screen failure", "DS", row, "DSDECOD", "SCREEN FAILURE", "SCREEN FAILURE", expected, "info", "D")


def rescreened(p) -> None:
    frame = p.forms["ICF"]
    for row in frame.index[frame["PRVSUBJ"] != ""][:5]:
        p.note(
            26,
            "rescreened under a second number",
            "ICF",
            row,
            "PRVSUBJ",
            frame.at[row, "PRVSUBJ"],
            frame.at[row, "PRVSUBJ"],
            "one USUBJID, two SUBJIDs, first consent date",
            "info",
            "D",
        )
    for row in frame.index[frame["ICTYPE"] == "RECONSENT"][:2]:
        p.note(
            26,
            "consent renewed",
            "ICF",
            row,
            "ICTYPE",
            "RECONSENT",
            "RECONSENT",
            "earliest consent is RFICDTC; both milestones in DS",
            "info",
            "D",
        )
    people = p.forms["DM"]
    linked = set(frame["PRVSUBJ"]) | set(frame.loc[frame["PRVSUBJ"] != "", "SUBJID"])
    failed = set(p.forms["DS"].loc[p.forms["DS"]["DSDECOD"] == "SCREEN FAILURE", "SUBJID"]) - linked
    row = p.find("DM", lambda f: f["SUBJID"].isin(failed), treated=False)
    if row is None:
        return
    sex = people.at[row, "SEX"]
    twin = p.find("DM", lambda f: (f["SEX"] == sex) & (f["SUBJID"] > people.at[row, "SUBJID"]), who=p.treated - linked)
    if twin is not None:
        p.set(
            26,
            "unlinked second screening suspected",
            "DM",
            row,
            "BRTHDAT",
            people.at[twin, "BRTHDAT"],
            "same birth date and sex, no link: query",
            "major",
            "D",
        )


def consent(p) -> None:
    frame = p.forms["ICF"]
    several = frame["SUBJID"].value_counts()
    alone = set(several.index[several == 1]) & p.treated
    alone = alone & set(frame.loc[frame["PRVSUBJ"] == "", "SUBJID"])
    row = p.find("ICF", at("SCR", ICTYPE="MAIN"), who=alone)
    p.drop(27, "consent missing", "ICF", row, "blocker; data kept; efficacy by policy", "blocker", "Q", True)
    row = p.find("CXR", lambda f: f["CXRDAT"] != "")
    if row is not None:
        signed = p.subjects.at[p.forms["CXR"].at[row, "SUBJID"], "RFICDAT"]
        p.set(27, "procedure before consent", "CXR", row, "CXRDAT", later(signed, -4), "query, deviation", "major")
    row = p.find("ICF", lambda f: (f["ICTYPE"] == "MAIN") & (f["RFICDAT"] > "2026-04-10") & (f["ICFVER"] == "V1.1"))
    p.set(27, "outdated version of the consent form", "ICF", row, "ICFVER", "V1.0", "query, deviation", "major")


def withdrawn_data(p) -> None:
    row = p.find("DS", lambda f: (f["DSDECOD"] == "WITHDRAWAL BY SUBJECT") & (f["WDCONS"] == "STUDY"))
    if row is None:
        return
    subject, left = p.forms["DS"].at[row, "SUBJID"], p.forms["DS"].at[row, "DSSTDAT"]
    p.set(
        28,
        "use of data withdrawn",
        "DS",
        row,
        "WDCONS",
        "DATA_USE",
        "data up to the date kept; later records quarantined, counted",
        "major",
        "D",
    )
    p.subjects.at[subject, "REMARK"] = (p.subjects.at[subject, "REMARK"] + " P28").strip()
    when = later(left, 9)
    visit = row_of(p, "SV", subject, "BL")
    p.copy("SV", visit, EVENT="UNS", VISDAT=when, VISREAS="电话随访", VISTYP="PHONE", LASTMOD=when + "T15:10:00")
    signs = row_of(p, "VS", subject, "SCR")
    p.add(
        28,
        "record after withdrawal of data use",
        "VS",
        signs,
        "VSDAT",
        "quarantined with the reason",
        "major",
        "D",
        EVENT="UNS",
        VSDAT=when,
        HEIGHT="",
        LASTMOD=when + "T15:12:00",
    )


def eligibility(p) -> None:
    expected = "recomputed from the data: major deviation, PPROTFL=N; stays in FAS and SS"
    test = lambda *names: lambda f: (f["EVENT"] == "SCR") & f["LBTEST"].isin(names)  # noqa: E731
    for sub, name, value in (
        ("ALT above 2 x ULN", "ALT (GPT)", "127"),
        ("neutrophils below 1.0", "中性粒细胞绝对值", "0.91"),
        ("haemoglobin below 80", "血红蛋白", "76"),
        ("creatinine above 132.6", "肌酐", "141.0"),
    ):
        p.set(29, sub, "LB", p.find("LB", test(name)), "LBORRES", value, expected, "major")
    row = p.find("SERO", at("SCR", HBSAG="NEG"))
    if row is not None:
        p.set(29, "hepatitis B surface antigen positive", "SERO", row, "HBSAG", "POS", expected, "major")
        p.set(29, "hepatitis B virus DNA detected", "SERO", row, "HBVDNA", "2350", expected, "major")
    row = p.find("SERO", at("SCR", TSPOT="NEG"))
    p.set(
        29,
        "interferon-gamma test positive",
        "SERO",
        row,
        "TSPOT",
        "POS",
        "query: active tuberculosis to be excluded",
        "major",
    )
    row = p.find("DM", lambda f: f["BRTHDAT"].str.len() == 10)
    if row is not None:
        signed = p.subjects.at[p.forms["DM"].at[row, "SUBJID"], "RFICDAT"]
        p.set(29, "younger than 18", "DM", row, "BRTHDAT", later(signed, -6400), expected, "major")


def dosing(p) -> None:
    ends = lambda f: f.index.isin(f.groupby("SUBJID").tail(1).index)  # noqa: E731
    left = set(p.subjects.index[p.subjects["LEFT_FOR"].isin(["PHYSICIAN DECISION", "LOST TO FOLLOW-UP"])])
    row = p.find("EX", lambda f: ends(f) & (f["EXOCCUR"] == "Y"), who=left)
    if row is not None:
        subject = p.forms["EX"].at[row, "SUBJID"]
        p.set(
            30,
            "dose after discontinuation",
            "EX",
            row,
            "EXENDAT",
            later(p.subjects.at[subject, "LEFT_ON"], 6),
            "TRTEDT by rule; query",
            "major",
        )
    stayed = set(p.subjects.index[(p.subjects["LEFT_FOR"] == "") & (p.subjects["TREATED"] == "Y")])
    row = p.find("EX", lambda f: ends(f) & (f["EXOCCUR"] == "Y"), who=stayed)
    p.set(30, "no end date", "EX", row, "EXENDAT", "", "TRTEDT from LSTDOSDT; query", "major")
    row = p.find("EX", lambda f: (f["GRPREP"] == "3") & (f["EXOCCUR"] == "Y"))
    if row is not None:
        start = p.forms["EX"].at[row, "EXSTDAT"]
        p.set(30, "overlap", "EX", row, "EXSTDAT", later(start, -3), "as collected; query", "minor")
    row = p.find("EX", lambda f: (f["GRPREP"] == "3") & (f["EXOCCUR"] == "Y"))
    if row is not None:
        start = p.forms["EX"].at[row, "EXSTDAT"]
        p.set(30, "gap", "EX", row, "EXSTDAT", later(start, 3), "as collected; query", "minor")
    row = p.find("EX", lambda f: (f["GRPREP"] == "3") & (f["EXOCCUR"] == "Y"))
    p.set(30, "dose 0 though taken", "EX", row, "EXDOSE", "0", "as collected; query", "major")
    row = p.find("EX", lambda f: (f["GRPREP"] == "1") & (f["EXOCCUR"] == "Y"), who=stayed)
    p.set(30, "dose 40 mg", "EX", row, "EXDOSE", "40", "as collected; query", "major")
    row = p.find("DA", at("W4"))
    p.set(
        30,
        "more returned than dispensed",
        "DA",
        row,
        "RETAMT",
        "60",
        "compliance flagged, not truncated; query",
        "major",
    )
    row = p.find("DA", lambda f: (f["EVENT"] == "W8") & (f["DISPAMT"] == "42"))
    p.set(
        30,
        "too few dispensed for the compliance",
        "DA",
        row,
        "DISPAMT",
        "4",
        "compliance flagged, not truncated; query",
        "minor",
    )
