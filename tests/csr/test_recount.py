"""Every count that the page prints, counted again from the rows that the page embeds, by code of its own.

Nothing of the page's scripts and nothing of the house is used: the file is read as a reader's own program would.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
from itertools import accumulate

import numpy as np
import pytest

pytestmark = pytest.mark.req("URS-CSR-03")

# Counts of rows; every other count is one of subjects.
OF_ROWS = {
    ("events", "events"),
    ("events", "events_unknown"),
    ("terms", "events"),
    ("rates", "events"),
    ("select", "rows"),
    ("boxes", "outliers"),
    ("points", "records_missing"),
    ("shift", "records_unused"),
    ("mmrm", "observations"),
    ("estimand", "events"),
    ("records", "n"),
    ("records", "n_missing"),
}
# Counts without members of their own: bounds and sizes that a method computes, each printed beside its card.
COMPUTED = {("proportion", "boundary")}


class Read:
    """A page as written: printed numbers by fact, and the tables, sets and facts of its payload."""

    def __init__(self, html: str) -> None:
        packed = re.search(r'<script[^>]*id="payload"[^>]*>([^<]*)<', html)[1]
        self.held = json.loads(gzip.decompress(base64.b64decode(packed)))
        facts = self.held["facts"]
        self.facts = {column["name"]: self.column(column, facts["n"]) for column in facts["columns"]}
        ids = list(accumulate(facts["id"])) if facts["id"][1:2] <= facts["id"][:1] else facts["id"]
        self.at = {fact: k for k, fact in enumerate(ids)}
        text = re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)
        self.printed = [
            (int(fact), label) for fact, label in re.findall(r'<button[^>]* data-f="(\d+)"[^>]*>([^<]*)<', text)
        ]
        for places, label in re.findall(r'<td[^>]* data-f="([^"]+)"[^>]*>([^<]*)<', text):
            for fact, start, length in (map(int, place.split(":")) for place in places.split(" ")):
                self.printed.append((fact, label[start : start + length]))
        self.people = {
            number: self.values(table, "USUBJID")
            for number, table in enumerate(self.held["tables"])
            if table["name"].startswith("adam/")
        }

    @staticmethod
    def column(column: dict, n: int) -> list:
        codes = column.get("i") if column.get("i") is not None else range(n)
        if "r" in column:  # one code for a run of rows
            codes = [code for code, length in zip(codes, column["r"], strict=True) for _ in range(length)]
        return [column["d"][code] if code >= 0 else None for code in codes]

    def values(self, table: dict, name: str) -> list:
        return self.column(next(c for c in table["columns"] if c["name"] == name), table["n"])


@pytest.fixture(scope="module")
def read(shipped) -> Read:
    return Read((shipped / "reports/csr-appendix.html").read_text(encoding="utf-8"))


def test_every_printed_count_is_the_number_of_its_rows_or_of_their_subjects(read):
    wrong, counted, computed = [], 0, set()
    for fact, label in read.printed:
        k = read.at[fact]
        if read.facts["format"][k] != "count":
            continue
        key = (read.facts["method"][k], read.facts["stat_name"][k])
        members = read.facts["member_set"][k]
        if members is None:
            computed.add(key)
            continue
        table, steps = read.held["sets"][str(int(members))]
        rows = list(accumulate(steps))
        found = len(rows) if key in OF_ROWS else len({read.people[table][row] for row in rows})
        if label.replace("\u202f", "") != str(found) or read.facts["stat"][k] != found:
            wrong.append((*key, read.facts["analysis"][k], label, found))
        counted += 1
    assert wrong == []
    assert computed <= COMPUTED
    assert counted > 5000


def test_every_printed_percentage_is_its_count_over_the_denominator_of_its_line(read):
    """p of n and N that stand in the same group, line and analysis."""
    names = ["analysis", "group1_level", "group2_level", "group3_level", "variable", "variable_level"]
    place = {}
    for k in range(len(read.at)):
        key = tuple(read.facts[name][k] for name in names)
        place.setdefault(key, {})[read.facts["stat_name"][k]] = read.facts["stat"][k]
    seen = 0
    for fact, _ in read.printed:
        k = read.at[fact]
        if read.facts["method"][k] != "proportion" or read.facts["stat_name"][k] != "p":
            continue
        here = place[tuple(read.facts[name][k] for name in names)]
        assert np.isclose(here["p"], here["n"] / here["N"], rtol=1e-14, atol=0)
        seen += 1
    assert seen > 50
