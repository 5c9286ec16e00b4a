"""Narratives in a browser: the index leads to each sheet, and a sentence to the cell of the CRF."""

from __future__ import annotations

import re

import pytest

from tests.browser.test_walk import to_the_cell

pytestmark = pytest.mark.req("URS-CSR-02")

SHEET = ".sheet >> nth=0"


@pytest.mark.req("URS-CSR-09")
def test_the_index_leads_to_each_sheet_by_a_stable_anchor(opened, report):
    with opened(report) as page:
        anchors = page.eval_on_selector_all("tbody a[href^='#n-']", "links => links.map((a) => a.hash.slice(1))")
        assert anchors
        assert anchors == page.eval_on_selector_all(".sheet", "sheets => sheets.map((s) => s.id)")
        page.click("tbody a[href^='#n-'] >> nth=0")
        assert page.evaluate("document.querySelector(':target').className") == "sheet"


def test_a_sentence_walks_to_the_cell_of_the_raw_file(opened, report):
    with opened(report) as page:
        event = page.locator(".sheet .said div", has_text="Event:").first.locator("button")
        sentence = event.text_content()
        event.click()
        assert len(page.text_content("#walk-title")) < 120
        assert sentence in page.text_content("#walk-body")
        to_the_cell(page)
        assert re.fullmatch(r".+AE\.csv, line \d+", page.text_content("#walk-title"))


@pytest.mark.req("URS-CSR-07")
def test_a_sheet_fits_the_screen_and_its_drawing_is_within_it(opened, report):
    with opened(report, viewport={"width": 390, "height": 800}) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert page.locator(f"{SHEET} >> .ink svg").count() == 1
        outside = page.evaluate("""Array.from(document.querySelectorAll('.sheet svg'), (svg) => {
            const whole = svg.getBoundingClientRect();
            return Array.from(svg.querySelectorAll('text'), (t) => t.getBoundingClientRect())
              .filter((t) => t.left < whole.left - 1 || t.right > whole.right + 1 || t.bottom > whole.bottom + 1)
              .length;
        })""")
        assert sum(outside) == 0


@pytest.mark.req("URS-CSR-06")
def test_reconciliation_lists_each_difference_by_subject(opened, report):
    with opened(report) as page:
        lines = page.locator("#integrity-reconciliation table >> nth=1").locator("tbody tr:not(.section)")
        assert lines.count() >= 1
        assert all(text.strip() for text in lines.locator("td:last-child").all_text_contents())
