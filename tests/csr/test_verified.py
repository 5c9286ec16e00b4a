"""What the second computation says beside a printed number, and when it says nothing."""

from __future__ import annotations

import pandas as pd
import pytest

from crf2csr import results
from crf2csr.csr import _verified, _warned, appendix
from tests.csr import small
from tests.csr.test_appendix import payload

pytestmark = pytest.mark.req("URS-CSR-04")


def facts() -> pd.DataFrame:
    """n, N and p of one proportion."""
    return small.facts().frame().assign(chapter="efficacy")


def lines(**change: dict[str, str]) -> list[dict[str, str]]:
    """The agreement of these facts; ``change`` gives other entries for a statistic."""
    table = facts()
    ids = results.identify(table, "efficacy")
    made = zip(table["stat_name"], ids, results.hashes(ids, table), table["stat"], strict=True)
    return [
        {"id": i, "hash": h, "python": repr(v), "r": repr(v), "digits": "15", "method": "sum"} | change.get(name, {})
        for name, i, h, v in made
    ]


def states(agreement: list[dict[str, str]]) -> dict[str, str]:
    found = _verified.beside(facts(), agreement)
    return dict(zip(found["stat_name"], found["r_state"], strict=True))


def test_a_number_whose_hash_is_current_is_verified():
    assert states(lines()) == {"n": "verified", "N": "verified", "p": "verified"}


def test_a_stale_hash_or_an_absent_line_verifies_nothing():
    assert states(lines(n={"hash": "0" * 16})[:2]) == {"n": "not verified", "N": "verified", "p": "not verified"}


def test_a_study_without_the_file_has_nothing_verified():
    assert set(states([]).values()) == {"not verified"}


def test_what_r_does_not_compute_keeps_its_reason():
    table = lines(p={"r": "", "digits": "", "method": "not recomputed: random, proven by a test"})
    found = _verified.beside(facts(), table).set_index("stat_name")
    assert found.at["p", "r_state"] == "not recomputed"
    assert found.at["p", "r_method"] == "random, proven by a test"


def test_a_number_that_r_contradicts_is_not_called_verified():
    table = lines(p={"r": "0.5", "digits": "0", "method": "differs: n / N"})
    assert states(table) == {"n": "verified", "N": "verified", "p": "differs"}


def test_the_value_of_r_is_kept_where_it_is_another_number():
    found = _verified.beside(facts(), lines(p={"r": "0.66666666666667", "digits": "14"})).set_index("stat_name")
    assert found.at["p", "r_value"] == 0.66666666666667 and found.at["p", "r_digits"] == 14
    assert pd.isna(found.at["n", "r_value"])


def test_the_summary_counts_printed_numbers_by_method():
    made = _verified.summary(_verified.beside(facts(), lines(n={"hash": ""}, p={"digits": "12"})))
    line = {"method": "proportion", "n": 3, "least": 12, "verified": 2, "differs": 0}
    assert made == {"n": 3, "verified": 2, "methods": [line | {"not_recomputed": 0, "not_verified": 1}]}


def test_the_page_says_how_many_printed_numbers_are_verified_and_embeds_what_r_found():
    text = appendix.assemble(small.read(agreement=lines()), small.part())
    assert "3 of 3 printed numbers were computed a second time in R" in text
    column = next(c for c in payload(text)["facts"]["columns"] if c["name"] == "r_method")
    assert column["d"] == ["sum"]


def test_without_the_file_the_page_says_so_in_numbers():
    assert "0 of 3 printed numbers were computed a second time in R" in appendix.assemble(small.read(), small.part())


def test_warnings_to_expect_name_method_text_and_how_many_numbers_bear_them():
    facts = pd.DataFrame(
        {
            "analysis": ["a", "b", "a", "c"],
            "method": ["firth", "firth", "km", "km"],
            "warning": ["few events", "few events", None, None],
            "error": [None, "no estimate", None, None],
        }
    )
    assert _warned.expected(facts) == [
        {"method": "firth", "text": "few events", "n": 2, "analyses": ["a", "b"]},
        {"method": "firth", "text": "no estimate", "n": 1, "analyses": ["b"]},
    ]
    assert _warned.expected(facts[facts["method"] == "km"]) == []
