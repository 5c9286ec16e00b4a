"""The whole clean study: latent model first, then the forms that record it."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd

from . import background, conduct, disease, efficacy, laboratory, safety, schedule, therapy
from .ground import table


def live(subjects: int, seed: int) -> SimpleNamespace:
    """Let the study happen: nothing is written down yet."""
    study = schedule.enrol(seed, subjects)
    background.people(study)
    schedule.follow(study)
    disease.unfold(study)
    laboratory.bloods(study)
    safety.happen(study)
    therapy.dose(study)
    return study


def record(study: SimpleNamespace) -> dict[str, pd.DataFrame]:
    """Fill in every form of the contract, in the order of forms.csv."""
    made = {"AE": safety.form(study)}
    for room in (background, conduct, efficacy, laboratory, therapy):
        made.update(room.forms(study))
    return {row["form"]: made[row["form"]] for row in table("forms")}
