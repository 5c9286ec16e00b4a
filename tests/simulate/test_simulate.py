"""The simulation against what is known without one: binomial power, exact coverage, unbiased imputation."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import binom

from crf2csr import io
from crf2csr.errors import Cause
from simulate import blocks, methods, page, table, world
from simulate.__main__ import main
from simulate.grid import read
from tests.climb import ROOT

pytestmark = pytest.mark.req("URS-SCL-03")

GRID = read(ROOT / "simulate/grid.yaml")
SMALL = dataclasses.replace(
    GRID, trials=2000, block=1000, null_rates=(0.30,), true_rates=(0.30, 0.50), dropout=(0.0, 0.20), imputations=20
)


@pytest.fixture(scope="module")
def small():
    """Every block of a small grid, and its table."""
    made = [blocks.run(SMALL, rate, left, k) for rate, left in SMALL.cells for k in range(SMALL.blocks)]
    return made, table.gather(SMALL, made)


def row(found, rate, left, method):
    return found[(found["rate"] == rate) & (found["dropout"] == left) & (found["method"] == method)].iloc[0]


def test_the_boundary_and_its_alpha_are_those_of_the_plan():
    limits = methods.exact(60, 0.95)
    assert int(np.flatnonzero(limits[:, 0] > 0.30)[0]) == 26
    assert binom.sf(25, 60, [0.30, 0.50, 0.45]) == pytest.approx([0.0196, 0.877, 0.65], abs=6e-4)


@pytest.mark.parametrize("method", ["nri", "locf", "observed"])
@pytest.mark.parametrize("rate", [0.30, 0.50])
def test_where_nobody_leaves_the_share_that_rejects_is_the_binomial_one(small, method, rate):
    found = row(small[1], rate, 0.0, method)
    assert found["left"] == 0
    assert abs(found["rejected"] - binom.sf(25, 60, rate)) < 4 * max(found["rejected_error"], 0.003)
    x = np.arange(61)
    inside = (methods.exact(60, 0.95)[:, 0] <= rate) & (rate <= methods.exact(60, 0.95)[:, 1])
    assert abs(found["coverage"] - binom.pmf(x, 60, rate)[inside].sum()) < 4 * found["coverage_error"]


def test_who_leaves_is_the_declared_share_and_had_worse_scores(small):
    assert row(small[1], 0.50, 0.20, "nri")["left"] == pytest.approx(0.20, abs=0.006)
    scores, seen = world.draw(SMALL, 0.50, 0.20, 0)
    assert scores[..., -1][~seen[..., -1]].mean() < scores[..., -1][seen[..., -1]].mean() - 0.2
    assert not (seen[..., 1:] & ~seen[..., :-1]).any(), "nobody comes back"


def test_scores_are_standard_normal_with_the_declared_correlation():
    scores, _ = world.draw(SMALL, 0.50, 0.0, 0)
    flat = scores.reshape(-1, len(SMALL.visits))
    steps = np.abs(np.subtract.outer(range(3), range(3)))
    assert np.corrcoef(flat.T) == pytest.approx(SMALL.correlation**steps, abs=0.015)
    assert flat.mean(axis=0) == pytest.approx(np.zeros(3), abs=0.02) and flat.std(axis=0) == pytest.approx(
        np.ones(3), abs=0.02
    )


def test_each_method_errs_as_theory_says(small):
    """Failures for all who leave: low. Observed only, when the worse leave: high. Imputation given the score: right."""
    made = {method: row(small[1], 0.50, 0.20, method) for method in SMALL.methods}
    assert made["nri"]["bias"] < -0.05
    assert made["observed"]["bias"] > 4 * made["observed"]["estimate_error"]
    assert abs(made["mi"]["bias"]) < 0.012
    assert made["locf"]["bias"] < made["mi"]["bias"]
    assert 0.93 < made["mi"]["coverage"] < 0.985
    assert made["nri"]["rejected"] < made["mi"]["rejected"]


def test_what_is_simulated_depends_on_its_place_alone():
    wider = dataclasses.replace(SMALL, true_rates=(0.45, 0.50), dropout=(0.1, 0.2), trials=4000)
    assert blocks.run(SMALL, 0.50, 0.20, 1) == blocks.run(wider, 0.50, 0.20, 1)
    assert blocks.run(SMALL, 0.50, 0.20, 0) != blocks.run(SMALL, 0.50, 0.20, 1)
    assert SMALL.fixed() == wider.fixed()


def test_blocks_that_are_missing_or_double_are_refused(small):
    made = small[0]
    for wrong in (made[1:], [*made, made[0]]):
        with pytest.raises(Cause, match="blocks are not those of the grid"):
            table.gather(SMALL, wrong)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("seed: 20261128", "sed: 20261128", "sed|seed"),
        ("block: 2500", "block: 2300", "block"),
        ("dropout: [0, 0.10", "dropout: [0, 0.90", "dropout"),
        ("[nri,", "[bocf,", "methods"),
    ],
)
def test_a_grid_that_is_wrong_is_refused_by_field(tmp_path, old, new, field):
    text = (ROOT / "simulate/grid.yaml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "grid.yaml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(Cause, match=field):
        read(tmp_path / "grid.yaml")


def test_the_steps_write_table_and_page_that_hold_the_same_numbers(tmp_path, capsys):
    text = (ROOT / "simulate/grid.yaml").read_text(encoding="utf-8")
    for old, new in (
        ("trials: 10000", "trials: 50"),
        ("block: 2500", "block: 50"),
        ("imputations: 50", "imputations: 5"),
    ):
        text = text.replace(old, new)
    text = text.replace("[0.25, 0.30, 0.35, 0.40, 0.45, 0.50, 0.55, 0.60]", "[0.30, 0.50]").replace(
        "[0, 0.10, 0.20]", "[0.10]"
    )
    file = tmp_path / "grid.yaml"
    file.write_text(text, encoding="utf-8")
    made = [str(tmp_path / f"{rate}.json") for rate in (0.3, 0.5)]
    for rate, out in zip((0.3, 0.5), made, strict=True):
        assert main(["block", str(file), str(rate), "0.1", "0", out]) == 0
    assert main(["gather", str(file), str(tmp_path), *made]) == 0
    html = (tmp_path / "operating_characteristics.html").read_text(encoding="utf-8")
    found = table.gather(read(file), [io.read_json(out) for out in made])
    assert html == page.render(read(file), found) and html.count("<svg") == 4 and "<script" not in html
    assert len(found) == 2 * 4 * 4
    assert main(["gather", str(file), str(tmp_path), made[0]]) == 1
    assert "blocks are not those" in capsys.readouterr().err
    assert [a < b for a, b in pairwise(found[found["method"] == "nri"].groupby("rate")["estimate"].first())] == [True]
