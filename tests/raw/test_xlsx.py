"""Workbooks: what is stored, what is shown, and what Excel may have made of what was typed."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crf2csr.errors import Cause
from crf2csr.raw import _shown, _workbook, xlsx
from tests.raw import _shapes
from tests.raw._shapes import cell, data, sheet, words, workbook

pytestmark = pytest.mark.req("URS-RAW-07")

FORM = {
    "name": "F",
    "fields": {
        "TXT": {"type": "text"},
        "CODE": {"type": "code"},
        "NUM": {"type": "num"},
        "DAT": {"type": "pdate"},
        "TIM": {"type": "time"},
    },
}


def staged(content: bytes, **entry: object):
    return xlsx.stage(content, {"encoding": "UTF-8"} | entry, "F.xlsx", FORM)


def refused(content: bytes, **entry: object) -> Cause:
    with pytest.raises(Cause) as found:
        staged(content, **entry)
    assert found.value.file.startswith("F.xlsx")
    return found.value


def told(frame) -> list[tuple[str, str, str]]:
    return [(t.field, t.value, t.severity) for t in frame.attrs["told"]]


def one(field: str, inside: str, attributes: str = "", formats: list[str] | None = None):
    """Stage one cell under the name of a field."""
    header = cell(1, 1, f"<is>{words(field)}</is>", ' t="inlineStr"')
    made = staged(workbook({"S": data([[header], [cell(2, 1, inside, attributes)]])}, ["shared"], formats or []))
    return made[field].iloc[0], [(value, severity) for _, value, severity in told(made)]


def test_text_is_staged_to_the_letter():
    rows = [["SUBJID", "TXT"], ["007", " a \n=1+1 <b>&amp;"], ["NA", "1E5"], ["01-01", "_x000D_\r\u200b甲"]]
    made = staged(workbook({"S": sheet(rows)}))
    assert made[["SUBJID", "TXT"]].to_numpy().tolist() == rows[1:]
    assert made["LINE"].tolist() == [2, 3, 4] and told(made) == []


@pytest.mark.parametrize(
    ("field", "value", "shown", "text", "severity"),
    [
        ("NUM", "36.600000000000001", "General", "36.6", None),
        ("NUM", "1E-3", "General", "0.001", None),
        ("CODE", "1", "0", "1", None),
        ("TXT", "7", "General", "7", "info"),
        ("TXT", "123456789012", "General", "123456789012", "major"),
        ("CODE", "100000", "0.00E+00", "100000", "major"),
        ("DAT", "46027", "yyyy\\-mm\\-dd", "2026-01-05", None),
        ("DAT", "46027", '[$-804]yyyy"年"m"月"d"日"', "2026-01-05", None),
        ("DAT", "46027", "General", "46027", None),
        ("DAT", "46082", "mmm-yy", "2026-03", "minor"),
        ("DAT", "46027", "d-mmm", "05-JAN", "major"),
        ("DAT", "59", "yyyy-mm-dd", "59", "major"),
        ("DAT", "46027.4375", "yyyy-mm-dd hh:mm", "2026-01-05T10:30", None),
        ("TXT", "46027", "d-mmm", "05-JAN", "major"),
        ("CODE", "46027", "yyyy-mm-dd", "2026-01-05", "major"),
        ("NUM", "46027", "dd/mm/yyyy", "2026-01-05", "major"),
        ("TIM", "0.4375", "h:mm", "10:30", None),
        ("TIM", "0.43751157407407409", "hh:mm:ss", "10:30:01", None),
        ("TIM", "1.0416666666666667", "[h]:mm", "25:00", None),
        ("NUM", "5", '0.0" days"', "5", None),
    ],
)
def test_a_number_is_read_as_it_is_shown_and_doubts_are_told(field, value, shown, text, severity):
    found, doubts = one(field, f"<v>{value}</v>", ' s="1"', [shown])
    assert found == text
    assert [s for _, s in doubts] == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("field", "inside", "attributes", "text", "doubts"),
    [
        ("TXT", "<v>0</v>", ' t="s"', "shared", []),
        ("NUM", "<v>1</v>", ' t="b"', "TRUE", ["minor"]),
        ("NUM", "<v>#N/A</v>", ' t="e"', "#N/A", ["major"]),
        ("TXT", "<f>A1</f><v>x</v>", ' t="str"', "x", ["info"]),
        ("DAT", "<v>2026-01-05T00:00:00</v>", ' t="d"', "2026-01-05", []),
        ("NUM", "<v>nan</v>", "", "nan", ["major"]),
        ("NUM", "<v>1_0</v>", "", "1_0", ["major"]),
    ],
)
def test_every_kind_of_cell(field, inside, attributes, text, doubts):
    found, told_ = one(field, inside, attributes)
    assert (found, [s for _, s in told_]) == (text, doubts)


def test_days_are_counted_from_1904_where_the_workbook_says_so():
    rows = data([[cell(1, 1, f"<is>{words('DAT')}</is>", ' t="inlineStr"')], [cell(2, 1, "<v>0</v>", ' s="1"')]])
    made = staged(workbook({"S": rows}, [], ["yyyy-mm-dd"], properties='<workbookPr date1904="1"/>'))
    assert made["DAT"].tolist() == ["1904-01-01"]


@pytest.mark.parametrize(
    ("shown", "kinds"),
    [
        ("#14", "dmy"),
        ("#20", "t"),
        ("#11", "e"),
        ("#0", ""),
        ("#58", "dm"),
        ("General", ""),
        ("@", ""),
        ("mm:ss", "t"),
        ("[Red]0.00", ""),
        ('"day "0', ""),
        ("yyyy-mm", "my"),
        ("[$-404]e/m/d", "dmy"),
        ("h:mm AM/PM", "t"),
        ("0.0E+0", "e"),
        ("#,##0 _d", ""),
    ],
)
def test_what_a_format_shows(shown, kinds):
    assert _shown.parts(shown) == kinds


@pytest.mark.parametrize("inside", ["<f>1+1</f>", "<f>1+1</f><v></v>", '<f t="shared" si="0"/>'])
def test_a_formula_without_a_stored_value_stops_with_sheet_and_cell(inside):
    rows = [[cell(1, 2, f"<is>{words('TXT')}</is>", ' t="inlineStr"')], [cell(2, 2, inside)]]
    cause = refused(workbook({"Vital signs": data(rows)}))
    assert cause.field == "Vital signs!B2" and "formula" in cause.rule and cause.line == 2


@pytest.mark.parametrize(
    ("inside", "attributes"), [("<v>1</v>", ' t="s"'), ("<v>-1</v>", ' t="s"'), ("<v>1</v>", ' s="7"')]
)
def test_a_cell_that_refers_to_what_is_not_there_is_refused(inside, attributes):
    rows = data([[cell(1, 1, "<v>0</v>", ' t="s"')], [cell(2, 1, inside, attributes)]])
    cause = refused(workbook({"S": rows}, ["TXT"]))
    assert "does not have" in cause.rule and cause.field == "S!A2"


def test_merged_cells_a_blank_row_and_a_cell_beside_the_columns_are_refused():
    good = sheet([["TXT"], ["a"]])
    assert refused(workbook({"S": good + '<mergeCells><mergeCell ref="A1:B2"/></mergeCells>'})).field == "S!A1:B2"
    assert refused(workbook({"S": sheet([["TXT"], ["a"], [""], ["b"]])})).line == 3
    assert refused(workbook({"S": sheet([["TXT"], ["a", "b"]])})).field == "S!B2"
    assert "twice" in refused(workbook({"S": sheet([["TXT", "TXT"], ["a", "b"]])})).rule
    assert "row of names is empty" in refused(workbook({"S": sheet([])})).rule


def test_hidden_sheets_rows_and_columns_are_staged_and_told_like_sheets_that_no_form_reads():
    hidden = '<cols><col min="2" max="3" hidden="1"/></cols><sheetData><row r="1">'
    hidden += cell(1, 1, f"<is>{words('TXT')}</is>", ' t="inlineStr"') + '</row><row r="2" hidden="1">'
    hidden += cell(2, 1, f"<is>{words('a')}</is>", ' t="inlineStr"') + "</row></sheetData>"
    content = workbook({"S": hidden, "Notes": sheet([["x"]])}, states={"S": "veryHidden"})
    made = staged(content, part="S", parts=["S"])
    assert made["TXT"].tolist() == ["a"]
    assert told(made) == [("*", "Notes", "info"), ("*", "S", "minor"), ("*", "2", "minor"), ("*", "B:C", "minor")]
    assert "S, Notes" in refused(content).rule


def test_labels_and_a_count_below_the_data_are_known():
    made = staged(workbook({"S": sheet([["Text", "No."], ["TXT", "NUM"], ["a", "1"], ["Total: 1"]])}), labels="above")
    assert made["TXT"].tolist() == ["a"] and made.attrs["labels"] == {"TXT": "Text", "NUM": "No."}
    assert made.attrs["aside"] == [(4, "Total: 1")]


def test_comments_are_told():
    relation = f'<Relationship Id="c" Type="{_shapes.OFFICE}/comments" Target="../comments1.xml"/>'
    more = {"xl/worksheets/_rels/s0.xml.rels": f'<Relationships xmlns="{_shapes.PACKAGE}">{relation}</Relationships>'}
    assert told(staged(workbook({"S": sheet([["TXT"], ["a"]])}, more=more))) == [("*", "S", "info")]


@pytest.mark.req("URS-SEC-02")
def test_a_workbook_that_unpacks_beyond_measure_is_refused_before_it_is_unpacked(monkeypatch):
    monkeypatch.setattr(_workbook, "LARGEST", 1 << 20)
    content = workbook({"S": sheet([["TXT"], ["a"]])}, more={"xl/media/zeros": bytes(2 << 20)})
    assert len(content) < 1 << 14 and "would unpack" in refused(content).rule


@pytest.mark.req("URS-SEC-02")
def test_names_in_the_archive_lead_nowhere():
    content = workbook({"S": sheet([["TXT"], ["a"]])}, more={"../../evil.txt": b"x", "/etc/evil": b"x"})
    assert staged(content)["TXT"].tolist() == ["a"]


@pytest.mark.parametrize(
    ("content", "words_"),
    [
        (b"", "not an XLSX"),
        (b"PK\x03\x04", "not an XLSX"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "encrypted or of the old format"),
    ],
)
def test_what_is_no_workbook_is_refused(content, words_):
    assert words_ in refused(content).rule


@pytest.mark.req("URS-SEC-02")
@pytest.mark.parametrize(
    ("part", "text", "words_"),
    [
        ("xl/sharedStrings.xml", '<!DOCTYPE a [<!ENTITY b "c">]><sst/>', "DTD"),
        ("xl/worksheets/s0.xml", "<worksheet><sheetData>", "not well-formed"),
        ("xl/workbook.xml", "<workbook/>", "which sheet"),
    ],
)
def test_a_part_that_attacks_or_is_damaged_is_refused(part, text, words_):
    good = workbook({"S": data([[cell(1, 1, "<v>0</v>", ' t="s"')]])}, ["TXT"])
    memory = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good)) as old, zipfile.ZipFile(memory, "w") as new:
        for name in old.namelist():
            new.writestr(name, text if name == part else old.read(name))
    assert words_ in refused(memory.getvalue()).rule


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\ufffe\uffff"), max_size=12)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.lists(st.lists(TEXT, min_size=2, max_size=2), min_size=1, max_size=4))
def test_any_text_is_staged_as_it_was_stored(rows):
    rows = [["k" + first.replace("\x00", ""), second.replace("\x00", "")] for first, second in rows]
    made = staged(workbook({"S": sheet([["TXT", "CODE"], *rows, ["end", "end"]])}))
    assert made[["TXT", "CODE"]].to_numpy().tolist()[: len(rows)] == rows


@settings(max_examples=120, derandomize=True, deadline=None)
@given(st.data())
def test_a_damaged_workbook_is_staged_or_refused_and_never_crashes(data_):
    content = bytearray(_damaged())
    for _ in range(data_.draw(st.integers(1, 3))):
        content[data_.draw(st.integers(0, len(content) - 1))] = data_.draw(st.integers(0, 255))
    try:
        staged(bytes(content))
    except Cause:
        return


def _damaged() -> bytes:
    """A workbook without compression: what is damaged is XML and the archive's own words."""
    good = workbook(
        {"S": data([[cell(1, 1, "<v>0</v>", ' t="s"')], [cell(2, 1, "<v>46027</v>", ' s="1"')]])}, ["DAT"], ["d-mmm"]
    )
    memory = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good)) as old, zipfile.ZipFile(memory, "w") as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name), old.read(name))
    return memory.getvalue()


PIECES = st.sampled_from(
    [
        "<sheetData>",
        "</sheetData>",
        '<row r="1">',
        "<row>",
        '<row r="x">',
        "</row>",
        '<c t="s"><v>0</v></c>',
        '<c t="s"><v>9</v></c>',
        '<c t="s"><v>-1</v></c>',
        '<c r="A1"><v>1</v></c>',
        '<c r="?"><v>1</v></c>',
        '<c s="1"><v>46027</v></c>',
        '<c s="9"><v>1</v></c>',
        '<c s="1"><v>-5</v></c>',
        '<c s="1"><v>1e300</v></c>',
        '<c t="q"><v>1</v></c>',
        "<c><f>1</f></c>",
        '<c t="inlineStr"><is><t>a</t><rPh><t>b</t></rPh></is></c>',
        "<c/>",
        "<v>3</v>",
        "<is>",
        "</is>",
        '<col hidden="1"/>',
        "<mergeCell/>",
    ]
)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.lists(PIECES, max_size=10))
def test_any_sheet_is_staged_or_refused_and_never_crashes(pieces):
    try:
        staged(workbook({"S": "".join(pieces)}, ["TXT"], ["d-mmm"]))
    except Cause:
        return
