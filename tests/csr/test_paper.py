"""The report on paper, read back: every text of every display stands in the RTF and in the PDF."""

from __future__ import annotations

import io as stream
import re

import csr
import pypdf
import pypdfium2
import pytest
from striprtf.striprtf import rtf_to_text

from crf2csr import io, safe
from crf2csr.csr import _sheet, _typeset, _widths, pdf, rtf
from crf2csr.errors import Cause
from crf2csr.listings import read_displays
from tests import climb
from tests.csr import small

pytestmark = pytest.mark.req("URS-CSR-08")

HOSTILE = [
    r"a{b}\par c \'41 }{\field{\*\fldinst HYPERLINK evil}}",
    r"\u65? \bin9 {\object}",
    "#evil *bold* $x$ <label> @ref // comment",
    "上呼吸道感染（感冒）",
    "ä µ ≥ ± “q” \U0001f9a0",
    "a\nb\tc\u202ed",
    "<script>alert(1)</script>",
]
RUNNING = {"id": "STUDY-1", "title": "Appendix", "notice": "SYNTHETIC DATA. Not real.", "paper": "a4"}


def texts(grid: dict) -> list[str]:
    """Lines of a grid as the reader of RTF gives them: each cell closed by a bar."""
    heads = ["|".join(text for text, _ in row) + "|" for row in grid["heads"]]
    return heads + ["|".join(row["cells"]) + "|" for row in grid["rows"]]


def opened(document: str) -> str:
    """The text of an RTF by an independent reader, header and footer of its pages included."""
    body = document.replace("{\\header\n", "{\n").replace("{\\footer\n", "{\n")
    body = re.sub(r"\{\\pict.*?\n\}\\par", "", body, flags=re.DOTALL)
    read = rtf_to_text(body)
    # The reader leaves the halves of a character outside the first plane apart.
    return read.encode("utf-16-le", "surrogatepass").decode("utf-16-le")


def one(display: dict) -> _sheet.Sheet:
    source = {"estimands": [], "datasets": ["ADRS"], "programs": ["tlf.summary"], "sha256": small.SHA}
    return _sheet.sheet(display, source)


def words(text: str) -> str:
    """Letters and signs without the places where lines break."""
    return re.sub(r"[\s\u200b\u00ad]+", "", text)


@pytest.fixture(scope="module")
def printed(once, shipped):
    """The shipped study, set on paper from the displays of its climb."""

    def make(folder):
        climb.copy_config(climb.ROOT, folder)
        for kept in ("data", "results"):
            (folder / kept).symlink_to(shipped / kept)
        plan = climb.climb(folder, ())
        with climb.inside(folder):
            for job in plan.paper.values():
                csr.print_paper(job)

    folder = once("paper", make)
    with climb.inside(folder):
        plan = climb.climb(folder, ())
    chapters = {name: read_displays(folder / job.outputs["displays"]) for name, job in plan.tlf.items()}
    hashes = {name: io.sha256(folder / job.outputs["facts"]) for name, job in plan.ard.items()}
    return folder, plan, _sheet.sheets(chapters, plan.paper["pdf"].slice, hashes), chapters, hashes


def test_every_numbered_display_has_a_file_of_its_own_without_dots(printed):
    folder, plan, sheets, *_ = printed
    files = {f"{name.replace('.', '-')}.rtf" for name in sheets}
    assert {path.name for path in (folder / "reports/rtf").iterdir()} == files
    assert len(files) > 100
    assert {name for job in ("rtf", "rtf_drawn") for name in plan.paper[job].outputs} == set(sheets)


def test_every_cell_title_and_note_of_every_display_is_read_back_from_its_rtf(printed):
    folder, _, sheets, *_ = printed
    rows = 0
    for name, sheet in sheets.items():
        read = opened((folder / f"reports/rtf/{name.replace('.', '-')}.rtf").read_text(encoding="ascii"))
        lines = {words(line) for line in read.splitlines()}
        joined = words(read)
        for part in (sheet, *sheet["sheets"]):
            assert words(part["title"]) in joined
            for head, text in part["said"]:
                assert words(head) in joined and words(text) in joined, (name, text)
            wanted = texts(part["grid"]) if part["grid"] else []
            heads = len(part["grid"]["heads"]) if part["grid"] else 0
            # A head of two lines is two lines of the reader.
            missing = [line for n, line in enumerate(wanted) if words(line) not in (lines if n >= heads else joined)]
            assert missing == [], name
            rows += len(wanted)
        for text in (*sheet["notes"], sheet["source"], sheet["population"], f"{sheet['word']} {sheet['number']}"):
            assert words(text) in joined, (name, text)
    assert rows > 8_000


def test_the_sheets_hold_the_texts_of_the_displays_and_nothing_else(printed):
    *_, sheets, chapters, _ = printed
    for chapter in chapters.values():
        for display in (d for d in chapter["displays"] if "rows" in d and any(r["cells"] for r in d["rows"])):
            plain = [
                [
                    safe.visible(text)
                    for text in (row["head"], *("".join(p["t"] for p in cell) for cell in row["cells"]))
                ]
                for row in display["rows"]
            ]
            assert [row["cells"] for row in sheets[display["id"]]["grid"]["rows"]] == plain
        for display in (d for d in chapter["displays"] if d["kind"] == "listing" and d["listing"]["row"]):
            lines = zip(*display["listing"]["values"], strict=True)
            plain = [[safe.visible(v or "") for v in line] for line in lines]
            assert [row["cells"] for row in sheets[display["id"]]["grid"]["rows"]] == plain


def test_the_pdf_is_tagged_named_and_bookmarked_in_the_order_of_the_sections(printed):
    folder, plan, sheets, *_ = printed
    reader = pypdf.PdfReader(folder / "reports/csr-appendix.pdf")
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert "pdfuaid:part" in reader.trailer["/Root"]["/Metadata"].get_data().decode()
    assert reader.metadata.title.startswith("NCT07270003")

    def titles(outline):
        for item in outline:
            yield from titles(item) if isinstance(item, list) else [item.title]

    wanted = ["Contents"]
    for section in plan.study.csr["sections"]:
        wanted.append(f"{section['number']} {section['title']}")
        for name in section.get("displays", []):
            sheet = sheets[name]
            wanted += [f"{sheet['word']} {sheet['number']} {sheet['title']}", *(s["title"] for s in sheet["sheets"])]
    assert list(titles(reader.outline)) == wanted


def test_every_cell_of_every_display_is_in_the_text_of_the_pdf(printed):
    folder, _, sheets, *_ = printed
    document = pypdfium2.PdfDocument(folder / "reports/csr-appendix.pdf")
    # A hyphen at the end of a line is told apart by a sign of its own.
    pages = [page.get_textpage().get_text_bounded().replace("\ufffe", "-") for page in document]
    assert all("SYNTHETIC DATA" in page for page in pages)
    whole = words("".join(pages))
    for name, sheet in sheets.items():
        for part in (sheet, *sheet["sheets"]):
            cells = {cell for row in (part["grid"] or {"rows": []})["rows"] for cell in row["cells"]}
            # One cell may go on over a page, where the heads of the columns stand between its lines.
            lost = [cell for cell in sorted(cells) if words(_typeset.shown(cell)) not in whole]
            assert [cell for cell in lost if len(cell) < 60] == [], name


@pytest.mark.req("URS-REP-01")
def test_both_are_the_same_bytes_on_every_run(printed):
    folder, plan, _, chapters, hashes = printed
    part = plan.paper["pdf"].slice
    few = {name: chapters[name] for name in ("individual", "time_to_response", "efficacy")}
    made = {d["id"] for chapter in few.values() for d in chapter["displays"]}
    for name, text in rtf.documents(few, part, hashes, made).items():
        assert (folder / f"reports/rtf/{name.replace('.', '-')}.rtf").read_text(encoding="ascii") == text
    kept = [
        s | {"displays": [d for d in s.get("displays", []) if d in made]}
        for s in part["csr"]["sections"]
        if made & set(s.get("displays", []))
    ]
    few_part = part | {"csr": part["csr"] | {"sections": kept}}
    assert pdf.document(few, few_part, hashes) == pdf.document(few, few_part, hashes)


@pytest.mark.req("URS-SEC-01")
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_and_never_obeyed_by_a_word_processor(text):
    shown = safe.visible(text)
    document = rtf.document(one(small.listing([text, "b", text], [0, 1, 2])), RUNNING, {})
    assert document.isascii()
    assert f"S-1|{shown}|" in opened(document)
    title = rtf.document(one(small.table(title=text)), RUNNING | {"notice": shown}, {})
    assert opened(title).count(shown) == 2
    assert title.count("{") - title.count(r"\{") == title.count("}") - title.count(r"\}")


@pytest.mark.req("URS-SEC-01")
def test_hostile_text_is_shown_and_never_obeyed_by_the_engine():
    chapters = {"efficacy": {"displays": [small.listing(HOSTILE, list(range(len(HOSTILE))))]}}
    part = small.part([{"number": "16.2", "title": HOSTILE[2], "displays": ["l-1"]}])
    made = pdf.document(chapters, part, {"efficacy": small.SHA})
    read = words("".join(page.extract_text() for page in pypdf.PdfReader(stream.BytesIO(made)).pages))
    for text in HOSTILE:
        assert words(_typeset.shown(safe.visible(text))) in read
    assert "⟨U+1F9A0⟩" in read and "⟨U+202E⟩" in read


@pytest.mark.parametrize("paper, size", [("a4", r"\paperw16838\paperh11906"), ("letter", r"\paperw15840\paperh12240")])
def test_the_paper_is_in_landscape_and_every_column_on_it(paper, size):
    document = rtf.document(one(small.table()), RUNNING | {"paper": paper}, {})
    assert size in document and r"\landscape" in document
    edge = rtf.text_width(paper) * rtf.TWIPS
    assert max(map(int, re.findall(r"\\cellx(\d+)", document))) <= edge + 1


def test_heads_are_marked_to_repeat_and_pages_are_numbered():
    document = rtf.document(one(small.table()), RUNNING, {})
    assert document.count(r"\trhdr") == 1
    assert r"\fldinst PAGE}" in document and r"\fldinst NUMPAGES}" in document
    assert "SYNTHETIC DATA. Not real." in opened(document)


@pytest.mark.parametrize("kind", ["table", "listing"])
def test_a_display_without_data_says_so(kind):
    empty = small.table() | {"columns": [], "rows": []} if kind == "table" else small.listing([], [])
    assert f"{_sheet.NOTHING}|" in opened(rtf.document(one(empty), RUNNING, {}))


def test_a_column_is_wide_enough_for_its_longest_word_where_the_page_is():
    grid = one(small.listing(["x" * 40, "b", "c"], [0, 1, 2]))["grid"]
    fitted = _widths.fitted(grid, 700)
    assert sum(fitted["widths"]) <= 700.5
    assert fitted["widths"][1] > 40 * fitted["size"] * 0.45
    crowded = _widths.fitted(grid, 100)
    assert sum(crowded["widths"]) <= 100.5


def test_listings_that_are_too_long_stand_by_reference_with_their_number_of_rows():
    sheets = {name: one(small.listing(["a"] * n, list(range(n)))) for name, n in (("l-16.1", 5), ("l-16.2", 9))}
    left_out = pdf.too_long(sheets, most=6)
    assert list(left_out) == ["l-16.2"]
    assert "9 rows" in left_out["l-16.2"] and "reports/rtf/l-16-2.rtf" in left_out["l-16.2"]
    assert pdf.too_long(sheets, most=14) == {}


def test_without_the_engine_a_line_says_what_installs_it(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(_typeset, "import_module", missing)
    with pytest.raises(Cause, match=r"typst.*make pdf.*requirements-paper"):
        _typeset.compiled("", "{}", format="pdf")
