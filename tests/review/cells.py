"""Problems 1 to 17: dates, duplicates, visits, units, numbers."""

from __future__ import annotations

import pandas as pd

from tests.review.world import DATE_OF, VISIT, World, all_equal, all_missing, dates


def partial(world: World, row) -> None:
    """P01: cut at the right, nothing invented; what is analysed is imputed and says so."""
    b = row.before
    cut = {"day and month unknown": b[:4], "year only": b[:4], "month unknown, day known": f"{b[:4]}---{b[8:]}"}.get(
        row.sub, b[:7]
    )
    found = dates(world, row)
    if row.sub == "all unknown":
        all_missing(found)
    else:
        all_equal(found, cut)
    clean = row.value == cut
    if not clean:
        world.asked(row)
    if row.form == "AE":
        all_missing(world.rows(row)["AESTDY"])
        one = world.derived_from("adae", row, "AE")
        all_equal(one["ASTDTF"], "M" if len(cut) == 4 else "D")
        assert one["ASTDT"].notna().all()


def other_shape(world: World, row) -> None:
    """P02: one reading is used and told; several readings give no date; nothing is swapped."""
    told = world.asked(row)
    found = dates(world, row).str.slice(0, 10)
    if row.expected.startswith("unambiguous"):
        all_equal(found, row.before)
    else:
        visits = world.table("calendar")
        visit = visits[(visits["SUBJID"] == row.subjid) & (visits["EVENT"] == row.event)]["DATE"].iloc[0]
        assert found.isna().all() or (found == visit).all()  # the visit's own date may stand in, never the cell's
        assert "missing" in told["MESSAGE"].iloc[0]


def impossible(world: World, row) -> None:
    """P03: no date, the raw text in the query."""
    world.asked(row)
    all_missing(dates(world, row))


def awkward(world: World, row) -> None:
    """P04: leap days and year ends stand; 24:00 is midnight of the next day."""
    found = dates(world, row)
    if row.sub != "24:00":
        return all_equal(found, row.value)
    world.asked(row)
    day = world.table("lb", "raw").set_index("LINE")["LBDAT"][int(row.line)]
    following = (pd.Timestamp(day) + pd.Timedelta(days=1)).date().isoformat()
    return all_equal(found, f"{following}T00:00")


def off_calendar(world: World, row) -> None:
    """P05: kept, asked, and never a baseline nor a last contact."""
    world.asked(row)
    some = world.rows(row)
    all_equal(some[DATE_OF[row.field]].str.slice(0, 10), row.value)
    for flag in ("VSLOBXFL", "LBLOBXFL"):
        assert flag not in some or some[flag].isna().all()
    dm = world.table("dm").set_index("USUBJID").loc[world.who(row.subjid)]
    last = world.person(row)["LSTCNDT"]
    assert str(dm["RFPENDTC"])[:10] <= "2026-10-15" and (pd.isna(last) or last <= 20741)  # 2026-10-15


def duplicate(world: World, row) -> None:
    """P06: merged, with a line in the ledger and a query."""
    world.asked(row, field="SUBJID")
    assert world.rows(row, floor_row=False).empty
    merged = world.ledger[(world.ledger["SOURCE"] == row.form) & (world.ledger["REASON"] == "merged duplicate")]
    assert len(merged) and (merged["ROWS_LOST"] >= 1).all()


def two_answers(world: World, row) -> None:
    """P07: both kept, one analysed, asked."""
    world.asked(row)
    other = row._replace(line=str(int(row.line) - 1))
    assert len(world.rows(row)) and len(world.rows(other))
    name, code, flag = {
        "LB": ("adlb", "ALT", "ANL01FL"),
        "VS": ("advs", "SYSBP", "ANL01FL"),
        "PPPASI": ("adrs", "PPPASI", "ANL02FL"),
    }[row.form]
    both = world.analysed(name, row, PARAMCD=code)
    both = both[both["VISITNUM"] == VISIT[row.event]]
    assert len(both) == 2 and (both[flag] == "Y").sum() == 1, both[["VISITNUM", flag]]


def visit_label(world: World, row) -> None:
    """P09: labels that stand for a visit are read, others are asked; the record is kept."""
    some = world.rows(row)
    if row.sub == "unscheduled visit":
        assert (some["VISITNUM"] % 1 > 0).all() and some["VISIT"].str.startswith("Unscheduled").all()
    elif row.expected == "label map":
        all_equal(some["VISITNUM"], VISIT[row.before])
    else:
        world.asked(row)
        all_missing(some["VISITNUM"])


def window(world: World, row) -> None:
    """P10: the real date, the analysis window, the protocol window."""
    mine = world.analysed("adrs", row, PARAMCD="PPPASI")
    day = (pd.Timestamp(row.value) - pd.Timestamp(1970, 1, 1)).days
    one = mine[mine["ADT"] == day]
    assert len(one) == 1
    if row.sub == "two visits in one window":
        rivals = mine[(mine["AVISIT"] == one["AVISIT"].iloc[0]) & mine["AVISIT"].notna()]
        assert len(rivals) == 2 and rivals["ANL02FL"].eq("Y").sum() == 1
        assert rivals.loc[rivals["ANL02FL"] == "Y", "AWTDIFF"].abs().iloc[0] == rivals["AWTDIFF"].abs().min()
    else:
        assert one["AVISIT"].iloc[0] == "Week 12" and one["PWINFL"].iloc[0] == "N"
        assert world.person(row)["PPROTFL"] == "N"


def visit_date(world: World, row) -> None:
    """P11: the date of the visit's first dated form, flagged and asked."""
    sv = world.table("sv")
    one = sv[(sv["USUBJID"] == world.who(row.subjid)) & (sv["VISITNUM"] == VISIT[row.event])]
    assert len(one) == 1 and one["SVDTDRFL"].iloc[0] == "Y"
    if row.before != "(record)":
        world.asked(row)
        assert one["SVSTDTC"].iloc[0] == row.before
    else:
        here = world.queries[(world.queries["RULE"] == "P11") & (world.queries["SUBJID"] == row.subjid)]
        assert here[["EVENT", "FIELD", "SEVERITY"]].to_numpy().tolist() == [[row.event, "VISDAT", row.severity]]
    supp = world.table("suppsv")
    assert ((supp["USUBJID"] == world.who(row.subjid)) & (supp["QNAM"] == "SVDTDRFL")).sum() == 1


def units(world: World, row) -> None:
    """P12: as collected, asked, the unit proposed; nothing repaired."""
    all_equal(world.result(row, "ORRESU" if row.field == "LBORRESU" else "ORRES"), row.value) if row.value else None
    told = world.asked(row, field=row.field if row.form == "VS" else "LBORRESU")
    if row.field == "LBORRESU":
        all_missing(world.rows(row)["LBSTRESN"])
    else:
        assert told["MESSAGE"].str.contains("is the unit").all()


def printed(world: World, row) -> None:
    """P13: the text stays, a censored result has no number, a mark is no part of the number."""
    one = world.rows(row)
    all_equal(one["LBORRES"], row.value)
    number = {"arrow": 2.35, "letter H": 4.1}.get(row.sub)
    if number is None:
        all_missing(one["LBSTRESN"])
    else:
        all_equal(one["LBSTRESN"], number)
    words = {
        "word for negative": "NEGATIVE",
        "plus-minus": "TRACE",
        "one plus": "1+",
        "count per field": "0-2",
        "less than": "<0.5",
    }
    if row.sub in words:
        all_equal(one["LBSTRESC"], words[row.sub])
    if row.sub in ("less than", "more than", "at most"):
        assert world.derived_from("adlb", row, "LB")["DTYPE"].notna().all()


def comma(world: World, row) -> None:
    """P14: no standard value, asked."""
    world.asked(row)
    all_equal(world.result(row, "ORRES"), row.value)
    all_missing(world.result(row, "STRESN"))


def widths(world: World, row) -> None:
    """P15: typed fields are read in one width and told."""
    world.asked(row)
    if row.field in DATE_OF:
        all_equal(dates(world, row), row.before)
    elif row.field == "SUNCF":
        assert (world.rows(row)["SUOCCUR"] == "Y").all()
    elif row.field == "MHYN":
        assert world.rows(row)["MHTERM"].notna().all()
    else:
        all_equal(world.result(row, "STRESN"), float(row.before))


def words(world: World, row) -> None:
    """P16: missing and asked, unless the word is declared to mean "not done"."""
    if row.form == "SU":
        world.asked(row)
        return all_missing(world.rows(row)["SUDOSE"])
    all_missing(world.result(row, "STRESN"))
    if row.value in ("ND", "未查"):
        all_equal(world.rows(row)["LBSTAT"], "NOT DONE")
        assert (world.rows(row)["LBREASND"].fillna("") != "").all()
    else:
        world.asked(row)
        all_equal(world.result(row, "ORRES"), row.value)
    return None


def language(world: World, row) -> None:
    """P17: what only a programming language takes for a number is none; what it takes for missing is text."""
    if row.expected.startswith("text"):
        return all_equal(
            world.rows(row)[{"CMTRT": "CMTRT", "MHTERM": "MHTERM", "COVAL": "COVAL"}[row.field]], row.value
        )
    world.asked(row)
    all_equal(world.result(row, "ORRES"), row.value)
    return all_missing(world.result(row, "STRESN"))


CHECKS = {
    "1": partial,
    "2": other_shape,
    "3": impossible,
    "4": awkward,
    "5": off_calendar,
    "6": duplicate,
    "7": two_answers,
    "9": visit_label,
    "10": window,
    "11": visit_date,
    "12": units,
    "13": printed,
    "14": comma,
    "15": widths,
    "16": words,
    "17": language,
}
