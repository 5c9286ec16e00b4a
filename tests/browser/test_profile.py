"""Find a subject, a display, a row; the profile of a subject; what leaves the page as a file."""

from __future__ import annotations

import csv
import re

import pytest
from playwright.sync_api import expect

from crf2csr.csr import appendix
from tests.browser.test_walk import to_the_cell
from tests.csr import hostile, small

pytestmark = pytest.mark.req("URS-CSR-05")

LISTING = "[data-listing='l-16\\.2\\.7']"


def someone(page) -> str:
    return page.evaluate("roll().list.find((p) => rowsOfPerson(page.profile.tracks[0], p).length).label")


@pytest.mark.req("URS-CSR-09")
def test_keys_alone_find_a_subject_and_open_the_profile(opened, report):
    with opened(report) as page:
        who = someone(page)
        page.keyboard.press("/")
        page.keyboard.type(who)
        page.keyboard.press("Enter")
        assert page.text_content("#walk-title").startswith(f"Subject {who}: ")
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement.id") == "find"


def test_each_response_is_said_with_its_reason_and_walks_to_the_cell(opened, report):
    with opened(report) as page:
        reasons = page.evaluate("""(() => {
            const why = page.profile.sentences.find((s) => s.label === "Primary endpoint");
            const said = (p) => why.parts.flatMap((part) => sentence(part, p)).map((n) => n.textContent);
            return roll().list.map((p) => [p.label, said(p)])
              .filter(([, said]) => said.length);
        })()""")
        assert len(reasons) == 12
        for who, said in reasons:
            assert re.match(r"(Responder|Non-responder) at Week 12 .*Why: \w+", said[0]), who
        page.evaluate("who => { location.hash = `subject-${who}`; }", reasons[0][0])
        page.wait_for_selector("#walk[open] .said")
        page.locator("#walk-body .said button", has_text="Why: Observed").first.or_(
            page.locator("#walk-body .said button", has_text="PPPASI").first
        ).first.click()
        to_the_cell(page)
        assert ", line " in page.text_content("#walk-title")


def test_the_axis_draws_each_row_with_a_day_and_the_table_says_the_same(opened, report):
    with opened(report) as page:
        page.evaluate("who => showPerson(personOf(who))", someone(page))
        assert page.get_attribute("#walk-body svg", "role") == "img"
        drawn = page.locator("#walk-body svg [data-k]").count()
        lines = page.evaluate("""Array.from(document.querySelectorAll("#walk-body .days tbody tr:not(.section)"))
            .filter((tr) => tr.cells[1].textContent).length""")
        assert drawn == lines > 10
        assert page.locator("#walk-body [style]").count() == 0
        page.locator("#walk-body svg [data-k='0']").click()
        assert page.locator("#walk-path li").count() == 2


def test_a_subject_in_a_listing_leads_to_the_profile_and_the_row_has_a_button_of_its_own(opened, report):
    with opened(report) as page:
        page.locator(LISTING).scroll_into_view_if_needed()
        page.click(f"{LISTING} tbody th button >> nth=0")
        assert page.text_content("#walk-title").startswith("Subject ")
        page.keyboard.press("Escape")
        page.click(f"{LISTING} tbody td.go button >> nth=0")
        assert page.text_content("#walk-title").startswith("ADAE row ")


@pytest.mark.req("URS-CSR-09")
def test_words_are_found_in_all_listings_and_a_listing_opens_with_them(opened, report):
    with opened(report) as page:
        page.fill("#find", "medication")
        page.wait_for_selector("#found h2 .found")
        head = page.locator("#found h2", has=page.locator(".found")).first
        count = head.locator(".found").text_content().split()[0]
        title = head.locator("button").text_content()
        head.locator("button").click()
        found = page.locator(f"[data-label='{title}'] .tools .found")
        expect(found).to_have_text(re.compile(f"^{count} (of|rows?)"))
        page.fill("#find", "no such words anywhere")
        expect(page.locator("#found")).to_contain_text("Nothing in this document")


@pytest.mark.req("URS-CSR-09")
def test_a_column_that_is_put_away_is_neither_shown_nor_in_the_file(opened, report, tmp_path):
    with opened(report) as page:
        page.locator(LISTING).scroll_into_view_if_needed()
        page.click(f"{LISTING} .tool >> text=Columns")
        page.click(f"{LISTING} .chooser input >> nth=2")
        assert page.locator(f"{LISTING} thead th").nth(2).is_hidden()
        with page.expect_download() as waiting:
            page.click(f"{LISTING} .tool >> text=Download CSV")
        waiting.value.save_as(tmp_path / "l.csv")
        assert (tmp_path / "l.csv").read_bytes().startswith(b"\xef\xbb\xbf")
        with (tmp_path / "l.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
        shown = page.locator(f"{LISTING} thead th:not([hidden])").all_text_contents()
        assert rows[0] == shown
        assert len(rows) - 1 == page.evaluate("page.listings['l-16.2.7'].n")


@pytest.mark.req("URS-CSR-09")
def test_a_table_leaves_as_it_is_printed_and_its_address_can_be_copied(opened, report, tmp_path):
    with opened(report) as page:
        page.evaluate("location.hash = 't-14.1.1'")
        page.wait_for_selector("#t-14\\.1\\.1 .offers")
        with page.expect_download() as waiting:
            page.click("#t-14\\.1\\.1 .offers >> text=Download CSV")
        assert waiting.value.suggested_filename == "t-14.1.1.csv"
        waiting.value.save_as(tmp_path / "t.csv")
        with (tmp_path / "t.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
        printed = page.locator("#t-14\\.1\\.1 tbody tr").last.locator("th, td").all_text_contents()
        assert rows[-1] == [text.strip() for text in printed]
        page.click("#t-14\\.1\\.1 .offers >> text=Copy link")
        expect(page.locator("#t-14\\.1\\.1 .offers output")).to_have_text(re.compile(r"Copied|#t-14\.1\.1$"))


@pytest.mark.req("URS-SEC-01")
def test_no_text_leaves_as_a_formula(opened, report):
    texts = ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\uff1d1", "-5.7", "+1e3", 'a "b", c', "plain"]
    with opened(report) as page:
        made = page.evaluate("texts => texts.map(field)", texts)
    assert made == ["'=1+1", "'+cmd", "'-2+3", "'@SUM(A1)", "'\uff1d1", "-5.7", "+1e3", '"a ""b"", c"', "plain"]


@pytest.mark.req("URS-CSR-03")
def test_a_number_changed_in_a_cell_of_a_table_is_found_out(opened, report, tmp_path):
    text = report.read_text(encoding="utf-8")
    cell = re.search(r'<td data-f="\d+:0:1[^"]*">(\d)', text)
    file = tmp_path / "changed.html"
    file.write_text(text[: cell.start(1)] + str((int(cell.group(1)) + 1) % 10) + text[cell.end(1) :], encoding="utf-8")
    with opened(file) as page:
        assert page.get_attribute("html", "data-check") == "bad"


@pytest.mark.req("URS-CSR-02")
def test_one_number_of_every_table_walks_to_a_raw_file_or_says_that_none_enters_it(opened, report):
    """Every fact printed in a table is taken once by its table; the edges under it must end in a form."""
    with opened(report) as page:
        lost = page.evaluate("""(() => {
            const ends = (table, rows, seen = new Set()) => {
              if (table.file) return true;
              return Array.from(rows).some((row) => {
                const key = `${table.name} ${row}`;
                if (seen.has(key)) return false;
                seen.add(key);
                return madeFrom(table, row).some((s) => ends(s.table, s.rows, seen));
              });
            };
            const lost = [];
            let walked = 0;
            for (const article of document.querySelectorAll("main > section:not(#integrity) article.display")) {
              const ids = Array.from(article.querySelectorAll("td[data-f]"), (td) => placesOf(td)[0][0])
                .concat(Array.from(article.querySelectorAll("button[data-f]"), (b) => b.dataset.f));
              const facts = ids.map(factOf).filter((f) => f.table && f.rows.length);
              if (!facts.length) continue;
              walked++;
              if (!facts.some((f) => ends(f.table, f.rows))) lost.push(article.id);
            }
            return [walked, lost];
        })()""")
    assert lost[0] > 40
    assert lost[1] == []


@pytest.mark.req("URS-SEC-01")
def test_hostile_text_in_a_search_a_profile_or_a_file_stays_text(opened, tmp_path):
    plan = {
        "subject": {"table": "adam/adrs", "text": "{PARAM}"},
        "sentences": [{"label": "Said", "parts": [{"text": "{PARAM}"}]}],
    }
    read = small.read()
    read["tables"]["adam/adrs"]["PARAM"] = small.text(*hostile.STRINGS[:3])
    part = small.part()
    part["csr"]["profile"] = plan
    file = tmp_path / "hostile.html"
    file.write_text(appendix.assemble(read, part), encoding="utf-8")
    with opened(file) as page:
        page.fill("#find", "S-2")
        page.keyboard.press("Enter")
        assert hostile.STRINGS[1] in page.text_content("#walk-title")
        assert page.text_content("#walk-body .said button") == hostile.STRINGS[1]
        assert page.locator("img").count() == 0
