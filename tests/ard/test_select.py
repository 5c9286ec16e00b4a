import numpy as np
import pandas as pd
import pytest

from crf2csr.ard import select
from crf2csr.errors import Cause
from tests.ard._tables import members, run, stat, subjects

pytestmark = pytest.mark.req("URS-ARD-17")

ADAE = pd.DataFrame(
    {
        "USUBJID": pd.Series(["2", "1", "1"], dtype="str"),
        "AETERM": pd.Series(["Rash", "Itch", np.nan], dtype="str"),
        "ASTDT": pd.array([20741, None, 20740], dtype="Int64"),
        "ATOXGRN": pd.array([3, 1, None], dtype="Int64"),
        "DOSE": [4.0, 4.5, np.nan],
    }
)


def listing(columns, **options):
    spec = {
        "dataset": "adae",
        "options": {"columns": [{"variable": v} if isinstance(v, str) else v for v in columns]} | options,
    }
    return run(select, spec, {"adsl": subjects(3, AGE=pd.array([40, 50, 60], dtype="Int64")), "adae": ADAE})


def test_rows_are_sorted_and_carry_their_position():
    _, _, made = listing(["USUBJID", "ASTDT", "ATOXGRN"], sort=["USUBJID", "ASTDT"])
    assert made["_ROW"].tolist() == [2, 1, 0]
    assert made["ASTDT"].iloc[[0, 2]].tolist() == ["2026-10-14", "2026-10-15"]
    assert made["ASTDT"].isna().tolist() == [False, True, False]


def test_columns_of_the_subject_are_joined():
    _, _, made = listing(["USUBJID", {"variable": "AGE", "of": "adsl"}])
    assert made["AGE"].tolist() == ["40", "40", "50"]


def test_numbers_keep_their_shortest_form():
    _, _, made = listing(["DOSE"])
    assert made["DOSE"].iloc[0] == "4.5"


def test_the_number_of_rows_is_a_fact_with_all_its_rows():
    facts, sets, _ = listing(["AETERM"])
    assert (stat(facts, "rows"), stat(facts, "n"), stat(facts, "N")) == (3, 2, 3)
    assert members(facts, sets, "rows") == ("adae", [0, 1, 2])


def test_an_unknown_column_is_refused():
    with pytest.raises(Cause, match="not a variable"):
        listing(["AETOXGR"])


def test_declared_decimals_round_half_away_from_zero():
    _, _, made = listing([{"variable": "DOSE", "decimals": 0}], sort=["DOSE"])
    assert made["DOSE"].iloc[:2].tolist() == ["4", "5"]
