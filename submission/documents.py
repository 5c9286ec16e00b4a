"""The documents of the package beside its data: who names them, and that every reference to a file leads to one."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lxml.etree

from crf2csr.errors import Cause
from submission.define_page import ARM, DEF, ODM, XLINK

# Elements of a metadata version that stand before the list of supplemental documents.
BEFORE = (f"{ODM}Description", f"{DEF}Standards", f"{DEF}AnnotatedCRF")


@dataclass(frozen=True)
class Document:
    """One file: its id, what it is, and its place below the folder of the study."""

    id: str
    title: str
    path: str

    def seen_from(self, folder: str) -> str:
        """Its address relative to another folder of the study."""
        return posixpath.relpath(self.path, folder)


SDTM = (Document("LF.GUIDE", "Study Data Reviewer's Guide", "tabulations/sdtm/csdrg.html"),)
ADAM = (
    Document("LF.GUIDE", "Analysis Data Reviewer's Guide", "analysis/adam/datasets/adrg.html"),
    Document(
        "LF.PROGRAMS",
        "Programs that stand alone: what each prints, and what has none",
        "analysis/adam/programs/readme.txt",
    ),
    Document("LF.ARS", "Analyses and results (ARS 1.0)", "misc/ars.json"),
    Document("LF.ARSLEFT", "What of the results ARS has no place for, and why", "misc/ars-ledger.csv"),
)
BOTH = (
    Document("LF.CHANGES", "Cells that were transformed, with both texts", "transformations.csv"),
    Document("LF.FINDINGS", "Findings of the conformance checks", "conformance.csv"),
)


CORE = Document("LF.CORE", "Findings and errors of CDISC's rules engine", "core.csv")


def of(floor: str, *, core: bool) -> tuple[Document, ...]:
    """The documents that the reviewer of one floor needs; ``core``, whether CDISC's rules engine is run."""
    return (*(SDTM if floor == "sdtm" else ADAM), *BOTH, *((CORE,) if core and floor == "sdtm" else ()))


def tables(files: dict[str, str]) -> dict[str, Document]:
    """Display -> its document; ``files`` says where below the folder of the study each lies."""
    return {name: Document(f"LF.{name}", path.rpartition("/")[2], path) for name, path in files.items()}


def named(made: bytes, folder: str, listed: tuple[Document, ...], shown: dict[str, Document]) -> bytes:
    """Return define.xml of ``folder`` with its supplemental documents, and each result display with its table."""
    tree = lxml.etree.fromstring(made)
    version = tree.find(f"{ODM}Study/{ODM}MetaDataVersion")
    supplement = lxml.etree.Element(f"{DEF}SupplementalDoc")
    for one in listed:
        supplement.append(_reference(one))
    version.insert(sum(child.tag in BEFORE for child in version), supplement)
    leaves = list(listed)
    for display in version.iter(f"{ARM}ResultDisplay"):
        if display.get("Name") in shown:
            document = shown[display.get("Name")]
            display.find(f"{ODM}Description").addnext(_reference(document))
            leaves.append(document)
    results = version.find(f"{ARM}AnalysisResultDisplays")
    for one in leaves:
        leaf = lxml.etree.Element(f"{DEF}leaf", {"ID": one.id, f"{XLINK}href": one.seen_from(folder)})
        lxml.etree.SubElement(leaf, f"{DEF}title").text = one.title
        version.append(leaf) if results is None else results.addprevious(leaf)
    lxml.etree.indent(tree)
    return lxml.etree.tostring(tree, xml_declaration=True, encoding="UTF-8") + b"\n"


def _reference(document: Document) -> Any:
    return lxml.etree.Element(f"{DEF}DocumentRef", {"leafID": document.id})


def resolve(root: Path) -> int:
    """Follow every address of every define.xml below ``root``; return how many there are.

    Raises
    ------
    Cause
        When one leads to no file of the package.
    """
    followed = 0
    for path in sorted(root.rglob("define.xml")):
        for leaf in lxml.etree.parse(str(path)).iter(f"{DEF}leaf"):
            target = (path.parent / leaf.get(f"{XLINK}href")).resolve()
            if not target.is_file() or not target.is_relative_to(root.resolve()):
                raise Cause(
                    "names a file that is not in the package",
                    file=path.relative_to(root).as_posix(),
                    field=leaf.get("ID"),
                    value=leaf.get(f"{XLINK}href"),
                )
            followed += 1
    return followed
