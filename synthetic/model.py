"""The whole clean study: latent model first, then the forms that record it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd

from . import (
    background,
    conduct,
    disease,
    efficacy,
    laboratory,
    safety,
    samples,
    schedule,
    therapy,
)
from .ground import table


def live(subjects: int, seed: int, times: int = 1) -> SimpleNamespace:
    """Let the study happen: nothing is written down yet. `times`: blood samples for each one of the protocol."""
    study = schedule.enrol(seed, subjects)
    background.people(study)
    schedule.follow(study)
    disease.unfold(study)
    laboratory.bloods(study)
    safety.happen(study)
    therapy.dose(study)
    if times > 1:
        samples.add(study, times)
    return study


def record(study: SimpleNamespace) -> dict[str, pd.DataFrame]:
    """Fill in every form of the contract, in the order of forms.csv."""
    made = {"AE": safety.form(study)}
    for room in (background, conduct, efficacy, laboratory, therapy):
        made.update(room.forms(study))
    for name in ("MH", "PPPHX", "PRTX"):
        made[name] = _same_past(study, made[name])
    for name, field, lack in (
        ("PPPASI", "PPTOTAL", ""),
        ("VS", "VSPERF", "N"),
        ("LB", "LBORRES", ""),
        ("DLQI", "DLTOTAL", ""),
    ):
        made[name].loc[made[name][field] == lack, "FORMSTAT"] = "INCOMPLETE"
    return {row["form"]: made[row["form"]] for row in table("forms")}


def _same_past(study: SimpleNamespace, frame: pd.DataFrame) -> pd.DataFrame:
    """Whoever is screened twice tells the same past twice."""
    for late in np.flatnonzero(study.previous >= 0):
        old, new = study.subjid[study.previous[late]], study.subjid[late]
        own = frame.index[frame["SUBJID"] == new]
        told = frame[frame["SUBJID"] == old].assign(SUBJID=new, LASTMOD=frame.at[own[0], "LASTMOD"])
        frame = pd.concat([frame.loc[: own[0] - 1], told, frame.loc[own[-1] + 1 :]], ignore_index=True)
    return frame
