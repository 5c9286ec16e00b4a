"""Controlled terminology: the committed terms are the published ones, and a variable holds nothing else."""

import csv
import lzma
from pathlib import Path

import pandas as pd
import pytest

from crf2csr import io, specs, terms
from crf2csr.errors import Cause

pytestmark = pytest.mark.req("URS-SDT-02")

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "workflow" / "standards" / "ct-2025-03-25.csv"
PUBLISHED = ROOT.parent / "shared" / "data" / "ct" / "SDTM_Terminology_2025-03-25.txt.xz"
SPECS = sorted((ROOT / "config" / "sdtm").glob("*.yaml"))
LISTS = {
    "ACN": {"code": "C1", "extensible": False, "terms": {"DRUG WITHDRAWN": "C2"}},
    "UNIT": {"code": "C3", "extensible": True, "terms": {"mg": "C4"}},
}


def check(values, **about):
    spec = {"variables": {"XX": {"label": "X", "type": "text"} | about}}
    terms.check(pd.DataFrame({"XX": pd.Series(values, dtype="str")}), spec, LISTS, "config/sdtm/xx.yaml")


def published() -> pd.DataFrame:
    if not PUBLISHED.exists():
        pytest.fail(f"the published terminology is needed for this test and is not at {PUBLISHED}")
    with lzma.open(PUBLISHED, "rt", encoding="utf-8") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return pd.DataFrame(
        [r[:5] for r in rows[1:]], columns=["CODE", "LISTCODE", "EXTENSIBLE", "NAME", "TERM"], dtype="str"
    )


def test_the_committed_terms_are_those_of_the_publisher_and_closed_lists_are_whole():
    every, committed = published(), pd.DataFrame(io.read_records(COMMITTED), dtype="str")
    heads = every[every["LISTCODE"] == ""].set_index("CODE")
    assert (heads["TERM"].reindex(committed["LISTCODE"]).to_numpy() == committed["LIST"].to_numpy()).all()
    assert (heads["EXTENSIBLE"].reindex(committed["LISTCODE"]).to_numpy() == committed["EXTENSIBLE"].to_numpy()).all()
    known = set(zip(every["LISTCODE"], every["TERM"], every["CODE"], strict=True))
    assert not set(zip(committed["LISTCODE"], committed["TERM"], committed["CODE"], strict=True)) - known
    closed = committed[committed["EXTENSIBLE"] == "No"]
    for code, part in closed.groupby("LISTCODE"):
        assert set(part["TERM"]) == set(every.loc[every["LISTCODE"] == code, "TERM"]), code


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_list_that_a_domain_names_is_committed(path):
    spec = specs.read_yaml(path)
    found = terms.of_lists(io.read_records(COMMITTED), spec)
    wanted = {name for lists in terms.named(spec).values() for name in lists}
    assert wanted == set(found)
    for variable, lists in terms.named(spec).items():
        if isinstance(spec["variables"][variable].get("sponsor"), list):
            assert any(found[name]["extensible"] for name in lists), variable


def test_constants_of_a_mapping_are_terms_of_the_lists_of_their_variables():
    table = io.read_records(COMMITTED)
    for path in SPECS:
        spec = specs.read_yaml(path)
        held: dict[str, set[str]] = {}
        for block in spec.get("records", []):
            for variable, rule in block["set"].items():
                if "hardcode" in rule:
                    held.setdefault(variable, set()).add(str(rule["hardcode"]))
            for constants in block.get("tests", {}).values():
                for variable, value in constants.items():
                    held.setdefault(variable, set()).add(str(value))
        bound = {v: about for v, about in spec["variables"].items() if v in held and "codelist" in about}
        frame = pd.DataFrame({v: pd.Series(sorted(held[v]), dtype="str") for v in bound})
        part = {"variables": bound}
        terms.check(frame, part, terms.of_lists(table, part), str(path))


def test_a_value_outside_a_closed_list_stops_the_run_and_says_which():
    check(["DRUG WITHDRAWN", None], codelist="ACN")
    with pytest.raises(Cause, match=r"field XX, value 'STOPPED'.*ACN"):
        check(["STOPPED"], codelist="ACN")


def test_an_extensible_list_takes_other_values_only_when_they_are_declared():
    check(["mg", "jin"], codelist="UNIT", sponsor=["jin"])
    with pytest.raises(Cause, match="'jin'"):
        check(["jin"], codelist="UNIT")
    with pytest.raises(Cause, match="cannot be extended"):
        check([], codelist="ACN", sponsor=["STOPPED"])


def test_a_list_of_the_sponsor_may_stand_beside_a_closed_one():
    check(["DRUG WITHDRAWN", "NRSITCH"], codelist="ACN", sponsor={"NRSTC": ["NRSITCH"]})
    with pytest.raises(Cause, match="'NRSPAIN'"):
        check(["NRSPAIN"], codelist="ACN", sponsor={"NRSTC": ["NRSITCH"]})


def test_a_list_that_is_not_committed_is_refused():
    with pytest.raises(Cause, match="value 'NOSUCH'"):
        check([], codelist="NOSUCH")
