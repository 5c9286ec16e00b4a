"""Exports that attack: what each text or file must meet, through the real front door.

A text is data: it is staged to the letter, and made harmless where people read it: in a sheet for a spreadsheet and
in the page. A file that would read, write or unpack what it must not is refused with one line.
"""

from __future__ import annotations

import csv
import hashlib
import io
import shutil
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest
import raw
import yaml
from markupsafe import escape

from crf2csr import io as house
from crf2csr import safe
from crf2csr.csr import appendix
from crf2csr.errors import Cause
from crf2csr.plan import Plan
from crf2csr.specs import Study
from tests.climb import ROOT, copy_config, inside
from tests.csr import small
from tests.raw._shapes import sheet, workbook
from trials import files

pytestmark = pytest.mark.req("URS-SEC-01")

# A text in a field of the export -> how a sheet shows it.
ATTACKS = {
    "<script>alert(1)</script>": "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>": "</script><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>': '"><svg onload=alert(1)>',
    "{{ 7 * 7 }}{% raw %}": "{{ 7 * 7 }}{% raw %}",
    "<!--": "<!--",
    '=HYPERLINK("http://x","y")': '\'=HYPERLINK("http://x","y")',
    "+cmd|' /C calc'!A0": "'+cmd|' /C calc'!A0",
    "@SUM(1)": "'@SUM(1)",
    "-2+3": "'-2+3",
    "  =1+1": "'  =1+1",
    "\uff1d1+1": "'\uff1d1+1",
    "rash \u202enuof ton\u202c": "rash \u27e8U+202E\u27e9nuof ton\u27e8U+202C\u27e9",
    "\u2066a\u2069": "\u27e8U+2066\u27e9a\u27e8U+2069\u27e9",
    "ad\u200bmin\u00ad": "ad\u27e8U+200B\u27e9min\u27e8U+00AD\u27e9",
    "\u001b[31mred\u0007": "\u27e8U+001B\u27e9[31mred\u27e8U+0007\u27e9",
}

MEGABYTE = "x" * 1_000_000

# A name in the manifest: none may lead out.
NAMES = ["../AE.csv", "/etc/passwd", "a/../../AE.csv", "..\\AE.csv", "C:AE.csv", "AE.csv\x00.txt"]

# A file in place of the form's -> words of the rule that refuses it.
FILES = {
    "entities": "document type declaration",
    "external_entity": "document type declaration",
    "swollen_workbook": "would unpack to",
    "formulas_without_values": "formula",
}


def test_what_hides_is_never_taken_for_printable():
    """Printable texts are not searched for what hides."""
    hidden = safe.HIDDEN.findall("".join(map(chr, range(sys.maxunicode + 1))))
    assert len(hidden) > 200 and not [one for one in hidden if one.isprintable()]


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    """The shipped configuration beside a copy of the raw files that the trials of this module change."""
    folder = copy_config(ROOT, tmp_path_factory.mktemp("attacked"))
    shutil.copytree(ROOT / "data/raw", folder / "data/raw")
    return folder


@pytest.fixture(scope="module")
def study(base) -> Study:
    """The configuration, read once; the manifest is read anew by each trial."""
    with inside(base):
        return Study(".", ROOT / "workflow/schemas", {})


@pytest.fixture
def export(base):
    """The folder of raw data, put back as it was after the trial."""
    folder = base / "data/raw"
    before = {path: path.read_bytes() for path in (folder / "AE.csv", folder / "manifest.yaml")}
    there = set(base.rglob("*"))
    yield folder
    for path in set(base.rglob("*")) - there:
        if path.is_file():
            path.unlink()
    for path, content in before.items():
        path.write_bytes(content)


def staged(base: Path, study: Study) -> pd.DataFrame:
    """AE through the door of the raw floor, by the manifest as it is now."""
    with inside(base):
        study.manifest = study.read_manifest()
        job = Plan(study).raw["ae"]
        raw.stage(job)
        return pd.read_parquet(job.outputs["data"])


def deliver(folder: Path, change) -> None:
    """Change the entry of AE in the manifest, or its file."""
    manifest = yaml.safe_load((folder / "manifest.yaml").read_text(encoding="utf-8"))
    entry = next(file for file in manifest["files"] if file["form"] == "AE")
    change(folder, manifest, entry, (folder / "AE.csv").read_bytes())
    (folder / "manifest.yaml").write_text(yaml.safe_dump(manifest, allow_unicode=True), encoding="utf-8")


def with_terms(texts: list[str]):
    """A delivery whose first records bear these verbatims."""

    def change(folder, manifest, entry, content):
        rows = list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))
        place = rows[0].index("AETERM")
        for row, text in zip(rows[1:], texts, strict=False):
            row[place] = text
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(rows)
        made = out.getvalue().encode("utf-8")
        (folder / "AE.csv").write_bytes(made)
        entry["sha256"] = hashlib.sha256(made).hexdigest()

    return change


@pytest.mark.req("URS-RAW-01")
def test_every_text_is_staged_to_the_letter_however_long(base, study, export):
    texts = [*ATTACKS, MEGABYTE]
    deliver(export, with_terms(texts))
    assert staged(base, study)["AETERM"].tolist()[: len(texts)] == texts


@pytest.mark.parametrize("text", ATTACKS)
def test_a_text_in_a_sheet_is_shown_and_never_acts(text):
    made = house.sheet(pd.DataFrame({"value": [text], text: ["x"]}, dtype="str")).decode("utf-8-sig")
    head, row = csv.reader(io.StringIO(made, newline=""))
    assert row[0] == head[1] == ATTACKS[text]


@pytest.mark.parametrize("text", ATTACKS)
def test_a_text_in_the_page_is_no_markup_and_hides_nothing(text):
    read = small.read(
        [small.table(title=text), small.listing([text, "b", "c"], [0, 1, 2])],
        values=(text, "3", "0"),
        queries={"sdtm/_queries/rs": small.asked(message=text)},
    )
    made = appendix.assemble(read, small.part([{"number": "14.2", "title": text, "displays": ["t-1", "l-1"]}]))
    shown = safe.visible(text)
    assert str(escape(shown)) in made
    if "<" in text or shown != text:
        assert text not in made


def test_a_megabyte_in_a_sheet_is_whole():
    made = house.sheet(pd.DataFrame({"value": [MEGABYTE]}, dtype="str"))
    assert made.count(b"x") == len(MEGABYTE)


@pytest.mark.req("URS-SEC-02")
@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_leads_out_is_refused_before_anything_is_opened(base, study, export, name):
    deliver(export, lambda folder, manifest, entry, content: entry.update(name=name))
    with pytest.raises(Cause) as found:
        staged(base, study)
    assert (found.value.file, found.value.field, found.value.value) == ("data/raw/manifest.yaml", "name", name)


@pytest.mark.req("URS-SEC-02")
@pytest.mark.parametrize("name", FILES)
def test_a_file_that_attacks_is_refused_with_one_line(base, study, export, name):
    deliver(export, files.DELIVERIES[name])
    with pytest.raises(Cause, match=FILES[name]) as found:
        staged(base, study)
    assert "\n" not in str(found.value)
    assert found.value.file.startswith("data/raw/AE.")


@pytest.mark.req("URS-SEC-02")
def test_members_of_a_workbook_that_would_leave_the_folder_are_never_written(base, study, export):
    def change(folder, manifest, entry, content):
        rows = list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))
        book = workbook({"AE": sheet(rows[:5])}, more={"../../evil.txt": b"x", "/tmp/crf2csr-evil": b"x"})
        assert "../../evil.txt" in zipfile.ZipFile(io.BytesIO(book)).namelist()
        entry["rows"] = 4
        files._instead(folder, entry, "AE.xlsx", book, adapter="xlsx")

    deliver(export, change)
    assert len(staged(base, study)) == 4
    assert not list(base.parent.rglob("evil.txt")) and not Path("/tmp/crf2csr-evil").exists()
