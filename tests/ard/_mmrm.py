"""Reference data of the mixed models, and the designs that R was given."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crf2csr.ard._mmrm_data import Repeated, arrange
from tests.ard._tables import data, oracle

ORACLE = oracle("09_mmrm")
VISITS = data("data/visits").query("AVISITN > 0 and CHG.notna()").reset_index(drop=True)
LABELS = ["Week 1", "Week 2", "Week 4", "Week 8", "Week 12"]
# R's names of the structures.
THEIRS = {"arh1": "ar1h"}
# Two soporific drugs, extra hours of sleep of ten subjects (Student 1908; R's `sleep`).
SLEEP = np.array(
    [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0, 1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
)


def codes(values: pd.Series) -> np.ndarray:
    """Whole numbers from 0 in the order of the values."""
    return pd.Categorical(values).codes.astype("int64")


def trial_design(interaction: bool = False) -> np.ndarray:
    """R's treatment contrasts of ``AVISIT + BASEC`` or ``AVISIT * BASEC``."""
    visit = np.eye(5)[codes(VISITS["AVISITN"])][:, 1:]
    base = VISITS["BASE"].to_numpy() - ORACLE["base_mean"]
    columns = [np.ones(len(VISITS)), visit, base]
    return np.column_stack([*columns, visit * base[:, None]] if interaction else columns)


def trial(design: np.ndarray) -> Repeated:
    """The simulated trial of 60 subjects."""
    return arrange(VISITS["CHG"].to_numpy(), design, codes(VISITS["USUBJID"]), codes(VISITS["AVISITN"]))


def trial_means(columns: int) -> np.ndarray:
    """Contrasts of the means by visit at the mean baseline."""
    made = np.zeros((5, columns))
    made[:, 0] = 1
    made[1:, 1:5] = np.eye(4)
    return made


def fev() -> Repeated:
    """R's ``fev_data``: FEV1 ~ RACE + SEX + ARMCD * AVISIT."""
    rows = data("published/fev_data").query("FEV1.notna()").reset_index(drop=True)
    visit = np.eye(4)[codes(rows["AVISIT"])][:, 1:]
    arm = (rows["ARMCD"] == "TRT").to_numpy("float64")
    race = [(rows["RACE"] == name).to_numpy("float64") for name in ("Black or African American", "White")]
    sex = (rows["SEX"] == "Female").to_numpy("float64")
    design = np.column_stack([np.ones(len(rows)), *race, sex, arm, visit, visit * arm[:, None]])
    return arrange(rows["FEV1"].to_numpy(), design, codes(rows["USUBJID"]), codes(rows["AVISIT"]))


def fev_means() -> np.ndarray:
    """Contrasts of the means by visit and arm, race and sex with equal weights."""
    made = []
    for visit in range(4):
        for arm in (0.0, 1.0):
            row = np.zeros(11)
            row[[0, 1, 2, 3, 4]] = 1, 1 / 3, 1 / 3, 1 / 2, arm
            if visit:
                row[4 + visit], row[7 + visit] = 1, arm
            made.append(row)
    return np.array(made)
