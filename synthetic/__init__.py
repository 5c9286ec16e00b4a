"""The seeded maker of the SYNTHETIC raw export: a latent disease, its forms, the problems planted in them."""

from __future__ import annotations

import pandas as pd

from .export import write

PLANTED = [
    "id",
    "sub",
    "form",
    "subjid",
    "event",
    "formrep",
    "grprep",
    "line",
    "field",
    "value",
    "before",
    "expected",
    "rule",
    "severity",
    "class",
]


def generate(
    subjects: int, seed: int, problems: bool = True, samples: int = 1
) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """The forms of a study with `subjects` treated persons, and the truth behind them.

    With ``samples`` above 1 each treated person has about that many blood samples for each one of the protocol, at
    unscheduled visits between first dose and last contact: a study with many laboratory rows, to measure speed with.

    Returns the forms by name (all columns text) and a dict with `subjects`, `ae`, `planted`, `coding`, `labranges`.
    """
    from . import coding, model, ranges, truth

    study = model.live(subjects, seed, samples)
    forms = model.record(study)
    behind = {
        "subjects": truth.subjects(study),
        "ae": truth.events(study),
        "planted": pd.DataFrame(columns=PLANTED, dtype=object),
        "coding": coding.coding(forms),
        "labranges": ranges.range_table(),
    }
    if problems:
        from .problems import plant

        forms, behind = plant(forms, behind, seed)
    return forms, behind


__all__ = ["generate", "write"]
