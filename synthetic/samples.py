"""More laboratory samples than the protocol asks for: a study with weekly safety bloods, to measure at scale."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .ground import stream

FIRST, LAST = "SCR", "W12"
UNSCHEDULED = "UNS"


def more(forms: dict[str, pd.DataFrame], draws: int, seed: int) -> dict[str, pd.DataFrame]:
    """The forms with `draws` unscheduled samples of the whole panel for each person who has one at week 12.

    The samples lie evenly between screening and week 12, each with a visit of its own; results scatter around those of
    week 12 by 8 % and keep their decimals.
    """
    panel = forms["LB"][forms["LB"]["EVENT"] == LAST]
    begun = forms["LB"][forms["LB"]["EVENT"] == FIRST].drop_duplicates("SUBJID").set_index("SUBJID")["LBDAT"]
    panel = panel[panel["SUBJID"].isin(begun.index)]
    taken = (
        forms["SV"][forms["SV"]["EVENT"] == UNSCHEDULED]
        .groupby("SUBJID")["EVENTREP"]
        .agg(lambda n: n.astype(int).max())
    )
    again = pd.concat([panel.assign(DRAW=n) for n in range(1, draws + 1)], ignore_index=True)
    first, last = (pd.to_datetime(s).to_numpy("datetime64[D]") for s in (again["SUBJID"].map(begun), again["LBDAT"]))
    part = again["DRAW"].to_numpy() / (draws + 1)
    when = first + ((last - first).astype("int64") * part).astype("timedelta64[D]")
    text = pd.Series(np.datetime_as_string(when), index=again.index)
    again["EVENT"], again["LBDAT"] = UNSCHEDULED, text
    again["LASTMOD"] = text + "T12:00:00"
    again["EVENTREP"] = (again["SUBJID"].map(taken).fillna(0).astype(int) + again.pop("DRAW")).astype(str)
    again["LBORRES"] = _scattered(again["LBORRES"], stream(seed, "samples"))
    visit = again.drop_duplicates(["SUBJID", "EVENTREP"])
    visits = visit[["STUDYID", "SITEID", "SUBJID", "EVENT", "EVENTREP", "FORMREP", "FORMSTAT", "LASTMOD"]].assign(
        FORM="SV", GRPREP="1", VISYN="Y", VISDAT=visit["LBDAT"], VISTYP="SITE", VISREAS="复查血常规及肝功能"
    )
    return forms | {"LB": _beside(forms["LB"], again), "SV": _beside(forms["SV"], visits)}


def _beside(form: pd.DataFrame, added: pd.DataFrame) -> pd.DataFrame:
    """The records of each person together, the added ones last."""
    both = pd.concat([form, added[form.columns]], ignore_index=True)
    return both.sort_values(["SITEID", "SUBJID"], kind="stable", ignore_index=True)


def _scattered(results: pd.Series, rng: np.random.Generator) -> pd.Series:
    """Numbers times a factor around 1, with as many decimals as they had; what is no number stays."""
    number = pd.to_numeric(results, errors="coerce")
    made = number * np.exp(rng.normal(0, 0.08, len(number)))
    places = results.str.partition(".")[2].str.len().where(number.notna(), 0).astype(int)
    shown = results.astype(object).copy()
    for count in sorted(set(places[number.notna()])):
        mine = number.notna() & (places == count)
        shown[mine] = made[mine].map(f"{{:.{count}f}}".format)
    return shown
