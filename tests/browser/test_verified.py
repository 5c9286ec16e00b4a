"""The card of a number says what the second computation found."""

from __future__ import annotations

import pytest

from crf2csr.csr import appendix
from tests.csr import small
from tests.csr.test_verified import lines

pytestmark = pytest.mark.req("URS-CSR-04")


def test_each_card_says_value_and_digits_or_why_there_are_none(opened, tmp_path):
    change = {
        "N": {"hash": "stale"},
        "p": {"r": "0.66666666666667", "digits": "14", "method": "n / N"},
    }
    file = tmp_path / "report.html"
    file.write_text(appendix.assemble(small.read(agreement=lines(**change)), small.part()), encoding="utf-8")
    expected = {
        "2": "R: 2, the same (sum)",
        "3": "not verified for these data",
        "66.7": "R: 0.66666666666667, agrees to 14 digits (n / N)",
    }
    with opened(file) as page:
        for number, said in expected.items():
            page.locator("#t-1 tbody button", has_text=number).first.click()
            terms = page.locator("#walk-body dt", has_text="Second computation")
            assert terms.locator("xpath=following-sibling::dd[1]").text_content() == said
            page.click("#walk-close")
