"""The page in Chinese, in a real browser: the same numbers, its own words in all that opens, and the way back."""

from __future__ import annotations

import re

import pytest

from tests.browser.test_accessible import objections

pytestmark = pytest.mark.req("URS-CSR-11")

ENGLISH = re.compile(
    r"\b(Back|Close|Search|Filter|Columns|Download|Analysis|Population|Records|Counted|subjects|rows|Method|Variables)\b"
)


def test_what_opens_speaks_the_language_of_the_page(opened, shipped):
    with opened(shipped / "reports/csr-appendix.zh.html") as page:
        assert page.get_attribute("html", "data-check") == "good"
        assert page.text_content("#check").startswith("打开时自检：")
        page.click(".sentence button >> nth=0")
        said = page.eval_on_selector_all(
            "#walk dt, #walk h2, #walk h3, #walk button.tool, #walk .found", "(all) => all.map((n) => n.textContent)"
        )
        assert "人群" in said and "返回" in said and any(text.startswith("计入：59 例受试者") for text in said)
        assert [text for text in said if ENGLISH.search(text)] == []
        assert objections(page, "document.getElementById('walk')") == []
        page.click("#walk-body tbody td.go button >> nth=0")
        heads = page.eval_on_selector_all("#walk h3", "(all) => all.map((n) => n.textContent)")
        assert any(re.match(r"来自 [A-Z]+ 的 [0-9]+ 行", text) for text in heads), heads
        page.keyboard.press("Escape")
        page.evaluate("showPerson(roll().list.find((p) => rowsOfPerson(page.profile.tracks[0], p).length))")
        assert "同一时间轴" in page.text_content("#walk")
        page.keyboard.press("Escape")
        page.fill("#find", "PPPASI")
        page.wait_for_selector("#found h2")
        assert "图表" in page.text_content("#found")
        assert objections(page, "document.querySelector('.front')") == []


def test_the_switch_leads_to_the_same_place(opened, shipped):
    with opened(shipped / "reports/csr-appendix.zh.html") as page:
        page.evaluate("location.hash = 't-14.1.3'")
        link = page.locator("a[data-language]")
        link.evaluate("(node) => node.addEventListener('click', (event) => event.preventDefault())")
        link.dispatch_event("click")
        there = link.evaluate("(node) => node.href")
        assert there == f"{(shipped / 'reports/csr-appendix.html').as_uri()}#t-14.1.3"
