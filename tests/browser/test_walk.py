"""From a printed number to the cell of the raw file, in a browser."""

from __future__ import annotations

import csv
import hashlib
import re

import pytest

pytestmark = pytest.mark.req("URS-CSR-02")

NUMBER = ".sentence button[data-f] >> nth=0"
CELL = "#walk-body .cells button"
ROWS = "#walk-body tbody button"


def to_the_cell(page) -> None:
    """Follow the first row of each step until a line of a raw file can be opened; open it."""
    for _ in range(8):
        if page.locator(CELL).count():
            page.click(f"{CELL} >> nth=0")
            return
        page.click(f"{ROWS} >> nth=0")
    raise AssertionError("eight steps did not lead to a raw file")


def test_the_primary_count_walks_to_the_line_field_and_value_that_stand_on_disk(opened, study, report):
    with opened(report) as page:
        page.click(NUMBER)
        to_the_cell(page)
        file, line = re.fullmatch(r"(.+), line (\d+)", page.text_content("#walk-title")).groups()
        field = page.text_content("#walk-body dt:last-of-type").removeprefix("Field ")
        shown = page.text_content("#walk-body mark.cell")
        with (study / file).open(encoding="utf-8", newline="") as raw:
            rows = list(csv.reader(raw))
        assert rows[int(line) - 1][rows[0].index(field)] == shown


def test_the_count_says_how_many_subjects_and_has_a_row_for_each(opened, report):
    with opened(report) as page:
        count = int(page.text_content(NUMBER))
        page.click(NUMBER)
        assert f"Counted: {count} subject" in page.text_content("#walk-body h3")
        assert page.locator("#walk-body tbody tr").count() == count


@pytest.mark.req("URS-CSR-03")
def test_the_page_agrees_with_itself(opened, report):
    with opened(report) as page:
        assert page.get_attribute("html", "data-check") == "good"
        assert "Checked on opening" in page.text_content("#check")


@pytest.mark.req("URS-CSR-03")
def test_a_number_that_was_changed_in_the_file_is_found_out(opened, report, tmp_path):
    text = report.read_text(encoding="utf-8")
    number = re.search(r'(<p class="sentence">.*?data-f="\d+">)(\d+)(<)', text, flags=re.DOTALL)
    file = tmp_path / "changed.html"
    file.write_text(text[: number.start(2)] + str(int(number.group(2)) + 1) + text[number.end(2) :], encoding="utf-8")
    with opened(file) as page:
        assert page.get_attribute("html", "data-check") == "bad"
        assert "does not agree with itself" in page.text_content("#check")


@pytest.mark.req("URS-CSR-07")
def test_keys_alone_open_walk_back_and_close_and_focus_returns(opened, report):
    with opened(report) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        for _ in range(3):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.matches('.sentence button')"):
                break
        number = page.evaluate("document.activeElement.dataset.f")
        assert number
        page.keyboard.press("Enter")
        page.wait_for_selector("#walk[open]")
        assert page.evaluate("document.activeElement.id") == "walk-title"
        page.focus(f"{ROWS} >> nth=0")
        page.keyboard.press("ArrowDown")
        assert page.evaluate("document.activeElement.closest('tr').dataset.k") == "1"
        page.keyboard.press("Enter")
        assert page.locator("#walk-path li").count() == 2
        page.focus("#walk-back")
        page.keyboard.press("Enter")
        assert page.locator("#walk-path li").count() == 1
        page.keyboard.press("Escape")
        page.wait_for_selector("#walk", state="hidden")
        assert page.evaluate("document.activeElement.dataset.f") == number


def test_a_query_opens_the_cell_that_it_asks_about(opened, study, report):
    with opened(report) as page:
        page.locator("[data-listing=queries]").scroll_into_view_if_needed()
        # The grid draws the rows in sight a frame after it was scrolled.
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        row = page.locator("[data-listing=queries] tbody tr", has_text="PPPASI:").first
        record = row.locator("td", has_text=re.compile(r"^PPPASI:\d+$")).text_content()
        row.locator("button").first.press("Enter")
        page.wait_for_selector("#walk[open]")
        assert page.text_content("#walk-title") == f"data/raw/PPPASI.csv, line {record.split(':')[1]}"
        assert "Queries raised on this record" in page.text_content("#walk-body")


def test_a_count_of_records_in_quarantine_walks_to_their_lines_of_the_export(opened, study, report):
    with opened(report) as page:
        page.locator("#integrity-forms").scroll_into_view_if_needed()
        row = page.locator("#integrity-forms tr", has_text="quarantined: subject is not in demographics").first
        count = row.locator("td[data-label] button")
        label, n = row.locator("td[data-label]").get_attribute("data-label"), int(count.text_content())
        form = label.partition(":")[0]
        count.press("Enter")
        page.wait_for_selector("#walk[open]")
        assert page.text_content("#walk-title").startswith(f"{label}, {n} record")
        assert page.locator(ROWS).count() == n
        record = page.locator("#walk-body tbody td", has_text=re.compile(rf"^{form}:\d+$")).first.text_content()
        page.click(f"{ROWS} >> nth=0")
        line = int(record.partition(":")[2])
        assert page.text_content("#walk-title") == f"data/raw/{form}.csv, line {line}"
        shown = page.text_content("#walk-body mark.cell")
        lines = {}
        for name in (form, "DM"):
            with (study / f"data/raw/{name}.csv").open(encoding="utf-8", newline="") as raw:
                lines[name] = list(csv.DictReader(raw))
        assert lines[form][line - 2]["SUBJID"] == shown
        assert shown not in {row["SUBJID"] for row in lines["DM"]}


def test_the_walk_shows_labels_and_the_hash_of_the_raw_file(opened, study, report):
    with opened(report) as page:
        page.click(NUMBER)
        to_the_cell(page)
        file = page.text_content("#walk-title").partition(", line")[0]
        assert hashlib.sha256((study / file).read_bytes()).hexdigest() in page.text_content("#walk-body")
        assert "Assessment date" in page.text_content("#walk-body")
