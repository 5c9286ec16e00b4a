"""The tiny study in the shape of every vendor's export gives the same staging, cell by cell."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd
import pytest
import raw
import yaml

from crf2csr import specs
from crf2csr.plan import Plan
from crf2csr.raw import delimited, odm, redcap, sas, xlsx, xpt
from tests import tiny
from tests.climb import ROOT, inside
from tests.raw import _shapes

pytestmark = pytest.mark.req("URS-RAW-09")

UTF8 = {"encoding": "UTF-8", "name": "export"}


@pytest.fixture(scope="module")
def study(once) -> Path:
    return once("tiny_raw", tiny.make)


@pytest.fixture(scope="module")
def loaded(study) -> specs.Study:
    with inside(study):
        return specs.Study(".", ROOT / "workflow/schemas", {})


@pytest.fixture(scope="module")
def forms(study, loaded) -> dict[str, pd.DataFrame]:
    """The staging of one CSV per form, without the places of the records: what every shape must give."""
    found = {}
    for form in loaded.crf.values():
        entry = loaded.file_of(form["name"])
        content = (study / "data/raw" / entry["name"]).read_bytes()
        found[form["name"]] = values(delimited.stage(content, entry, entry["name"]))
    assert len(found) == 28 and found["LB"].shape[0] > 100
    return found


def values(staged: pd.DataFrame) -> pd.DataFrame:
    return staged.drop(columns="LINE").astype(object)


def assert_same(made: pd.DataFrame, expected: pd.DataFrame) -> None:
    """The same names, records and cells; the order of records and columns is the vendor's."""
    assert set(made.columns) >= set(expected.columns)
    order = [name for name in _shapes.KEYS if name in expected] + sorted(set(expected.columns) - set(_shapes.KEYS))
    left, right = (sorted(frame[order].itertuples(index=False, name=None)) for frame in (made, expected))
    assert left == right
    assert made["LINE"].is_unique


@pytest.mark.parametrize(
    ("options", "encoding", "before"),
    [
        ({"delimiter": "tab"}, "utf-8", ""),
        ({"delimiter": "semicolon"}, "utf-8-sig", ""),
        ({"delimiter": ";", "separator_line": True}, "utf-8", "sep=;\r\n"),
        ({"encoding": "UTF-16"}, "utf-16", ""),
        ({"encoding": "UTF-16LE"}, "utf-16-le", "\ufeff"),
        ({"encoding": "UTF-16BE", "delimiter": "|"}, "utf-16-be", ""),
        ({"encoding": "GB18030"}, "gb18030", ""),
        ({"encoding": "GBK"}, "gbk", ""),
    ],
)
def test_delimited_text_in_every_dress(forms, options, encoding, before):
    entry = UTF8 | options
    mark = {"tab": "\t", "semicolon": ";"}.get(options.get("delimiter", ","), options.get("delimiter", ","))
    for name in ("AE", "CO", "PRTX", "DA"):
        frame = forms[name]
        content = _shapes.delimited(frame, mark, encoding, before)
        assert_same(delimited.stage(content, entry, "export"), frame)


@pytest.mark.parametrize(("typed", "history"), [(False, False), (True, True)])
def test_odm_snapshot_and_history_typed_and_not(forms, typed, history):
    content = _shapes.odm(forms, typed=typed, history=history)
    for name, frame in forms.items():
        made = odm.stage(content, UTF8 | {"part": name, "uses": len(forms)}, "export.xml")
        assert list(made.columns) == ["LINE", *frame.columns]
        assert_same(made, frame)
        # A history tells what it took out, and nothing else.
        assert {told.rule for told in made.attrs["told"]} == ({"R-REMOVED"} if history and len(frame) > 1 else set())


def test_redcap_with_boxes_events_and_repeating_instruments(forms):
    boxes = {
        f"{form}.{name}": sorted({code for cell in frame[name] for code in cell.split("|") if code})
        for form, frame in forms.items()
        for name in ("PPFOCAL", "JTSITE", "AESI")
        if name in frame
    }
    assert len(boxes) == 3
    content, dictionary = _shapes.redcap(forms, boxes)
    beside = {"dictionary": (dictionary, UTF8)}
    same = ["SITEID", "SUBJID", "EVENT"]
    for form, frame in forms.items():
        entry = UTF8 | {"part": form.lower(), "study": "S", "uses": len(forms)}
        made = redcap.stage(content, entry, "export.csv", None, beside)
        items = [name for name in frame if name not in _shapes.KEYS]
        made = made.rename(columns={f"{form.lower()}_{name.lower()}": name for name in items})
        expected = frame[[*same, *items]].copy()
        for name in items:
            if f"{form}.{name}" in boxes:
                # Boxes stand in the order of the dictionary, whatever the order in which they were ticked.
                expected[name] = expected[name].map(lambda cell: "|".join(sorted(cell.split("|"))))
        assert_same(made[["LINE", *same, *items]], expected)
        assert set(made["FORMSTAT"]) <= {"2"} and set(made["STUDYID"]) <= {"S"}
        assert set(made["FORM"]) <= {form.lower()}


def test_sas_data_sets(forms):
    for frame in forms.values():
        assert_same(sas.stage(_shapes.sas7bdat(frame), UTF8, "one.sas7bdat"), frame)


@pytest.mark.parametrize("version", [5, 8])
def test_sas_transport_files(forms, tmp_path, version):
    for frame in forms.values():
        assert_same(xpt.stage(_shapes.xpt(frame, tmp_path, version), UTF8, "one.xpt"), frame)


def test_one_workbook_with_a_sheet_per_form(forms, loaded):
    content = _shapes.xlsx(forms)
    for name, frame in forms.items():
        made = xlsx.stage(content, UTF8 | {"part": name}, "export.xlsx", loaded.crf[name.lower()])
        assert_same(made, frame)
        # Numbers in fields of text are told once a column; nothing else is doubtful.
        assert {told.severity for told in made.attrs["told"]} <= {"info"}


def test_a_manifest_may_mix_vendors_and_give_several_forms_of_one_file(study, forms, tmp_path):
    """The doors stage a delivery in which each vendor sends some forms, and give what they give for the CSV files."""
    names = list(forms)
    groups = {kind: {n: forms[n] for n in names[i::5]} for i, kind in enumerate(("odm", "xlsx", "sas", "xpt", "csv"))}
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "config").symlink_to(study / "config")
    raw_folder = folder / "data/raw"
    raw_folder.mkdir(parents=True)
    manifest = yaml.safe_load((study / "data/raw/manifest.yaml").read_text(encoding="utf-8"))
    kept = [f for f in manifest["files"] if f["form"] not in forms or f["form"] in groups["csv"]]
    for file in kept:
        target = raw_folder / file["name"]
        target.parent.mkdir(exist_ok=True)
        target.write_bytes((study / "data/raw" / file["name"]).read_bytes())

    def put(name: str, content: bytes, **more: object) -> None:
        (raw_folder / name).write_bytes(content)
        sha = hashlib.sha256(content).hexdigest()
        kept.append({"name": name, "sha256": sha, "encoding": "UTF-8", "locale": "zh-CN"} | more)

    put("edc.xml", _shapes.odm(groups["odm"], history=True), adapter="odm", forms={n: n for n in groups["odm"]})
    put("lab.xlsx", _shapes.xlsx(groups["xlsx"]), adapter="xlsx", forms={n: {"part": n} for n in groups["xlsx"]})
    for name, frame in groups["sas"].items():
        put(f"{name.lower()}.sas7bdat", _shapes.sas7bdat(frame), adapter="sas", form=name)
    for name, frame in groups["xpt"].items():
        put(f"{name.lower()}.xpt", _shapes.xpt(frame, tmp_path, 5), adapter="xpt", form=name)
    (raw_folder / "manifest.yaml").write_text(yaml.safe_dump(manifest | {"files": kept}), encoding="utf-8")
    with inside(folder):
        plan = Plan(specs.Study(".", ROOT / "workflow/schemas", {}))
        for name, frame in forms.items():
            job = plan.raw[name.lower()]
            raw.stage(job)
            assert_same(pd.read_parquet(job.outputs["data"]), frame)
            told = pd.read_parquet(job.outputs["queries"])
            assert set(told["SEVERITY"]) <= {"info"} and set(told["RULE"]) <= {"R-REMOVED", "R-EXCEL"}
            removed = told[told["RULE"] == "R-REMOVED"]
            assert removed["REC"].str.fullmatch(rf"{name}:[0-9]+").all()
