"""What really happened, written from the model before any problem is planted."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .disease import OCCASIONS, week12
from .ground import NO_DAY, iso, text, where


def subjects(study) -> pd.DataFrame:
    """One row per person."""
    outcome = week12(study)
    again = np.zeros(study.size, bool)
    again[study.previous[study.previous >= 0]] = True
    earlier = where(study.previous >= 0, study.subjid[study.previous])
    first_consent = np.where(study.previous >= 0, study.consent[study.previous], study.consent)
    composite = np.isin(study.left_for, ["ADVERSE EVENT", "LACK OF EFFICACY"])
    rescue = where(study.rescue != "", "PROHIBITED " + study.rescue)
    event = where(composite, study.left_for, rescue)
    event_day = np.where(composite, study.left_on, study.rescue_on)
    data = {
        "SUBJID": study.subjid,
        "EARLIER_SUBJID": earlier,
        "SCREENED": "Y",
        "TREATED": where(study.treated, "Y", "N"),
        "SCREEN_FAILURE": study.failure,
        "BRTHDAT": iso(study.birth),
        "SEX": where(study.female, "F", "M"),
        "RFICDAT": iso(first_consent),
        "FIRST_DOSE": iso(study.first_dose),
        "LAST_DOSE": iso(study.last_dose),
        "LEFT_ON": iso(study.left_on),
        "LEFT_FOR": study.left_for,
        "COMPOSITE_EVENT": event,
        "COMPOSITE_DATE": iso(event_day),
    }
    for k, name in enumerate(OCCASIONS):
        seen = study.seen[:, k]
        data[f"DATE_{name}"] = iso(np.where(seen, study.occasion_day[:, k], NO_DAY))
        data[f"TENTHS_{name}"] = where(seen, text(study.tenths[:, k]))
    data["W12_OBSERVED"] = where(study.treated, where(outcome.observed, "Y", "N"))
    data["W12_HALF"] = where(study.treated & outcome.observed, where(outcome.half, "Y", "N"))
    data["RESPONSE"] = where(study.treated, where(outcome.response, "Y", "N"))
    data["CLEAN"] = "Y"
    data["REMARK"] = ""
    return pd.DataFrame(data, dtype=object)[~again].reset_index(drop=True)


def events(study) -> pd.DataFrame:
    """Exact dates of every adverse event; a blank end is still going on at last contact."""
    ae = study.ae
    data = {
        "SUBJID": study.subjid[ae.who],
        "AESPID": text(ae.number),
        "AETERM": ae.verbatim,
        "START": iso(ae.start),
        "END": iso(ae.end),
        "GRADE": text(ae.grade),
    }
    return pd.DataFrame(data, dtype=object)
