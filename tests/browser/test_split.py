"""A report in many files shows what one file shows, and a number still walks to the cell of the raw file."""

from __future__ import annotations

import base64
import csv
import gzip
import json
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

from crf2csr import specs
from crf2csr.csr import _payload
from crf2csr.errors import Cause
from tests import climb
from tests.browser.test_accessible import ALIKE, objections
from tests.browser.test_walk import to_the_cell

pytestmark = pytest.mark.req("URS-CSR-13")

SUBJECTS = 5  # of one file


@pytest.fixture(scope="module")
def many(study, tmp_path_factory) -> Path:
    """The folder of reports of the tiny study, made of many files from the same results."""
    folder = tmp_path_factory.mktemp("many")
    shutil.copytree(study / "config", folder / "config")
    for name in ("data", "results"):
        (folder / name).symlink_to(study / name)
    file = folder / "config/csr.yaml"
    file.write_text(file.read_text(encoding="utf-8") + f"split: {{subjects: {SUBJECTS}, jobs: 2}}\n", encoding="utf-8")
    (folder / "results").unlink()
    shutil.copytree(study / "results", folder / "results")
    with pytest.raises(Cause, match="is a blocker"):  # the gate alone stops, for the planted blockers
        climb.climb(folder, ("csr",))
    return folder / "reports"


class Page:
    """What a file embeds and prints."""

    def __init__(self, file: Path) -> None:
        self.text = file.read_text(encoding="utf-8")
        packed = re.search(r'id="payload"[^>]*>([^<]*)<', self.text)[1]
        self.held = json.loads(gzip.decompress(base64.b64decode(packed)))

    def printed(self) -> Counter:
        """The numbers that stand in the file, by fact."""
        cells = re.findall(r'<t[dh][^>]*? data-f="([^"]+)"', self.text)
        found = [place.split(":")[0] for cell in cells for place in cell.split()]
        return Counter(found + re.findall(r'<button[^>]*? data-f="(\d+)"', self.text))

    def facts(self) -> dict[int, tuple]:
        """Analysis, statistic and value of each embedded fact."""
        facts = self.held["facts"]
        columns = {
            c["name"]: c for c in facts["columns"] if c["name"] in ("analysis", "stat_name", "stat", "stat_text")
        }
        values = [self.column(c, facts["n"]) for c in columns.values()]
        return dict(zip(facts["id"], zip(*values, strict=True), strict=True))

    @staticmethod
    def column(column: dict, rows: int) -> list:
        codes = _payload.codes_of(column, rows)
        return [None if code < 0 else column["d"][code] for code in codes]

    def lines(self) -> dict[str, Counter]:
        """The lines of each listing."""
        return {
            name: Counter(zip(*(self.column(c, listing["n"]) for c in listing["columns"]), strict=True))
            for name, listing in self.held["listings"].items()
        }

    def rows(self, floor: str) -> set[tuple[str, int]]:
        """Table and position of every row of a floor that is embedded whole."""
        found = set()
        for table in self.held["tables"]:
            if table["name"].startswith(floor) and table.get("whole", True):
                at = 0
                for step in table["rows"]:
                    at += step
                    found.add((table["name"], at))
        return found


@pytest.fixture(scope="module")
def whole(report) -> Page:
    return Page(report)


@pytest.fixture(scope="module")
def files(many) -> dict[str, Page]:
    """The files of the report in English, by their path without its ending."""
    found = [f for f in sorted(many.rglob("*.html")) if not f.name.endswith(".zh.html")]
    return {str(f.relative_to(many))[:-5]: Page(f) for f in found}


def test_there_is_a_file_for_each_section_with_displays_and_for_each_share_of_the_subjects(many, files):
    csr = specs.read_yaml(many.parent / "config/csr.yaml")
    shown = {f"csr-appendix/sections/{s['number']}" for s in csr["sections"] if s.get("displays")}
    people = {name for name in files if "/subjects-" in name}
    assert set(files) == {"csr-appendix", *shown, *people}
    everyone = files["csr-appendix"].held["people"]["id"]
    assert len(people) == -(-len(everyone) // SUBJECTS) > 2
    assert {f"{f}.zh" for f in files} == {str(f.relative_to(many))[:-5] for f in many.rglob("*.zh.html")}


def test_every_number_of_one_file_is_printed_once_among_many_and_is_the_same(whole, files):
    others = {name: page for name, page in files.items() if "/subjects-" not in name}
    printed = sum((page.printed() for page in others.values()), Counter())
    narratives = sum((page.printed() for name, page in files.items() if name not in others), Counter())
    wanted = whole.printed()
    assert set(printed) | set(narratives) == set(wanted)
    assert {f for f in wanted if printed[f] + narratives[f] < wanted[f]} == set()
    known = whole.facts()
    for name, page in files.items():
        mine = page.facts()
        wrong = [fact for fact in map(int, page.printed()) if mine[fact] != known[fact]]
        assert wrong == [], name


def test_every_line_of_a_listing_is_in_the_file_of_its_subject_and_in_no_other(whole, files):
    wanted = {name: lines for name, lines in whole.lines().items() if name != "queries" and lines}
    found: dict[str, Counter] = {}
    for name, page in files.items():
        if "/subjects-" in name:
            for listing, lines in page.lines().items():
                found[listing] = found.get(listing, Counter()) + lines
    assert {name: found[name] for name in wanted} == wanted
    assert files["csr-appendix"].lines()["queries"] == whole.lines()["queries"]


def test_every_row_that_one_file_embeds_is_in_a_file_of_subjects(whole, files):
    for floor in ("adam/", "sdtm/", "raw/"):
        found = set().union(*(page.rows(floor) for page in files.values()))
        assert whole.rows(floor) - found == set(), floor


def test_every_link_to_another_file_leads_to_a_place_that_is_there(many):
    texts = {f.resolve(): f.read_text(encoding="utf-8") for f in many.rglob("*.html")}
    ids = {f: set(re.findall(r'\bid="([^"]+)"', text)) for f, text in texts.items()}
    led = 0
    for file, text in texts.items():
        for href in set(re.findall(r'<a\b[^>]*? href="([^"]+)"', text)):
            name, _, place = href.partition("#")
            target = (file.parent / name).resolve() if name else file
            assert target in texts, (file, href)
            assert not place or place in ids[target], (file, href)
            led += 1
    assert led > 1000


def test_a_number_of_a_section_walks_to_the_line_field_and_value_that_stand_on_disk(browser, study, many):
    page = browser.new_page()
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.goto((many / "csr-appendix/sections/14.2.html").as_uri() + "#t-14.2.1.1")
    page.wait_for_selector("html[data-check=good]")
    page.click("#t-14\\.2\\.1\\.1 td button[data-f] >> nth=0")
    count = int(page.text_content("#t-14\\.2\\.1\\.1 td button[data-f] >> nth=0"))
    assert f"Counted: {count} subject" in page.text_content("#walk-body h3")
    page.click("#walk-body tbody button >> nth=0")
    assert "main variables" in page.text_content("#walk-body")
    page.click("#walk-body a[href*='#row-']")
    page.wait_for_selector("html[data-check=good]")
    assert "/subjects-" in page.url
    to_the_cell(page)
    file, line = re.fullmatch(r"(.+), line (\d+)", page.text_content("#walk-title")).groups()
    field = page.text_content("#walk-body dt:last-of-type").removeprefix("Field ")
    with (study / file).open(encoding="utf-8", newline="") as raw:
        rows = list(csv.reader(raw))
    assert rows[int(line) - 1][rows[0].index(field)] == page.text_content("#walk-body mark.cell")
    page.close()
    assert heard == []


def test_every_file_agrees_with_itself_and_any_subject_is_found_from_any(browser, many, files):
    page = browser.new_page()
    for name in files:
        page.goto((many / f"{name}.html").as_uri())
        page.wait_for_selector("html[data-check]")
        assert page.get_attribute("html", "data-check") == "good", (name, page.text_content("#check"))
    someone = files["csr-appendix"].held["people"]["label"][0]
    page.goto((many / "csr-appendix/sections/14.3.1.zh.html").as_uri())
    page.wait_for_selector("html[data-check=good]")
    page.fill("#find", someone)
    page.click("#found li button >> nth=0")
    page.wait_for_selector("#walk-title:has-text('" + someone + "')")
    assert page.url.endswith(".zh.html#subject-" + files["csr-appendix"].held["people"]["id"][0])
    page.close()


def test_a_query_leads_to_its_record_where_it_is(browser, many, files):
    listing = files["csr-appendix"].held["listings"]["queries"]
    away = [k for k, at in enumerate(listing["at"]) if len(at) == 3]
    here = [k for k, at in enumerate(listing["at"]) if len(at) == 2 and at[0] >= 0]
    assert len(away) > 50
    assert here, "records of no subject stand in the first file"
    page = browser.new_page()
    raw, row, share = listing["at"][away[0]]
    file = files["csr-appendix"].held["shares"]["file"][share]
    page.goto((many / f"{file}.html").as_uri() + f"#row-{raw}-{row + 1}")
    page.wait_for_selector("html[data-check=good]")
    record = next(c for c in listing["columns"] if c["name"] == "REC")
    line = Page.column(record, listing["n"])[away[0]].split()[0].partition(":")[2]
    assert page.text_content("#walk-title").endswith(f", line {line}")
    page.close()


@pytest.mark.req("URS-CSR-07")
def test_axe_objects_to_nothing_in_the_list_of_files_a_section_and_a_file_of_subjects(browser, many, files):
    page = browser.new_page()
    people = next(name for name in sorted(files) if "/subjects-" in name)
    for name, place in (("csr-appendix", "#parts"), ("csr-appendix/sections/14.3.1", "#main"), (people, "#main")):
        page.goto((many / f"{name}.html").as_uri())
        page.wait_for_selector("html[data-check=good]")
        page.evaluate(ALIKE)
        assert objections(page, f"document.querySelector('{place}')") == [], name
    page.close()
