"""Every figure of the shipped study, of the pilot and of a study of two arms, as it is printed and without colours."""

from __future__ import annotations

from pathlib import Path

import pytest
import tlf
from matplotlib.figure import Figure

from crf2csr import io
from crf2csr.plan import Plan
from crf2csr.specs import Study
from crf2csr.tlf import _figure
from tests.climb import ROOT, inside
from tests.tlf import _seen

pytestmark = pytest.mark.req("URS-TLF-05")

SCHEMAS = ROOT / "workflow/schemas"


def drawn(folder: Path, out: Path, **overrides: str) -> dict[str, Figure]:
    """Draw every figure of a study again from its results; the pictures before they become SVG."""
    figures: dict[str, Figure] = {}
    inked = _figure.svg

    def kept(figure: Figure, ident: str, title: str, description: str) -> str:
        figures[ident] = figure
        return inked(figure, ident, title, description)

    with pytest.MonkeyPatch.context() as patch, inside(folder):
        patch.setattr(_figure, "svg", kept)
        for job in Plan(Study(".", SCHEMAS, overrides)).tlf.values():
            job.outputs["displays"] = str(out / f"{job.name}.json")
            tlf.display(job)
    return figures


def declared(folder: Path) -> set[str]:
    """Ids of the figures that the results of a study hold."""
    made = [io.read_json(path) for path in sorted((folder / "results/tlf").glob("*.json"))]
    return {d["id"] for chapter in made for d in chapter["displays"] if d.get("svg")}


@pytest.fixture(scope="module")
def ours(shipped, tmp_path_factory) -> tuple[Path, dict[str, Figure]]:
    return shipped, drawn(shipped, tmp_path_factory.mktemp("ours"))


@pytest.fixture(scope="module")
def pilots(pilot, tmp_path_factory) -> tuple[Path, dict[str, Figure]]:
    raw = str(ROOT.parent / "shared/data/cdiscpilot/raw")
    return pilot, drawn(pilot, tmp_path_factory.mktemp("pilots"), raw_dir=raw)


STUDIES = ["ours", "pilots"]


@pytest.mark.parametrize("name", STUDIES)
def test_every_figure_is_looked_at(name, request):
    folder, figures = request.getfixturevalue(name)
    assert declared(folder) and declared(folder) <= set(figures)


@pytest.mark.parametrize("name", STUDIES)
def test_no_text_is_cut_off_or_lies_on_another_or_leaves_its_box(name, request):
    _, figures = request.getfixturevalue(name)
    lost = {ident: _seen.cut(figure) + _seen.outside_boxes(figure) for ident, figure in figures.items()}
    assert {ident: found for ident, found in lost.items() if found} == {}
    upon = {ident: _seen.overlapping(figure) for ident, figure in figures.items()}
    assert {ident: found for ident, found in upon.items() if found} == {}


@pytest.mark.parametrize("name", STUDIES)
def test_no_two_series_are_told_apart_by_colour_alone(name, request):
    _, figures = request.getfixturevalue(name)
    same = {ident: _seen.alike(figure) for ident, figure in figures.items()}
    assert {ident: found for ident, found in same.items() if found} == {}


def paper() -> tuple[Figure, object]:
    figure = _figure.canvas(300, 200)
    axes = figure.add_axes((0.2, 0.2, 0.7, 0.7))
    axes.plot([0, 1], [0, 1], **_figure.look(0))
    return figure, axes


def test_a_text_that_leaves_the_canvas_is_found():
    figure, _ = paper()
    assert _seen.cut(figure) == []
    figure.text(0.9, 0.5, "a text too long for its place")
    assert _seen.cut(figure) == ["a text too long for its place"]


def test_two_texts_upon_one_another_are_found():
    figure, _ = paper()
    assert _seen.overlapping(figure) == []
    figure.text(0.5, 0.5, "one")
    figure.text(0.51, 0.5, "two")
    assert _seen.overlapping(figure) == [("one", "two")]


def test_a_text_that_leaves_its_box_is_found():
    from matplotlib.patches import Rectangle

    figure, axes = paper()
    axes.add_patch(Rectangle((0.1, 0.1), 0.2, 0.5, fill=False))
    axes.text(0.12, 0.2, "a")
    assert _seen.outside_boxes(figure) == []
    axes.text(0.12, 0.4, "longer than the box")
    assert _seen.outside_boxes(figure) == ["longer than the box"]


@pytest.mark.parametrize("change", ["linestyle", "marker"])
def test_a_second_series_needs_another_dash_or_mark(change):
    figure, axes = paper()
    look = _figure.look(0) | {"color": _figure.HUES[1]}
    (line,) = axes.plot([0, 1], [1, 0], **look)
    assert len(_seen.alike(figure)) == 1
    line.set(**{change: _figure.look(1)[change]})
    assert _seen.alike(figure) == []


def test_areas_need_another_hatch_or_lightness():
    figure, axes = paper()
    axes.bar([0], [1], color="#3070B0")
    (bar,) = axes.bar([1], [1], color="#B0403A")
    assert len(_seen.alike(figure)) == 1
    bar.set_hatch("//")
    assert _seen.alike(figure) == []
    bar.set(hatch=None, facecolor="#f0e0e0")
    assert _seen.alike(figure) == []
