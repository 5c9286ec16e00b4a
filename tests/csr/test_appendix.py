"""The page as a text: what it says, what it must not hold, and that it is the same every time."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections import Counter
from html.parser import HTMLParser

import pytest

from crf2csr.csr import appendix
from crf2csr.errors import Cause
from tests.csr import hostile, small

pytestmark = pytest.mark.req("URS-CSR-01")

VOID = {"meta", "link", "img", "input", "br", "hr", "col"}


class Page(HTMLParser):
    """Elements with their attributes, and the texts of style and script."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.inner: dict[str, list[str]] = {"style": [], "script": []}
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, {k: v or "" for k, v in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"{tag} closes what it did not open"

    def handle_data(self, data):
        if self.open and self.open[-1] in self.inner:
            self.inner[self.open[-1]].append(data)

    def ids(self) -> list[str]:
        return [a["id"] for _, a in self.elements if "id" in a]


def payload(text: str) -> dict:
    return json.loads(gzip.decompress(base64.b64decode(re.search(r'id="payload"[^>]*>([^<]*)<', text).group(1))))


@pytest.fixture
def page() -> Page:
    return Page(appendix.assemble(small.read(), small.part()))


def test_the_page_loads_nothing_and_runs_nothing_that_its_policy_does_not_name(page):
    policy = next(a["content"] for t, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'; trusted-types 'none'" in policy
    runs = [text for text in page.inner["script"] if "use strict" in text]
    for kind, texts in (("style", page.inner["style"]), ("script", runs)):
        (text,) = texts
        assert f"{kind}-src 'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" in policy
    assert not [t for t, a in page.elements if t in ("link", "img", "iframe", "object", "embed") or "src" in a]


def test_no_handler_and_no_style_stands_in_an_attribute(page):
    names = {name for _, attributes in page.elements for name in attributes}
    assert not [name for name in names if name.startswith("on") or name == "style"]


def test_every_address_is_an_anchor_of_the_page(page):
    addresses = {a["href"] for _, a in page.elements if "href" in a}
    assert all(address.startswith("#") for address in addresses)
    assert {address[1:] for address in addresses} <= set(page.ids())


def test_ids_are_unique_and_what_is_named_by_id_is_there(page):
    assert [name for name, n in Counter(page.ids()).items() if n > 1] == []
    named = {
        i for _, a in page.elements for key in ("aria-labelledby", "aria-describedby") for i in a.get(key, "").split()
    }
    assert named <= set(page.ids())


@pytest.mark.req("URS-CSR-02")
def test_every_printed_number_names_its_place_and_its_fact_and_members_are_embedded():
    text = appendix.assemble(small.read(), small.part())
    data = payload(text)
    shown = {int(n) for places in re.findall(r'data-f="([^"]+)"', text) for n in re.findall(r"(\d+)[^ ]*", places)}
    assert '<td data-f="0:0:1 1:2:1 2:5:4">2/3 (66.7)</td>' in text
    assert shown == set(data["facts"]["id"]) == {0, 1, 2}
    members = next(c for c in data["facts"]["columns"] if c["name"] == "member_set")
    assert set(map(str, members["d"])) == set(data["sets"])


@pytest.mark.req("URS-CSR-07")
def test_each_header_says_what_it_heads_and_each_table_has_a_caption(page):
    heads = [a for t, a in page.elements if t == "th"]
    assert heads
    assert all(a.get("scope") in ("col", "row", "colgroup", "rowgroup") for a in heads)
    kinds = Counter(t for t, _ in page.elements)
    assert kinds["caption"] == kinds["table"]


def test_a_table_says_population_plan_programs_and_hash_of_its_results():
    text = appendix.assemble(small.read(), small.part())
    assert "Full analysis set" in text
    assert "Analysis plan, section 4. Data: ADRS. Programs: adam.adrs, ard.proportion, tlf.summary. Results" in text
    assert small.SHA[:12] in text


def test_the_notice_stands_on_the_page_and_on_every_sheet(page):
    text = appendix.assemble(small.read(), small.part())
    assert "SYNTHETIC DATA. Not real." in text
    assert '@top-right{content:"SYNTHETIC DATA"}' in page.inner["style"][0]


@pytest.mark.req("URS-REP-01")
def test_two_builds_are_the_same_bytes():
    assert appendix.assemble(small.read(), small.part()) == appendix.assemble(small.read(), small.part())


@pytest.mark.req("URS-SEC-01")
@pytest.mark.parametrize("text", hostile.STRINGS, ids=range(len(hostile.STRINGS)))
def test_hostile_text_is_shown_and_never_obeyed(text):
    displays = [small.table(title=text), small.listing([text, "b", text], [0, 1, 2])]
    sections = [{"number": "14.2", "title": text, "displays": ["t-1", "l-1"]}]
    read = small.read(displays, values=(text, "3", "0"), queries={"sdtm/_queries/rs": small.asked(message=text)})
    made = appendix.assemble(read, small.part(sections))
    page = Page(made)
    assert Counter(t for t, _ in page.elements)["script"] == 2
    assert not [t for t, _ in page.elements if t == "img"]
    assert not re.search("[\x00-\x08\x0b-\x1f\u200b-\u200f\u202a-\u202e\u2060-\u2069]", made)
    raw = next(t for t in payload(made)["tables"] if t["name"] == "raw/rs1")
    assert text in next(c for c in raw["columns"] if c["name"] == "SCORE")["d"], (
        "the payload holds the value as it was entered"
    )


def test_a_listing_shows_its_first_rows_and_says_how_many_there_are():
    many = small.listing([f"v{n}" for n in range(90)], [n % 3 for n in range(90)])
    part = small.part([{"number": "16.2", "title": "Listings", "displays": ["t-1", "l-1"]}])
    text = appendix.assemble(small.read([small.table(), many]), part)
    assert "Here stand the first 20 of 90 rows." in text
    assert ("<td>v19</td>" in text, "<td>v20</td>" in text) == (True, False)
    assert payload(text)["listings"]["l-1"]["n"] == 90


def test_a_short_listing_stands_whole():
    part = small.part([{"number": "16.2", "title": "Listings", "displays": ["t-1", "l-1"]}])
    text = appendix.assemble(small.read([small.table(), small.listing(["u", "v", None], [2, 0, 1])]), part)
    assert "Here stand the first" not in text
    assert payload(text)["listings"]["l-1"]["rows"] == [2, 0, 1]


@pytest.mark.req("URS-CSR-02")
def test_a_query_leads_to_its_record_and_one_after_withdrawal_of_data_use_does_not():
    queries = {"a": small.asked(), "b": small.asked().assign(RULE="P28", REC="RS1:4")}
    read = small.read(queries=queries)
    data = payload(
        appendix.assemble(
            read | {"traces": {}, "tables": read["tables"] | {"sdtm/rs": small.rs().iloc[:0]}}, small.part()
        )
    )
    raw = next(n for n, t in enumerate(data["tables"]) if t["name"] == "raw/rs1")
    assert data["listings"]["queries"]["at"] == [[raw, 0], [raw, -1]]
    assert data["tables"][raw]["n"] == 1, "the content of the withheld record is not in the page"


@pytest.mark.req("URS-ACC-06")
def test_an_acceptance_stands_beside_its_query_and_one_that_matches_none_is_a_warning():
    entry = {
        "rule": "P01",
        "record": "RS1:2",
        "field": "SCORE",
        "who": "A. Reviewer",
        "why": "checked at the site",
        "date": "2026-01-31",
    }
    text = appendix.assemble(small.read(), small.part(accepted={"accepted": [entry, entry | {"record": "RS1:9"}]}))
    assert "A. Reviewer, 2026-01-31: checked at the site" in text
    assert "This acceptance matches no query: P01, RS1:9, SCORE (A. Reviewer)" in text


@pytest.mark.req("URS-ACC-02")
def test_the_ledger_says_what_went_in_what_came_out_and_why_rows_left():
    text = re.sub(r"<[^>]+>", " ", appendix.assemble(small.read(), small.part()))
    assert re.search(r"RS: items\s+RS1\s+4\s+3\s+1\s+item is blank", text)


@pytest.mark.req("URS-ACC-02")
def test_the_ledger_of_forms_is_a_table_of_its_own():
    ledgers = {
        "sdtm/_ledger/rs": small.ledger(),
        "sdtm/_ledger/_forms": small.ledger().assign(STEP="form", ROWS_IN=5, ROWS_OUT=4),
    }
    text = re.sub(r"<[^>]+>", " ", appendix.assemble(small.read(ledger=ledgers), small.part()))
    assert re.search(
        r"Fate of the records of each form.*RS1\s+5\s+4\s+1\s+item is blank.*Ledger", text, flags=re.DOTALL
    )


def test_a_display_that_no_chapter_makes_is_named():
    with pytest.raises(Cause, match="no chapter makes this display"):
        appendix.assemble(small.read(), small.part([{"number": "14.2", "title": "E", "displays": ["t-1", "t-9"]}]))


def test_a_display_that_no_section_shows_is_named():
    with pytest.raises(Cause, match="no section shows this display"):
        appendix.assemble(small.read(), small.part([{"number": "14.2", "title": "E"}]))


def test_names_in_the_payload_bear_labels_derivations_and_the_file_its_hash():
    tables = {t["name"]: t for t in payload(appendix.assemble(small.read(), small.part()))["tables"]}
    result = next(c for c in tables["sdtm/rs"]["columns"] if c["name"] == "RSORRES")
    assert result["text"] == "Collected: how it is derived; from RS1.SCORE"
    assert (tables["raw/rs1"]["file"], tables["raw/rs1"]["sha256"]) == ("data/raw/RS1.csv", small.SHA)
    date = next(c for c in tables["adam/adrs"]["columns"] if c["name"] == "ADT")
    assert date["d"] == ["2024-10-04", "2024-10-05"]


def test_a_display_says_its_estimand_by_its_label_and_so_does_the_card_of_a_number():
    text = appendix.assemble(small.read(), small.part())
    assert "Estimand: Half of the score at the end. Analysis plan, section 4." in text
    assert payload(text)["analyses"]["primary"]["estimand"] == "Half of the score at the end"
