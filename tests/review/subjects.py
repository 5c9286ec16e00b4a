"""Problems 20 to 31: hostile text, who is who, consent, eligibility, dosing, baselines."""

from __future__ import annotations

import pandas as pd

from tests.review.world import World, all_equal, all_missing, rec


def verbatim(world: World, row) -> None:
    """P20, P21: kept as entered; it is made harmless only where it is shown or delivered."""
    name = {"AETERM": "AETERM", "COVAL": "COVAL", "CMINDC": "CMINDC", "VISREAS": "SVREASOC"}[row.field]
    all_equal(world.rows(row)[name].str.strip(), row.value.strip())


def stranger(world: World, row) -> None:
    """P24: in no domain, counted in the ledger, a blocker."""
    world.asked(row)
    assert world.rows(row, floor_row=False).empty
    lost = world.ledger[
        (world.ledger["SOURCE"] == row.form) & world.ledger["REASON"].str.contains("not in demographics")
    ]
    assert (lost["ROWS_LOST"] == 1).all() and len(lost)


def screen_failure(world: World, row) -> None:
    """P25: in DM and DS, no arm, in no analysis set but the screened."""
    assert "SCREEN FAILURE" in set(world.rows(row)["DSDECOD"])
    dm = world.table("dm").set_index("USUBJID").loc[world.who(row.subjid)]
    about = world.person(row)
    if dm["SUBJID"] != row.subjid:
        assert row.subjid in str(dm["PRVSUBJ"]) and about["SAFFL"] == "Y"  # the person came again and was treated
        return
    assert pd.isna(dm["ARMCD"]) and dm["ARMNRS"] == "SCREEN FAILURE"
    assert about[["SCRNFL", "ENRLFL", "SAFFL", "FASFL", "PPROTFL"]].tolist() == ["Y", "N", "N", "N", "N"]


def same_person(world: World, row) -> None:
    """P26: one USUBJID, two numbers, the first consent; a suspected link is asked, never made."""
    if row.form == "DM":
        told = world.asked(row)
        others = told["MESSAGE"].iloc[0].split("(")[1].rstrip(")").split(", ")
        assert len(others) == 2 and len({world.who(s) for s in others}) == 2
        return
    dm = world.table("dm").set_index("USUBJID").loc[world.who(row.subjid)]
    if row.field == "PRVSUBJ":
        assert (
            world.who(row.value) == world.who(row.subjid) and dm["SUBJID"] == row.subjid and dm["PRVSUBJ"] == row.value
        )
    forms = world.table("icf", "raw")
    own = forms[forms["SUBJID"].isin([row.subjid, row.value]) & (forms["ICTYPE"].isin(["MAIN", "RECONSENT"]))]
    assert dm["RFICDTC"] == own["RFICDAT"].min()
    ds = world.table("ds")
    signed = ds[(ds["USUBJID"] == dm.name) & (ds["DSCAT"] == "PROTOCOL MILESTONE")]
    assert set(own["RFICDAT"]) <= set(signed["DSSTDTC"]) and len(own) >= 2


def consent(world: World, row) -> None:
    """P27: asked (a blocker where there is no consent), a deviation, the data kept."""
    if row.form == "ICF" and row.field == "*":
        demographics = world.table("dm", "raw").set_index("SUBJID")["LINE"][row.subjid]
        world.asked(row, field="RFICDAT", record=f"DM:{demographics}")
        assert pd.isna(world.table("dm").set_index("USUBJID")["RFICDTC"][world.who(row.subjid)])
        assert len(world.analysed("adrs", row))
    else:
        world.asked(row)
    assert len(world.analysed("addv", row, DVCAT="CONSENT")), "no deviation"


def withdrawn(world: World, row) -> None:
    """P28: the end of data use is known; what is later is in quarantine, told and counted."""
    if row.form == "DS":
        assert world.table("register").set_index("SUBJID")["DATAUSE"][row.subjid] == world.rows(row)["DSSTDTC"].iloc[0]
        return
    world.asked(row, field="SUBJID")
    assert world.rows(row, floor_row=False).empty
    lost = world.ledger[
        (world.ledger["SOURCE"] == row.form) & world.ledger["REASON"].str.contains("withdrawal of data use")
    ]
    assert len(lost) and (lost["ROWS_LOST"] >= 1).all()


def eligibility(world: World, row) -> None:
    """P29: asked; contradicted inclusion is an important deviation, out of PPS, still in FAS and SS."""
    told = world.queries[(world.queries["RULE"] == "P29") & (world.queries["REC"] == rec(row))]
    assert "major" in set(told["SEVERITY"])
    if row.field == "TSPOT":
        assert set(told["FIELD"]) == {"TSPOT"}
        return
    about = world.person(row)
    assert about[["SAFFL", "PPROTFL", "IMPDVFL"]].tolist() == ["Y", "N", "Y"]
    assert about["FASFL"] == "Y" or pd.isna(about["PPBASE"])
    again = world.analysed("adie", row, CONTRFL="Y")
    assert (
        len(again)
        and again["COLLVAL"].fillna("").str.contains(row.value if row.form != "DM" else "17", regex=False).any()
    )


def dosing(world: World, row) -> None:
    """P30: as collected, asked; the end of treatment by rule."""
    world.asked(row)
    if row.form == "DA":
        return all_equal(world.result(row, "ORRES"), row.value)
    one = world.rows(row)
    if row.sub == "no end date":
        all_missing(one["ECENDTC"])
        dose = world.rows(
            row._replace(form="DS", line=str(world.table("ds", "raw").set_index("SUBJID")["LINE"][row.subjid]))
        )
        last = world.table("ds", "raw").set_index("SUBJID")["LSTDOSDT"][row.subjid]
        assert len(dose) and pd.Timestamp(1970, 1, 1) + pd.Timedelta(
            days=int(world.person(row)["TRTEDT"])
        ) == pd.Timestamp(last)
        return None
    variable = {"EXSTDAT": "ECSTDTC", "EXENDAT": "ECENDTC", "EXDOSE": "ECDOSE"}[row.field]
    return all_equal(one[variable], float(row.value) if variable == "ECDOSE" else row.value)


def baseline(world: World, row) -> None:
    """P31: the last value before the first dose; without one nothing is computed from it; zero has no per cent."""
    if row.sub.startswith("missing baseline"):
        mine = world.analysed("adrs", row, PARAMCD="PPPASI")
        assert len(mine) and mine[["BASE", "CHG", "PCHG"]].isna().all().all()
        assert (
            world.person(row)["FASFL"] == "N"
            and world.person(row)["SAFFL"] == "Y"
            and pd.notna(world.person(row)["FASXRS"])
        )
    elif row.sub == "baseline after first dose":
        mine = world.analysed("adrs", row, PARAMCD="PPPASI", ABLFL="Y")
        assert mine["VISIT"].tolist() == ["Screening"] and mine["AVAL"].iloc[0] * 10 == float(
            world.truth["TENTHS_SCR"][row.subjid]
        )
    else:
        mine = world.analysed("adqs", row, PARAMCD=row.field)
        assert (mine["BASE"].dropna() == 0).all() and mine["BASE"].notna().any() and mine["PCHG"].isna().all()


CHECKS = {
    "20": verbatim,
    "21": verbatim,
    "24": stranger,
    "25": screen_failure,
    "26": same_person,
    "27": consent,
    "28": withdrawn,
    "29": eligibility,
    "30": dosing,
    "31": baseline,
}
