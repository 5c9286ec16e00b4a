"""XML read as a stream of elements, without any of what makes XML dangerous.

A document type declaration is refused, and with it every entity: no expansion, no file or address that is not the
export itself. Elements nested beyond reason are refused too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.parsers import expat

from crf2csr.errors import Cause
from crf2csr.raw._text import codec, decode

DEEPEST = 200
CHUNK = 1 << 20
Start = Callable[[str, dict[str, str], int], None]
End = Callable[[str, str], None]


class Bare(dict[str, str]):
    """Names without their namespaces, each cut once."""

    def __missing__(self, name: str) -> str:
        """Cut a name that was not seen before."""
        self[name] = bare(name)
        return self[name]


def bare(name: str) -> str:
    """The name of an element or attribute without its namespace."""
    return name.rpartition(" ")[2]


def _refuse_doctype(file: str) -> Callable[..., None]:
    def refuse(*_: object) -> None:
        raise Cause("has a document type declaration (DTD or entities), which no export needs", file=file)

    return refuse


def _utf8(content: bytes, encoding: str, file: str) -> bytes:
    """The document in UTF-8, after its own declaration and the manifest's have been compared."""
    name = codec(encoding, file)
    text = decode(content, encoding, file)
    said = re.match(r"<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']+)", text)
    if said:
        own = codec(said.group(1), file)
        if own not in (name, "ascii") and own.removesuffix("-le").removesuffix("-be") != name.rsplit("-", 1)[0]:
            rule = f"the document says that it is {said.group(1)}"
            raise Cause(rule, file=file, line=1, field="encoding", value=encoding)
    return text.encode("utf-8")


def parse(content: bytes, encoding: str, file: str, start: Start, end: End) -> None:
    """Walk through a document.

    Parameters
    ----------
    content : bytes
        The document.
    encoding : str
        The declared encoding; the document's own declaration may not contradict it.
    file : str
        Its name, for messages.
    start : callable
        Called with the name of an element (``namespace local``), its attributes and its line.
    end : callable
        Called with the name of an element and the text that stood directly in it before its last child.

    Raises
    ------
    Cause
        Not well-formed, a document type declaration, nested too deeply, another encoding.
    """
    parser = expat.ParserCreate("utf-8", " ")
    parser.buffer_text = True
    texts: list[list[str]] = [[]]

    def opened(name: str, attributes: dict[str, str]) -> None:
        if len(texts) > DEEPEST:
            raise Cause(f"elements are nested more than {DEEPEST} deep", file=file, line=parser.CurrentLineNumber)
        texts.append([])
        start(name, attributes, parser.CurrentLineNumber)

    def closed(name: str) -> None:
        end(name, "".join(texts.pop()))

    def said(text: str) -> None:
        texts[-1].append(text)

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = opened, closed, said
    parser.StartDoctypeDeclHandler = _refuse_doctype(file)
    document = _utf8(content, encoding, file)
    try:
        for begin in range(0, len(document), CHUNK):
            parser.Parse(document[begin : begin + CHUNK], False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        rule = f"is not well-formed XML ({expat.ErrorString(error.code)})"
        raise Cause(rule, file=file, line=error.lineno) from None
