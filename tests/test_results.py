"""Names and hashes of results."""

from __future__ import annotations

import pandas as pd
import pytest

from crf2csr import results
from crf2csr.ard._facts import Facts

pytestmark = pytest.mark.req("URS-ARD-18")


def table(stat: float | None = 0.5, **where: str) -> pd.DataFrame:
    facts = Facts()
    about = {"analysis": "primary", "method": "proportion", "group1": "TRT01P", "group1_level": "A", "variable": "AVAL"}
    facts.add("p", stat, "percent", None, **{**about, **where})
    return facts.frame()


def one(stat: float | None = 0.5, **where: str) -> tuple[str, str]:
    facts = table(stat, **where)
    ids = results.identify(facts, "efficacy")
    return ids.iloc[0], results.hashes(ids, facts).iloc[0]


def test_a_name_says_chapter_analysis_groups_variable_level_statistic_and_context():
    assert one()[0] == "efficacy|primary|TRT01P=A|||AVAL|p|"
    assert one(variable_level="0.3", context="R default")[0] == "efficacy|primary|TRT01P=A|||AVAL=0.3|p|R default"


def test_a_bar_inside_a_text_is_not_taken_for_a_border():
    assert one(group1_level="A|B")[0] == r"efficacy|primary|TRT01P=A\|B|||AVAL|p|"


def test_a_level_of_empty_text_is_not_a_missing_level():
    assert one(variable_level="")[0] != one()[0]


def test_each_row_may_bear_a_chapter_of_its_own():
    facts = pd.concat([table(), table()], ignore_index=True)
    assert results.identify(facts, pd.Series(["a", "b"])).str[0].tolist() == ["a", "b"]


def test_the_hash_changes_with_value_method_options_and_text():
    hashes = [
        one()[1],
        one(0.51)[1],
        one(None)[1],
        one(method="other")[1],
        one(options='{"level": 0.9}')[1],
        one(stat_text="rejected")[1],
    ]
    assert len(set(hashes)) == len(hashes)
    assert {len(h) for h in hashes} == {16}


def test_the_last_digits_of_a_float_do_not_change_the_hash():
    assert one(1 / 3)[1] == one(1 / 3 + 1e-15)[1]
    assert one(0.0)[1] == one(-0.0)[1] == one(3e-17)[1]
