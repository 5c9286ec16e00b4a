"""define.xml names the documents beside the data, keeps to its schema with them, and every address leads to a file."""

from __future__ import annotations

import lxml.etree
import pytest

from crf2csr import io
from crf2csr.errors import Cause
from submission import define, define_page, documents
from submission.define_page import DEF, XLINK
from submission.transport import write
from tests.submission.test_define import TERMS, adrs, ae, submission

pytestmark = pytest.mark.req("URS-PKG-02")

FOLDERS = {"sdtm": "tabulations/sdtm", "adam": "analysis/adam/datasets"}


def made(floor: str) -> bytes:
    plain = define.xml(submission(ae() if floor == "sdtm" else adrs()), floor, TERMS)
    return documents.named(plain, FOLDERS[floor], documents.of(floor, core=True), {})


def package(root, floor: str) -> None:
    write(root / FOLDERS[floor] / "define.xml", made(floor))
    for path in [
        *(one.path for one in documents.of(floor, core=True)),
        f"{FOLDERS[floor]}/{'ae' if floor == 'sdtm' else 'adrs'}.xpt",
    ]:
        io.write_text(root / path, "something")


@pytest.mark.parametrize("floor", FOLDERS)
def test_it_keeps_to_the_schema_and_names_each_document_once(floor):
    held = made(floor)
    assert define.faults(held) == []
    version = lxml.etree.fromstring(held)
    named = [one.get("leafID") for one in version.iter(f"{DEF}DocumentRef")]
    assert named == [one.id for one in documents.of(floor, core=True)] and len(set(named)) == len(named)


@pytest.mark.parametrize("floor", FOLDERS)
def test_every_address_leads_to_a_file_of_the_package(tmp_path, floor):
    package(tmp_path, floor)
    assert documents.resolve(tmp_path) == len(documents.of(floor, core=True)) + 1


@pytest.mark.parametrize("lost", ["tabulations/sdtm/csdrg.html", "core.csv", "tabulations/sdtm/ae.xpt"])
def test_a_document_that_is_not_there_is_told(tmp_path, lost):
    package(tmp_path, "sdtm")
    (tmp_path / lost).unlink()
    with pytest.raises(Cause, match=r"define\.xml, field LF\..*names a file that is not in the package"):
        documents.resolve(tmp_path)


def test_an_address_that_leads_out_of_the_package_is_told(tmp_path):
    package(tmp_path / "package", "sdtm")
    io.write_text(tmp_path / "core.csv", "elsewhere")
    path = tmp_path / "package/tabulations/sdtm/define.xml"
    write(path, path.read_bytes().replace(b"../../core.csv", b"../../../core.csv"))
    with pytest.raises(Cause, match="not in the package"):
        documents.resolve(tmp_path / "package")


def test_the_page_links_to_them():
    page = define_page.render(made("adam"))
    for one in documents.of("adam", core=False):
        assert f'<a href="{one.seen_from(FOLDERS["adam"])}">' in page
    assert (
        lxml.etree.fromstring(made("sdtm")).find(f".//{DEF}leaf[@ID='LF.CHANGES']").get(f"{XLINK}href")
        == "../../transformations.csv"
    )
