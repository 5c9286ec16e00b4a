"""Problems 12 to 17 and 40: units, censored and localised numbers, text among numbers, reference ranges."""

from __future__ import annotations


def plant(p) -> None:
    units(p)
    censored(p)
    localised(p)
    widths(p)
    words(p)
    language(p)
    limits(p)


def lab(event, *names):
    return lambda f: (f["EVENT"] == event) & f["LBTEST"].isin(names) & (f["LBORRES"] != "")


def units(p) -> None:
    expected = "as collected; query proposes the unit; no repair"
    for sub, event, name, value in (
        ("creatinine in mg/dL under umol/L", "W12", "肌酐", "0.78"),
        ("haemoglobin in g/dL under g/L", "W12", "血红蛋白", "13.4"),
        ("white cells per uL under 10^9/L", "W12", "白细胞计数", "6540"),
        ("urea nitrogen in mg/dL under mmol/L", "W12", "尿素", "14.6"),
    ):
        p.set(12, sub, "LB", p.find("LB", lab(event, name)), "LBORRES", value, expected, "major")
    p.set(
        12,
        "unit missing",
        "LB",
        p.find("LB", lab("W12", "葡萄糖")),
        "LBORRESU",
        "",
        "no standard value; query",
        "major",
    )
    p.set(
        12,
        "unit unknown",
        "LB",
        p.find("LB", lab("SCR", "C反应蛋白")),
        "LBORRESU",
        "U",
        "no standard value; query",
        "major",
    )
    row = p.find("VS", lambda f: (f["EVENT"] == "SCR") & (f["HEIGHT"] != ""))
    if row is not None:
        p.set(
            12,
            "height in metres",
            "VS",
            row,
            "HEIGHT",
            f"{float(p.forms['VS'].at[row, 'HEIGHT']) / 100:.2f}",
            expected,
            "minor",
        )
    row = p.find("VS", lambda f: (f["EVENT"] == "W4") & (f["WEIGHT"] != ""))
    if row is not None:
        p.set(
            12,
            "weight in jin",
            "VS",
            row,
            "WEIGHT",
            f"{float(p.forms['VS'].at[row, 'WEIGHT']) * 2:.1f}",
            expected,
            "minor",
        )


def censored(p) -> None:
    expected = "text kept; no numeric value where censored; flagged"
    for sub, event, name, value in (
        ("less than", "W12", "D-二聚体", "<0.5"),
        ("more than", "W12", "肌酸激酶(CK)", ">1000"),
        ("at most", "SCR", "C反应蛋白", "≤0.8"),
        ("arrow", "W12", "甘油三酯", "2.35 ↑"),
        ("letter H", "W12", "低密度脂蛋白胆固醇", "4.1H"),
    ):
        p.set(13, sub, "LB", p.find("LB", lab(event, name)), "LBORRES", value, expected, "info", "D")
    dip = lambda *tests: lambda f: f["UATEST"].isin(tests) & (f["UAORRES"] == "NEG")  # noqa: E731
    for sub, test, value in (
        ("word for negative", "蛋白 PRO", "阴性"),
        ("plus-minus", "潜血 BLD", "±"),
        ("one plus", "酮体 KET", "1+"),
    ):
        p.set(13, sub, "UA", p.find("UA", dip(test)), "UAORRES", value, "a category, never a number", "info", "D")
    row = p.find("UA", lambda f: f["UAORRES"] == "0-2/HP")
    if row is not None:
        p.note(
            13, "count per field", "UA", row, "UAORRES", "0-2/HP", "0-2/HP", "a category, never a number", "info", "D"
        )


def localised(p) -> None:
    expected = "locale not declared with a comma: missing; query"
    p.set(14, "decimal comma", "LB", p.find("LB", lab("W12", "总胆固醇")), "LBORRES", "5,2", expected, "major")
    p.set(
        14,
        "thousands or decimal",
        "LB",
        p.find("LB", lab("W12", "肌酸激酶(CK)")),
        "LBORRES",
        "1,234",
        expected,
        "major",
    )
    row = p.find("VS", lambda f: (f["EVENT"] == "W8") & f["WEIGHT"].str.contains(".", regex=False))
    if row is not None:
        p.set(
            14,
            "decimal comma",
            "VS",
            row,
            "WEIGHT",
            p.forms["VS"].at[row, "WEIGHT"].replace(".", ","),
            expected,
            "minor",
        )


def widths(p) -> None:
    expected = "NFKC and trim in typed fields, flagged"
    wide = str.maketrans("0123456789.", "０１２３４５６７８９．")
    row = p.find("VS", lambda f: (f["EVENT"] == "W1") & (f["WEIGHT"] != ""))
    if row is not None:
        p.set(
            15,
            "full-width digits",
            "VS",
            row,
            "WEIGHT",
            p.forms["VS"].at[row, "WEIGHT"].translate(wide),
            expected,
            "info",
            "D",
        )
    row = p.find("NRS", lambda f: f["EVENT"] == "W2")
    if row is not None:
        p.set(
            15,
            "full-width digits",
            "NRS",
            row,
            "NRSPAIN",
            p.forms["NRS"].at[row, "NRSPAIN"].translate(wide),
            expected,
            "info",
            "D",
        )
    row = p.find("LB", lab("W12", "肌酐"))
    if row is not None:
        p.set(
            15,
            "no-break space",
            "LB",
            row,
            "LBORRES",
            p.forms["LB"].at[row, "LBORRES"] + "\u00a0",
            expected,
            "info",
            "D",
        )
    row = p.find("SU", lambda f: (f["EVENT"] == "SCR") & (f["SUNCF"] == "CURRENT"))
    p.set(15, "zero-width space", "SU", row, "SUNCF", "CURRENT\u200b", expected, "info", "D")
    row = p.find("VS", lambda f: (f["EVENT"] == "W2") & (f["VSDAT"] != ""))
    if row is not None:
        p.set(
            15,
            "non-breaking hyphen",
            "VS",
            row,
            "VSDAT",
            p.forms["VS"].at[row, "VSDAT"].replace("-", "\u2011"),
            expected,
            "info",
            "D",
        )
    row = p.find("MH", lambda f: f["MHYN"] == "Y")
    p.set(15, "full-width code", "MH", row, "MHYN", "Ｙ", expected, "info", "D")


def words(p) -> None:
    expected = "missing; query unless a declared missing code; raw text kept"
    row = p.find("VS", lambda f: (f["EVENT"] == "W12") & (f["SYSBP"] != ""))
    p.set(16, "two numbers in one field", "VS", row, "SYSBP", "120/80", expected, "minor")
    for sub, name, value in (
        ("not done", "γ-谷氨酰转移酶", "ND"),
        ("not done in Chinese", "血沉", "未查"),
        ("NaN", "碱性磷酸酶", "NaN"),
        ("number with a remark", "总胆红素", "19 but poor collection"),
    ):
        p.set(16, sub, "LB", p.find("LB", lab("W12", name)), "LBORRES", value, expected, "minor")
    row = p.find("SU", lambda f: (f["EVENT"] == "SCR") & (f["SUDOSE"] != ""))
    p.set(16, "words in a number", "SU", row, "SUDOSE", "约20支", expected, "minor")


def language(p) -> None:
    expected = "own strict parser: not a number; query"
    p.set(17, "underscore", "LB", p.find("LB", lab("W12", "肌酸激酶(CK)")), "LBORRES", "1_000", expected, "minor", "D")
    p.set(
        17,
        "Arabic-Indic digits",
        "NRS",
        p.find("NRS", lambda f: f["EVENT"] == "W8"),
        "NRSITCH",
        "٣",
        expected,
        "minor",
        "D",
    )
    p.set(17, "inf", "LB", p.find("LB", lab("W12", "甘油三酯")), "LBORRES", "inf", expected, "minor", "D")
    kept = "text, not a missing value"
    p.set(
        17,
        "verbatim NA",
        "CM",
        p.find("CM", lambda f: (f["CMAENO"] == "") & (f["CMPROH"] == "N")),
        "CMTRT",
        "NA",
        kept,
        "info",
        "D",
    )
    p.set(17, "verbatim None", "MH", p.find("MH", lambda f: f["MHTERM"] != ""), "MHTERM", "None", kept, "info", "D")
    p.set(17, "verbatim null", "CO", p.find("CO"), "COVAL", "null", kept, "info", "D")


def limits(p) -> None:
    expected = "range understood or missing with a query; graded by absolute limits only"
    row = p.find("LB", lambda f: lab("W12", "ALT (GPT)")(f) & (f["LBORNRHI"] == ""))
    p.set(40, "text range", "LB", row, "LBORNRHI", "<40", expected, "minor")
    row = p.find("LB", lambda f: lab("SCR", "C反应蛋白")(f) & (f["LBORNRHI"] == ""))
    p.set(40, "both limits in one field", "LB", row, "LBORNRLO", "0-5", expected, "minor")
    row = p.find("LB", lambda f: lab("W12", "肌酐")(f) & (f["LBORNRHI"] == ""))
    if row is not None:
        p.set(40, "range in another unit", "LB", row, "LBORNRLO", "0.5", expected, "minor")
        p.set(40, "range in another unit", "LB", row, "LBORNRHI", "1.1", expected, "minor")
    row = p.find("NRS", lambda f: f["EVENT"] == "W4")
    blank = {"FORMREP": "2", "FORMSTAT": "INCOMPLETE", "NRSITCH": "", "NRSPAIN": "", "NRSSLP": ""}
    p.add(
        40, "empty form instance", "NRS", row, "*", "carried to staging, no result records; info query", "info", **blank
    )
    frame = p.forms["labranges"]
    for row in frame.index[frame["LBTEST"] == "血沉"]:
        p.set(
            40,
            "upper limit missing in the range table",
            "labranges",
            row,
            "HI",
            "",
            "no range indicator; query",
            "minor",
        )
    for row in frame.index[frame["VALIDTO"] != ""]:
        end = frame.at[row, "VALIDTO"]
        p.note(
            40,
            "range changed over time",
            "labranges",
            row,
            "VALIDTO",
            end,
            end,
            "range valid on the day of the sample",
            "info",
            "Q",
        )
