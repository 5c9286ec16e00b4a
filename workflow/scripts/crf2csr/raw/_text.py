"""Bytes become text: by the declared encoding, strictly, or not at all."""

from __future__ import annotations

import codecs
import re

from crf2csr.errors import Cause

# Encodings of text. Python knows others (escapes, compression, stateful mail encodings) that no export is written in.
KNOWN = re.compile(
    r"ascii|utf-(?:8|16|32)(?:-[lb]e)?|gbk|gb2312|gb18030|big5(?:hkscs)?|shift_jis|euc_(?:jp|kr)|cp\d{3,4}"
    r"|iso8859-\d{1,2}|koi8-[ru]|mac-roman|tis-620"
)
# Longer marks first: the mark of UTF-16 begins that of UTF-32.
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
ONE_BYTE = re.compile(r"cp125\d|iso8859-\d{1,2}")


def codec(encoding: str, file: str) -> str:
    """Python's name of a declared encoding."""
    try:
        name = codecs.lookup(encoding).name
    except (LookupError, ValueError):
        name = ""
    if not KNOWN.fullmatch(name):
        raise Cause("is not an encoding that is known", file=file, field="encoding", value=encoding)
    return name


def decode(content: bytes, encoding: str, file: str) -> str:
    """Decode strictly; an undecodable byte is named by file, line and offset. A byte order mark is not data."""
    name = codec(encoding, file)
    mark, marked = next(((m, c) for m, c in MARKS if content.startswith(m)), (b"", ""))
    if mark and name in (marked, marked[:-3]):
        name, content, skipped = marked, content[len(mark) :], len(mark)
    elif name in ("utf-16", "utf-32"):
        raise Cause("has no byte order mark; declare UTF-16LE or UTF-16BE", file=file, field="encoding", value=encoding)
    elif marked == "utf-8":
        raise Cause("begins with the byte order mark of UTF-8", file=file, field="encoding", value=encoding)
    else:
        skipped = 0
    try:
        text = content.decode(name, errors="strict")
    except UnicodeDecodeError as error:
        line = content[: error.start].decode(name, errors="replace").count("\n") + 1
        bad = content[error.start : error.end].hex(" ")
        raise Cause(f"byte {bad} at offset {error.start + skipped} is not {encoding}", file=file, line=line) from None
    if "\x00" in text:
        line = text[: text.index("\x00")].count("\n") + 1
        raise Cause("a NUL character stands in the text", file=file, line=line)
    # A file of another encoding reads as ISO 8859 without complaint, but for these characters that nobody types.
    if ONE_BYTE.fullmatch(name) and (found := re.search("[\x80-\x9f]", text)):
        line = text[: found.start()].count("\n") + 1
        rule = f"character U+{ord(found.group()):04X} is a control, so the text is not {encoding}"
        raise Cause(rule, file=file, line=line)
    return text
