"""Problems 31 to 36: scores, totals, areas, exact boundaries, DLQI."""

from __future__ import annotations

from .disease import REGIONS
from .ground import later

# signs (E, P, D), area and percent of RP, LP, RS, LS that give these totals exactly
PATTERNS = {
    "12.0": [(2, 2, 1, 3, 35), (2, 2, 1, 3, 35), (2, 1, 2, 2, 20), (2, 1, 2, 2, 20)],
    "6.0": [(2, 2, 1, 2, 15), (2, 2, 1, 1, 8), (2, 1, 2, 1, 8), (2, 1, 2, 1, 8)],
    "1.2": [(1, 0, 0, 1, 3), (1, 0, 1, 1, 4), (1, 0, 0, 1, 2), (0, 0, 1, 1, 2)],
    "2.8": [(1, 2, 1, 1, 6), (2, 1, 1, 1, 5), (1, 0, 1, 1, 4), (1, 0, 1, 1, 3)],
    "1.4": [(1, 0, 1, 1, 3), (1, 0, 1, 1, 3), (1, 0, 0, 1, 2), (1, 0, 0, 1, 2)],
    "0.7": [(1, 0, 0, 1, 2), (0, 0, 1, 1, 2), (1, 0, 0, 1, 2), (0, 0, 0, 0, 0)],
    "24.0": [(2, 2, 2, 4, 55), (2, 2, 2, 4, 55), (2, 2, 2, 4, 60), (2, 2, 2, 4, 60)],
    "18.0": [(2, 2, 1, 3, 40), (2, 2, 1, 3, 40), (2, 2, 1, 4, 50), (2, 2, 1, 4, 50)],
}
COURSES = [  # totals at SCR, BL, W1, W2, W4, W8, W12 and the grades of PPP-PGA that go with them
    (90, ["12.0", "12.0", "12.0", "6.0", "6.0", "2.8", "1.2"], "3332221"),
    (75, ["2.8", "2.8", "2.8", "2.8", "1.4", "1.4", "0.7"], "2222111"),
    (50, ["24.0", "24.0", "24.0", "18.0", "18.0", "12.0", "12.0"], "3333333"),
]
VISITS = ["SCR", "BL", "W1", "W2", "W4", "W8", "W12"]


def plant(p) -> None:
    boundaries(p)
    baselines(p)
    ranges(p)
    totals(p)
    areas(p)
    dlqi(p)


def at(event, **also):
    """A mask: this event, and these fields with these values."""

    def mask(frame):
        keep = frame["EVENT"] == event
        for field, value in also.items():
            keep &= frame[field] == value
        return keep

    return mask


def row_of(p, form, subject, event):
    frame = p.forms[form]
    found = frame.index[(frame["SUBJID"] == subject) & (frame["EVENT"] == event)]
    return found[0] if len(found) else None


def _write(p, row, total: str) -> None:
    frame = p.forms["PPPASI"]
    for region, (ery, pus, des, area, percent) in zip(REGIONS, PATTERNS[total], strict=False):
        for field, value in zip(
            ("ERY", "PUS", "DES", "ARE", "PCT", "PSC"), (ery, pus, des, area, percent, 3 * pus), strict=False
        ):
            frame.at[row, region + field] = str(value)
    frame.at[row, "PPTOTAL"] = total


def boundaries(p) -> None:
    truth = p.subjects
    for level, totals_, grades in COURSES:
        able = truth.index[
            (truth["RESPONSE"] == "Y")
            & (truth["TENTHS_UNS"] == "")
            & (truth["REMARK"] == "")
            & (truth["COMPOSITE_EVENT"] == "")
        ]
        end = p.find("PPPASI", at("W12"), who=able)
        if end is None:
            continue
        subject = p.forms["PPPASI"].at[end, "SUBJID"]
        for event, total, grade in zip(VISITS, totals_, grades, strict=False):
            row = row_of(p, "PPPASI", subject, event)
            if row is None:
                continue
            before = p.forms["PPPASI"].at[row, "PPTOTAL"]
            _write(p, row, total)
            truth.at[subject, f"TENTHS_{event}"] = total.replace(".", "") if total[0] != "0" else total[2:]
            p.forms["PGA"].at[row_of(p, "PGA", subject, event), "PGASC"] = grade
            if event in ("BL", "W12"):
                p.note(
                    35,
                    f"exact PPPASI-{level} {event}",
                    "PPPASI",
                    row,
                    "PPTOTAL",
                    total,
                    before,
                    f"responder at {level} %: integer tenths, exact",
                    "info",
                    "D",
                )
            p.used.add(("PPPASI", row))
        truth.at[subject, "REMARK"] = "P35 (items rewritten: the totals here are the rewritten ones)"
        p.load[subject] += 3


def baselines(p) -> None:
    truth = p.subjects
    plain = truth.index[(truth["COMPOSITE_EVENT"] == "") & (truth["W12_OBSERVED"] == "Y")]
    gone = p.find("PPPASI", at("BL"), who=plain)
    if gone is not None:
        subject = p.forms["PPPASI"].at[gone, "SUBJID"]
        p.drop(
            31,
            "missing baseline",
            "PPPASI",
            gone,
            "no BASE; not in FAS; listed; non-responder among all treated",
            "major",
            "D",
            True,
        )
        p.drop(
            31,
            "missing baseline (screening)",
            "PPPASI",
            row_of(p, "PPPASI", subject, "SCR"),
            "as above",
            "major",
            "D",
            True,
        )
    late = p.find("PPPASI", at("BL"), who=plain)
    if late is not None:
        first = truth.at[p.forms["PPPASI"].at[late, "SUBJID"], "FIRST_DOSE"]
        p.set(
            31,
            "baseline after first dose",
            "PPPASI",
            late,
            "PPDAT",
            later(first, 1),
            "baseline is the screening value",
            "major",
            "D",
            True,
        )
    zero = p.find("JOINT", at("BL", JTPAIN="0"))
    if zero is not None:
        p.note(31, "zero baseline", "JOINT", zero, "JTPAIN", "0", "0", "percent change undefined", "info", "D")
    zero = p.find("NRS", lambda f: (f["EVENT"] == "BL") & (f["NRSSLP"] != "0"))
    p.set(31, "zero baseline", "NRS", zero, "NRSSLP", "0", "percent change undefined", "info", "D")


def ranges(p) -> None:
    for sub, form, event, field, value, primary in (
        ("severity 5", "PPPASI", "W4", "RPERY", "5", False),
        ("area 7", "PPPASI", "W2", "LSARE", "7", False),
        ("not an integer", "PPPASI", "W8", "LSDES", "2.5", False),
        ("severity 5 at week 12", "PPPASI", "W12", "LPPUS", "5", True),
        ("NRS 11", "NRS", "W4", "NRSITCH", "11", False),
        ("DLQI item 4", "DLQI", "W8", "DLQI01", "4", False),
        ("PGA 6", "PGA", "W1", "PGASC", "6", False),
    ):
        row = p.find(form, at(event))
        p.set(
            32,
            sub,
            form,
            row,
            field,
            value,
            "item kept as collected, no standard value, total missing; query",
            "major",
            "Q",
            primary,
        )


def totals(p) -> None:
    filled = lambda event: lambda f: (f["EVENT"] == event) & (f["PPTOTAL"].str.len() >= 3)  # noqa: E731
    for sub, event, change in (
        ("sum wrong", "W1", lambda t: f"{float(t) + 1.5:.1f}"),
        ("one tenth off", "W2", lambda t: f"{float(t) + 0.1:.1f}"),
        (
            "digits swapped",
            "W8",
            lambda t: t[1] + t[0] + t[2:] if len(t) == 4 and t[0] != t[1] else f"{float(t) + 1:.1f}",
        ),
    ):
        row = p.find("PPPASI", filled(event))
        if row is not None:
            value = change(p.forms["PPPASI"].at[row, "PPTOTAL"])
            p.set(33, sub, "PPPASI", row, "PPTOTAL", value, "recomputed total is analysed; query", "minor")
    row = p.find("DLQI", lambda f: (f["EVENT"] == "W4") & (f["DLTOTAL"] != ""))
    if row is not None:
        value = str(min(int(p.forms["DLQI"].at[row, "DLTOTAL"]) + 3, 30))
        p.set(33, "DLQI total wrong", "DLQI", row, "DLTOTAL", value, "recomputed total is analysed; query", "minor")
    frame = p.forms["PPPASI"]
    swapped = frame.index[
        (frame["PPEVAL"] == "R04") & (frame["PPTOTAL"] != "") & frame["EVENT"].isin(["W1", "W2", "W4"])
    ]
    count = 0
    for row in swapped:
        if ("PPPASI", row) in p.used or count == 6:
            continue
        wrong = _weights_swapped(frame.loc[row])
        if wrong != frame.at[row, "PPTOTAL"]:
            p.set(
                33,
                "systematic: weights of palms and soles swapped",
                "PPPASI",
                row,
                "PPTOTAL",
                wrong,
                "query; the pattern reported once",
                "minor",
            )
            count += 1


def _weights_swapped(record) -> str:
    tenths = 0
    for region, weight in zip(REGIONS, (3, 3, 2, 2), strict=False):
        signs = sum(int(record[region + sign]) for sign in ("ERY", "PUS", "DES"))
        tenths += weight * signs * int(record[region + "ARE"])
    return f"{tenths / 10:.1f}"


def areas(p) -> None:
    ill = lambda event, region: lambda f: (f["EVENT"] == event) & f[region + "ARE"].isin(["2", "3"])  # noqa: E731
    row = p.find("PPPASI", ill("W1", "RP"))
    p.set(
        34,
        "percent and area score disagree",
        "PPPASI",
        row,
        "RPPCT",
        "75",
        "score as collected is used; query",
        "minor",
    )
    row = p.find("PPPASI", ill("W2", "LS"))
    if row is not None:
        p.set(34, "area 0 with severity", "PPPASI", row, "LSARE", "0", "as collected by the formula; query", "major")
    row = p.find("PPPASI", ill("W4", "LP"))
    if row is not None:
        for sign in [s for s in ("ERY", "PUS", "DES") if p.forms["PPPASI"].at[row, f"LP{s}"] != "0"]:
            p.set(
                34,
                f"severity 0 with area ({sign})",
                "PPPASI",
                row,
                f"LP{sign}",
                "0",
                "as collected by the formula; query",
                "major",
            )
    for event in ("W4", "W12"):
        row = p.find("PPPASI", ill(event, "RS"))
        p.set(
            34,
            f"area score missing, percent given ({event})",
            "PPPASI",
            row,
            "RSARE",
            "",
            "score derived from the percent, flagged",
            "minor",
        )
    row = p.find("PPPASI", lambda f: (f["EVENT"] == "W8") & (f["RPPCT"] != f["LPPCT"]))
    if row is not None:
        frame = p.forms["PPPASI"]
        for item in ("ERY", "PUS", "DES", "ARE", "PSC"):
            frame.at[row, f"RP{item}"], frame.at[row, f"LP{item}"] = (
                frame.at[row, f"LP{item}"],
                frame.at[row, f"RP{item}"],
            )
        right, left = frame.at[row, "RPPCT"], frame.at[row, "LPPCT"]
        p.set(34, "left and right palm swapped", "PPPASI", row, "RPPCT", left, "total unchanged", "info")
        p.set(34, "left and right palm swapped", "PPPASI", row, "LPPCT", right, "total unchanged", "info")


def dlqi(p) -> None:
    def answered(event, *items):
        return lambda f: (f["EVENT"] == event) & f[list(items)].isin(["0", "1", "2", "3"]).all(axis=1)

    row = p.find("DLQI", answered("W4", "DLQI04"))
    p.set(36, "one item missing", "DLQI", row, "DLQI04", "", "scores 0, flagged", "info", "D")
    row = p.find("DLQI", answered("W8", "DLQI03", "DLQI08"))
    if row is not None:
        p.set(36, "two items missing", "DLQI", row, "DLQI03", "", "not scored", "info", "D")
        p.set(36, "two items missing", "DLQI", row, "DLQI08", "", "not scored", "info", "D")
    row = p.find("DLQI", answered("BL", "DLQI02"))
    p.set(36, "two boxes ticked", "DLQI", row, "DLQI02", "1|2", "the highest counts", "info", "D")
    row = p.find("DLQI", lambda f: (f["EVENT"] == "W4") & (f["DLQI07A"] == "N") & (f["DLQI07B"] != ""))
    p.set(36, "7a no, 7b blank", "DLQI", row, "DLQI07B", "", "item 7 scores 0, not missing", "info", "D")
    row = p.find("DLQI", answered("W12", "DLQI01"))
    p.set(36, "not relevant where not allowed", "DLQI", row, "DLQI01", "NR", "query; item missing", "minor", "D")
    row = p.find("DLQI", lambda f: (f["EVENT"] == "W8") & (f["DLQI07A"] == "N") & f["DLQI07B"].isin(["LITTLE", "NOT"]))
    p.set(36, "7 yes", "DLQI", row, "DLQI07A", "Y", "item 7 scores 3 whatever 7b says", "info", "D")
