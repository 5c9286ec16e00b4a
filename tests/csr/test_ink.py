"""Drawings under the page's policy."""

from __future__ import annotations

import pytest

from crf2csr.csr import _ink
from crf2csr.errors import Cause

pytestmark = pytest.mark.req("URS-CSR-01")

DISPLAY = {"id": "f-1", "title": "Survival"}


def svg(inner: str) -> str:
    return f'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10">{inner}</svg>'


def test_style_becomes_attributes():
    made = _ink.inlined(svg('<path style="fill: none; stroke:#000" d="M0 0"/>'), DISPLAY)
    assert "style" not in made
    assert 'fill="none"' in made
    assert 'stroke="#000"' in made


def test_a_style_sheet_for_everything_moves_to_the_root():
    made = _ink.inlined(svg("<defs><style>*{stroke-linecap: butt}</style></defs>"), DISPLAY)
    assert "<style" not in made
    assert 'stroke-linecap="butt"' in made


def test_ids_and_what_refers_to_them_bear_the_displays_id():
    made = _ink.inlined(svg('<clipPath id="c"/><path clip-path="url(#c)"/><use href="#c"/>'), DISPLAY)
    assert 'id="f-1-c"' in made
    assert 'clip-path="url(#f-1-c)"' in made
    assert 'href="#f-1-c"' in made


def test_a_reader_who_cannot_see_hears_title_and_description():
    made = _ink.inlined(svg("<title>old</title><desc>Two curves.</desc>"), DISPLAY)
    assert 'role="img"' in made
    assert ">Survival</title>" in made
    assert ">Two curves.</desc>" in made
    assert "old" not in made


@pytest.mark.req("URS-SEC-01")
@pytest.mark.parametrize(
    "inner",
    [
        "<script>1</script>",
        '<path onclick="1"/>',
        '<a href="#x"/>',
        '<image href="#x"/>',
        '<use href="https://example.org/x"/>',
        '<path fill="url(https://example.org/x)"/>',
        '<path style="fill:url(https://example.org/x)"/>',
        "<foreignObject/>",
        "<broken",
    ],
)
def test_what_could_run_or_load_is_refused(inner):
    with pytest.raises(Cause, match="f-1"):
        _ink.inlined(svg(inner), DISPLAY)
