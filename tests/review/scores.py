"""Problems 32 to 40: scores and totals, event logic, seriousness, coding, reference ranges."""

from __future__ import annotations

import pandas as pd

from tests.review.world import World, all_equal, all_missing, rec


def out_of_range(world: World, row) -> None:
    """P32: the item as collected, no standard value, no total, asked."""
    world.asked(row)
    all_equal(world.result(row, "ORRES"), row.value)
    all_missing(world.result(row, "STRESN"))
    if row.form in ("PPPASI", "DLQI"):
        name, code = {"PPPASI": ("adrs", "PPPASI"), "DLQI": ("adqs", "DLQI")}[row.form]
        visit = world.rows(row)["VISITNUM"].iloc[0]
        all_missing(world.analysed(name, row, PARAMCD=code, VISITNUM=visit)["AVAL"])


def total(world: World, row) -> None:
    """P33: as collected in SDTM, recomputed for the analysis, asked; a pattern is told once per rater."""
    told = world.asked(row)
    all_equal(world.result(row, "ORRES"), row.value)
    visit = world.rows(row)["VISITNUM"].iloc[0]
    name, code = ("adrs", "PPPASI") if row.form == "PPPASI" else ("adqs", "DLQI")
    mine = world.analysed(name, row, PARAMCD=code, VISITNUM=visit)
    all_equal(mine["AVAL"], float(row.before))
    assert (
        told["MESSAGE"].str.contains(f"{float(row.before) if name == 'adrs' else int(row.before)}.", regex=False).any()
    )
    if row.sub.startswith("systematic"):
        pattern = world.queries[(world.queries["RULE"] == "P33") & (world.queries["FIELD"] == "PPEVAL")]
        assert len(pattern) == 1 and "weights of palms and soles swapped" in pattern["MESSAGE"].iloc[0]


def area(world: World, row) -> None:
    """P34: as collected and asked; a score from its percentage is flagged; a swap of sides changes no total."""
    visit = world.rows(row)["VISITNUM"].iloc[0]
    mine = world.analysed("adrs", row, PARAMCD="PPPASI", VISITNUM=visit)
    if row.sub.startswith("left and right"):
        assert mine["AVAL"].iloc[0] * 10 == float(world.truth[f"TENTHS_{row.event}"][row.subjid])
        return
    region = row.field[:2]
    world.asked(row, field=f"{region}ARE")
    if row.sub.startswith("area score missing"):
        all_equal(mine["AREAFL"], "Y")
        assert mine["AVAL"].iloc[0] * 10 == float(world.truth[f"TENTHS_{row.event}"][row.subjid])
    else:
        all_equal(world.result(row, "ORRES"), row.value)
        items = world.table("pppasi", "raw").set_index("LINE").loc[int(row.line)]
        tenths = sum(
            w * sum(int(items[f"{r}{s}"]) for s in ("ERY", "PUS", "DES")) * int(items[f"{r}ARE"])
            for r, w in (("RP", 2), ("LP", 2), ("RS", 3), ("LS", 3))
        )
        assert round(mine["AVAL"].iloc[0] * 10) == tenths


def boundary(world: World, row) -> None:
    """P35: a response exactly at its threshold is a response."""
    level = row.sub.split("-")[1].split()[0]
    visit = world.rows(row)["VISITNUM"].iloc[0]
    mine = world.analysed("adrs", row, PARAMCD="PPPASI", VISITNUM=visit)
    all_equal(mine["AVAL"], float(row.value))
    if row.event == "W12":
        answers = {
            k: world.analysed("adrs", row, PARAMCD=f"PPASI{k}", AVISIT="Week 12", ANL01FL="Y")["AVAL"].tolist()
            for k in ("50", "75", "90")
        }
        assert answers == {k: [float(int(k) <= int(level))] for k in answers}


def dlqi(world: World, row) -> None:
    """P36: the rules of the questionnaire's authors."""
    visit = world.rows(row)["VISITNUM"].iloc[0]
    mine = world.analysed("adqs", row, PARAMCD="DLQI", VISITNUM=visit)
    record = world.table("dlqi", "raw").set_index("LINE").loc[int(row.line)]
    plain = [
        int(record[f"DLQI{n:02d}"])
        for n in (1, 2, 3, 4, 5, 6, 8, 9, 10)
        if record[f"DLQI{n:02d}"] in "0123" and record[f"DLQI{n:02d}"]
    ]
    seven = {"LOT": 2, "LITTLE": 1}.get(record["DLQI07B"], 0)
    if row.sub == "two items missing":
        all_missing(mine["AVAL"])
    elif row.sub == "one item missing":
        all_equal(mine["MISSFL"], "Y")
        all_equal(mine["AVAL"], float(sum(plain) + (3 if record["DLQI07A"] == "Y" else seven)))
    elif row.sub == "two boxes ticked":
        all_equal(mine["AVAL"], float(sum(plain) + 2 + (3 if record["DLQI07A"] == "Y" else seven)))
    elif row.sub == "7a no, 7b blank":
        all_equal(mine["AVAL"], float(sum(plain)))
        assert mine["MISSFL"].isna().all()
    elif row.sub == "7 yes":
        all_equal(mine["AVAL"], float(sum(plain) + 3))
    else:
        world.asked(row)
        all_missing(world.result(row, "STRESN"))
        assert mine["AVAL"].isna().all() or (mine["MISSFL"] == "Y").all()


def event_logic(world: World, row) -> None:
    """P37: both dates kept, no duration, emergent unless excluded, asked."""
    field = {"ongoing with an end date": "AEENDAT"}.get(row.sub, row.field)
    world.asked(row, field=field)
    if row.form == "CM":
        one = world.rows(row)
        assert (one["CMENDTC"] == row.value).all() and (one["CMENDTC"] < one["CMSTDTC"]).all()
        return
    mine = world.derived_from("adae", row, "AE")
    if row.sub == "end before start":
        assert (world.rows(row)["AEENDTC"] == row.value).all() and mine["ADURN"].isna().all()
    if row.sub == "before consent":
        all_equal(world.rows(row)["AESTDTC"], row.value)
        assert (mine["TRTEMFL"] != "Y").all()
    else:
        all_equal(mine["TRTEMFL"], "Y")
    if row.sub == "month of the first dose":
        assert (mine["ASTDT"] == mine["TRTSDT"]).all()


def seriousness(world: World, row) -> None:
    """P38: as reported, asked as a blocker."""
    world.asked(row, field={"AESHOSP": "AESER"}.get(row.field, row.field))
    one = world.rows(row)
    assert (one[row.field].astype(str) == row.value).all()
    assert (one["AESER"] == world.table("ae", "raw").set_index("LINE")["AESER"][int(row.line)]).all()


def coding(world: World, row) -> None:
    """P39: uncoded terms are kept, asked and named; hidden prohibited drugs become candidates."""
    if row.sub.startswith("prohibited"):
        world.asked(row)
        mine = world.derived_from("adcm", row, "CM")
        all_equal(mine["PROHFL"], "Y")
        found = world.analysed("addv", row)
        assert (
            found["DVCAT"].fillna("").str.contains("PROHIB", case=False)
            | found["DVDECOD"].fillna("").str.contains("prohib", case=False)
        ).any()
    elif row.field == "DECOD":
        world.asked(row)
        table = world.table("coding", "raw").set_index("LINE").loc[int(row.line)]
        ae = world.table("ae")
        mine = ae[ae["AETERM"].str.strip() == table["VERBATIM"]]
        assert mine.empty or (mine["AEDECOD"] == row.value).all()
    else:
        domain, verbatim = row.sub.split(": ")[1].split(" ", 1)
        field, adam = {"AE": ("AETERM", "adae"), "CM": ("CMTRT", "adcm"), "MH": ("MHTERM", "admh")}[domain]
        rows = world.table(domain.lower())
        rows = rows[rows[field].str.strip() == verbatim]
        assert len(rows) and rows[f"{domain}DECOD"].isna().all()
        told = world.queries[
            (world.queries["RULE"] == "P39")
            & (world.queries["VALUE"] == verbatim)
            & (world.queries["SEVERITY"] == row.severity)
        ]
        assert len(told) >= len(rows)
        shown = world.table(adam, "adam")
        all_equal(shown.loc[shown[field].str.strip() == verbatim, "ADECOD"], f"Uncoded: {verbatim}")


def ranges(world: World, row) -> None:
    """P40: a range is understood, or there is none and it is asked; the one of the day is used."""
    if row.sub == "empty form instance":
        assert world.rows(row, floor_row=False).empty
        told = world.queries[(world.queries["RULE"] == "P40") & (world.queries["REC"] == rec(row))]
        assert told["SEVERITY"].tolist() == ["info"]
        return
    if row.form == "labranges":
        lb = world.table("lb")
        table = world.table("labranges", "raw").set_index("LINE").loc[int(row.line)]
        if row.field == "HI":
            world.asked(row)
            esr = lb[(lb["LBTESTCD"] == "ESR") & lb["LBORNRHI"].isna()]
            assert len(esr) and esr["LBNRIND"].isna().all()
        else:
            earlier = lb[(lb["LBDTC"].str.slice(0, 10) <= row.value) & (lb["LBSTNRHI"].notna())]
            assert len(earlier) and table["VALIDTO"] == row.value
        return
    one = world.rows(row)
    if row.sub == "range in another unit":
        world.asked(row, field="LBORNRHI", record=rec(row))
        assert one[["LBSTNRLO", "LBSTNRHI", "LBNRIND"]].isna().all().all()
        all_equal(one[row.field], row.value)
    else:
        low, high = {"text range": (None, 40.0), "both limits in one field": (0.0, 5.0)}[row.sub]
        assert (one["LBSTNRHI"] == high).all() and (pd.isna(low) or (one["LBSTNRLO"] == low).all())
        all_equal(one[row.field], row.value)


CHECKS = {
    "32": out_of_range,
    "33": total,
    "34": area,
    "35": boundary,
    "36": dlqi,
    "37": event_logic,
    "38": seriousness,
    "39": coding,
    "40": ranges,
}
