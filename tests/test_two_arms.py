"""The study of two arms, counted once more: what a study of one arm cannot show, without any public data."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

from crf2csr import io
from crf2csr.specs import read_yaml
from crf2csr.tlf import _figure, contrast
from crf2csr.tlf._cells import Shelf
from tests import two_arms
from tests.score_interval import ends_of
from tests.tlf import _seen

pytestmark = pytest.mark.req("URS-STU-03")

SVG = "{http://www.w3.org/2000/svg}"
PLAN = {"id": "f-1", "title": "Terms", "analysis": "by_term", "interval": "miettinen_nurminen"}


@pytest.fixture(scope="module")
def study(shipped, tmp_path_factory) -> Path:
    return two_arms.make(shipped, tmp_path_factory.mktemp("two") / "study")


@pytest.fixture(scope="module")
def arms(study) -> list[str]:
    """The compared arm, and the reference."""
    return [arm["label"] for arm in read_yaml(study / "config/config.yaml")["arms"] if arm.get("treated", True)]


def shown(study: Path, kind: str) -> dict:
    page = {"arms": read_yaml(study / "config/config.yaml")["arms"]}
    return contrast.display(PLAN | {"kind": kind}, Shelf(io.read_table(study / "results/ard/compared.parquet")), page)


def test_each_line_is_the_count_of_its_subjects_with_the_difference_of_another_search(study, arms):
    adsl, adae = (pd.read_parquet(study / f"results/adam/{name}.parquet") for name in ("adsl", "adae"))
    size = adsl[adsl["SAFFL"] == "Y"]["TRT01P"].value_counts()
    had = adae[adae["SAFFL"] == "Y"].drop_duplicates(["USUBJID", "ABODSYS", "ADECOD"])
    n = had.groupby(["ABODSYS", "ADECOD", "TRT01P"]).size().unstack(fill_value=0)
    common = n[(n[arms[0]] >= 0.05 * size[arms[0]]) | (n[arms[1]] >= 0.05 * size[arms[1]])]
    rows = shown(study, "table")["rows"]
    assert len(rows) == len(common) > 10
    printed = sorted(["".join(part["t"] for part in cell) for cell in row["cells"]] for row in rows)
    wanted = []
    for x1, x0 in common[arms].to_numpy().tolist():
        table = (x1, size[arms[0]], x0, size[arms[1]])
        low, high = ends_of(*table)
        d = x1 / table[1] - x0 / table[3]
        count = [f"{x} ({100 * x / of:.1f})" if x else "0" for x, of in ((x1, table[1]), (x0, table[3]))]
        wanted.append([*count, d, low, high])
    wanted.sort(key=lambda row: (row[0], row[1]))
    for line, (mine, other, *ends) in zip(sorted(printed, key=lambda row: (row[0], row[1])), wanted, strict=True):
        assert line[:2] == [mine, other]
        numbers = [float(v) for v in line[2].replace("(", "").replace(")", "").replace(",", "").split()]
        assert numbers == pytest.approx([100 * end for end in ends], abs=0.0500001)


def test_the_lines_fall_by_difference_and_the_picture_names_both_arms(study, arms, monkeypatch):
    figures = []
    inked = _figure.svg

    def kept(figure, *words):
        figures.append(figure)
        return inked(figure, *words)

    monkeypatch.setattr(_figure, "svg", kept)
    made = shown(study, "figure")
    differences = [float(row["cells"][2][0]["t"]) for row in made["rows"]]
    assert differences == sorted(differences, reverse=True) and differences[0] > 0 > differences[-1]
    assert set(arms) <= {element.text for element in ElementTree.fromstring(made["svg"]).iter(f"{SVG}text")}
    assert _seen.cut(figures[0]) == _seen.overlapping(figures[0]) == _seen.alike(figures[0]) == []
