"""RTF: one document per display, to be opened beside the report and pasted into it.

Titles stand in the header of each page and notes in its footer, and the heads of the columns are marked as such, so
that the word processor repeats all three on every page that it makes. Texts are ASCII with escapes: what stands in
the data is shown and never obeyed.
"""

from __future__ import annotations

import re
from typing import Any

from crf2csr.csr import _sheet, _typeset, _widths

TWIPS = 20  # per point
PAPERS = {"a4": (841.9, 595.3), "letter": (792.0, 612.0)}  # points, landscape
MARGIN = 56.7  # points, 2 cm
FAMILIES = r"{\fonttbl{\f0\froman\fcharset0\fprq2 Times New Roman;}{\f1\fnil\fcharset134\fprq2 SimSun;}}"
NARROW = {0: r"\ql", 1: r"\qr"}
RULE = r"\brdrs\brdrw15"
HAIR = r"\brdrs\brdrw5\brdrcf1"
SPECIAL = re.compile(r"[\\{}]|[^\x20-\x7e]")
WIDE = re.compile("([\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]+)")


def text_width(paper: str) -> float:
    """Points between the margins."""
    return PAPERS[paper][0] - 2 * MARGIN


def escaped(text: str) -> str:
    """A text as RTF: ASCII only; ideographs in a face that has them; a line feed is a new line."""
    if text.isascii() and not SPECIAL.search(text):
        return text
    pieces = WIDE.split(text)
    return "".join(
        rf"{{\f1 {SPECIAL.sub(_escape, piece)}}}" if n % 2 else SPECIAL.sub(_escape, piece)
        for n, piece in enumerate(pieces)
    )


def _escape(found: re.Match[str]) -> str:
    character = found.group()
    if character in "\\{}":
        return f"\\{character}"
    if character == "\n":
        return r"\line "
    units = character.encode("utf-16-le")
    codes = (int.from_bytes(units[n : n + 2], "little", signed=True) for n in range(0, len(units), 2))
    return "".join(rf"\u{code}?" for code in codes)


def documents(
    chapters: dict[str, Any], part: dict[str, Any], hashes: dict[str, str], wanted: set[str]
) -> dict[str, str]:
    """The wanted displays as RTF, by id. Only a display with a drawing asks for the engine that draws."""
    made = {}
    for name, sheet in _sheet.sheets(chapters, part, hashes, wanted).items():
        pictures = {one["id"]: _typeset.picture(one["svg"]) for one in (sheet, *sheet["sheets"]) if one["svg"]}
        made[name] = document(sheet, _sheet.running(part), pictures)
    return made


def document(sheet: _sheet.Sheet, running: dict[str, str], pictures: dict[str, bytes]) -> str:
    """One display as an RTF document in ASCII.

    Parameters
    ----------
    sheet : dict
        As ``_sheet`` makes it.
    running : dict
        ``id`` of the study, ``title`` of the appendix and ``notice`` for the head of every page; ``paper`` (``a4`` or
        ``letter``), set in landscape.
    pictures : dict
        PNG of each drawing by the id of its sheet.
    """
    paper = running["paper"]
    wide, high = (round(points * TWIPS) for points in PAPERS[paper])
    margin = round(MARGIN * TWIPS)
    body = [_said(sheet["said"], paper), _picture(sheet, pictures, paper), _grid(sheet["grid"], paper)]
    for one in sheet["sheets"]:
        body.append(r"\pard\plain\page\keepn\sa80\b\f0\fs22 " + escaped(one["title"]) + "\\par\n")
        body += [_said(one["said"], paper), _picture(one, pictures, paper), _grid(one["grid"], paper)]
    return "".join(
        [
            "{\\rtf1\\ansi\\ansicpg1252\\deff0\\uc1\n",
            FAMILIES + "\n",
            "{\\colortbl;\\red190\\green190\\blue190;}\n",
            rf"{{\info{{\title {escaped(_named(sheet))}: {escaped(sheet['title'])}}}}}" + "\n",
            rf"\paperw{wide}\paperh{high}\landscape\margl{margin}\margr{margin}\margt{margin}\margb{margin}" + "\n",
            "\\viewkind1\\sectd\\lndscpsxn\\headery600\\footery500\n",
            _header(sheet, running),
            _footer(sheet),
            *body,
            "}\n",
        ]
    )


def _named(sheet: _sheet.Sheet) -> str:
    return f"{sheet['word']} {sheet['number']}"


def _header(sheet: _sheet.Sheet, running: dict[str, str]) -> str:
    """Protocol and page on the first line, the notice under it, then what the display is."""
    right = round(text_width(running["paper"]) * TWIPS)
    page = r"Page {\field{\*\fldinst PAGE}{\fldrslt 1}} of {\field{\*\fldinst NUMPAGES}{\fldrslt 1}}"
    lines = [
        rf"\pard\plain\tqr\tx{right}\f0\fs16 {escaped(running['id'])}: {escaped(running['title'])}\tab {page}\par",
    ]
    if running["notice"]:
        lines.append(rf"\pard\plain\f0\fs16 {escaped(running['notice'])}\par")
    lines += [
        rf"\pard\plain\qc\sb120\f0\fs20\b {escaped(_named(sheet))}\par",
        rf"\pard\plain\qc\f0\fs20\b {escaped(sheet['title'])}\par",
    ]
    lines.append(rf"\pard\plain\qc\sa120\f0\fs18\i {escaped(sheet['population'])}\par")
    return "{\\header\n" + "\n".join(lines) + "}\n"


def _footer(sheet: _sheet.Sheet) -> str:
    """The notes and, last, where the display comes from."""
    lines = [rf"\pard\plain\sa20\f0\fs16 {escaped(note)}\par" for note in sheet["notes"]]
    lines.append(rf"\pard\plain\sb40\brdrt{HAIR}\brsp40\f0\fs14 {escaped(sheet['source'])}\par")
    return "{\\footer\n" + "\n".join(lines) + "}\n"


def _said(sentences: list[list[str]], paper: str) -> str:
    """Sentences, each with its heading at the left; one without a heading is a paragraph."""
    made = []
    first, last = round(90 * TWIPS), round(text_width(paper) * TWIPS)
    for head, text in sentences:
        if not head:
            made.append(rf"\pard\plain\sa80\f0\fs18 {escaped(text)}\par")
            continue
        made.append(
            rf"\trowd\trkeep\trgaph60\trleft0\clvertalt\cellx{first}\clvertalt\cellx{last}"
            rf"\pard\plain\intbl\sb20\sa20\f0\fs18\b {escaped(head)}\cell"
            rf"\pard\plain\intbl\sb20\sa20\f0\fs18 {escaped(text)}\cell\row"
        )
    return "\n".join([*made, r"\pard\plain\fs8\par", ""]) if made else ""


def _picture(sheet: _sheet.Sheet, pictures: dict[str, bytes], paper: str) -> str:
    """The drawing as a PNG, no wider and no higher than the page leaves room for."""
    if sheet["id"] not in pictures:
        return ""
    png = pictures[sheet["id"]]
    wide, high = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
    scale = min(text_width(paper) / wide, 300 / high, 0.75)
    goals = rf"\picwgoal{round(wide * scale * TWIPS)}\pichgoal{round(high * scale * TWIPS)}"
    words = rf"{{\*\picprop{{\sp{{\sn wzDescription}}{{\sv {escaped(sheet['title'])}}}}}}}"
    lines = re.sub("(.{128})", "\\1\n", png.hex())
    return rf"\pard\plain\keepn\qc {{\pict{words}\pngblip\picw{wide}\pich{high}{goals}" + f"\n{lines}}}\\par\n"


def _grid(grid: dict[str, Any] | None, paper: str) -> str:
    """A table: heads that repeat on each page, and a row per row."""
    if grid is None:
        return ""
    grid = _widths.fitted(grid, text_width(paper))
    ends = [round(sum(grid["widths"][: n + 1]) * TWIPS) for n in range(len(grid["widths"]))]
    made = _heads(grid, ends)
    size = round(grid["size"] * 2)
    under = rf"\clbrdrb{HAIR}" if grid["dense"] else ""
    aligned = [NARROW[0 if text else 1] for text in grid["text"]]
    memory: dict[str, str] = {}
    for n, row in enumerate(grid["rows"]):
        last = n == len(grid["rows"]) - 1
        border = rf"\clbrdrb{RULE}" if last else under
        spans = ends if len(row["cells"]) == len(ends) else ends[-1:]
        cells = "".join(rf"\clvertalt{border}\cellx{end}" for end in spans)
        kept = r"\keepn" if row["bold"] and not last else ""
        before = r"\sb80" if row["bold"] else r"\sb15"
        style = rf"\f0\fs{size}" + (r"\b" if row["bold"] else "")
        texts = []
        for column, text in enumerate(row["cells"]):
            if text not in memory:
                memory[text] = escaped(text)
            indent = rf"\li{round(row['level'] * _widths.INDENT * TWIPS)}" if column == 0 and row["level"] else ""
            texts.append(rf"\pard\plain\intbl{kept}{before}\sa15{aligned[column]}{indent}{style} {memory[text]}\cell")
        made.append(rf"\trowd\trkeep\trgaph60\trleft0{cells}" + "\n" + "\n".join(texts) + "\\row\n")
    return "".join(made) + "\\pard\\plain\\fs4\\par\n"


def _heads(grid: dict[str, Any], ends: list[int]) -> list[str]:
    made = []
    size = round(grid["size"] * 2)
    for n, heads in enumerate(grid["heads"]):
        final = n == len(grid["heads"]) - 1
        cells, texts, column = [], [], 0
        for text, span in heads:
            at = column + span
            top = rf"\clbrdrt{RULE}" if n == 0 else ""
            bottom = rf"\clbrdrb{RULE}" if final else rf"\clbrdrb{HAIR}" if text else ""
            cells.append(rf"\clvertalb{top}{bottom}\cellx{ends[at - 1]}")
            side = r"\qc" if span > 1 else NARROW[0 if grid["text"][column] else 1]
            texts.append(rf"\pard\plain\intbl\keepn\sb40\sa40{side}\f0\fs{size}\b {escaped(text)}\cell")
            column = at
        made.append(r"\trowd\trhdr\trkeep\trgaph60\trleft0" + "".join(cells) + "\n" + "\n".join(texts) + "\\row\n")
    return made
