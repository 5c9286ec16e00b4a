"""The SYNTHETIC export keeps its contract, hangs together, repeats its bytes and tells the truth of its problems."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

import synthetic
from synthetic.disease import area_score
from synthetic.ground import KEYS, table

pytestmark = pytest.mark.req("URS-VER-05")

ROOT = Path(__file__).resolve().parents[2]

REGIONS = {"RP": 2, "LP": 2, "RS": 3, "LS": 3}
PLANTED = {*range(1, 8), *range(9, 18), 20, 21, *range(24, 41)}
CONTRACT = {
    row["form"]: row["fields"].split()
    for row in csv.DictReader((Path(__file__).parent / "contract.csv").read_text(encoding="utf-8").splitlines())
}


@pytest.fixture(scope="module")
def clean():
    return synthetic.generate(60, 7270003, problems=False)


@pytest.fixture(scope="module")
def planted():
    return synthetic.generate(60, 7270003)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, planted):
    out = tmp_path_factory.mktemp("export")
    forms, truth = planted
    synthetic.write(forms, truth, out / "raw", out / "truth", {"subjects": 60, "seed": 7270003, "problems": True})
    return out


def fingerprints(folder: Path) -> dict:
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def number(frame, *fields):
    return frame[list(fields)].astype(int).to_numpy()


def test_every_form_has_the_columns_of_the_contract(clean):
    forms, _ = clean
    assert {name: list(frame.columns) for name, frame in forms.items()} == {
        name: KEYS + fields for name, fields in CONTRACT.items()
    }
    assert len(forms) == 28


def test_every_cell_is_text(planted):
    for name, frame in planted[0].items():
        assert frame.map(lambda v: isinstance(v, str)).all().all(), name


def test_the_same_seed_gives_the_same_bytes_whatever_the_locale_and_the_hash_seed(tmp_path, folder):
    for seed, locale in (("0", "C"), ("77", "tr_TR.UTF-8")):
        out = tmp_path / seed
        env = {**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": locale, "TZ": "Asia/Shanghai"}
        command = [
            sys.executable,
            "-m",
            "synthetic",
            "--subjects",
            "60",
            "--out",
            str(out / "raw"),
            "--truth",
            str(out / "truth"),
        ]
        subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True)
        assert fingerprints(out) == fingerprints(folder)


def test_another_seed_gives_another_study(clean):
    other, _ = synthetic.generate(60, 1, problems=False)
    assert not other["PPPASI"].equals(clean[0]["PPPASI"])


def test_the_committed_export_is_what_the_program_makes(folder):
    assert fingerprints(ROOT / "data" / "raw") == fingerprints(folder / "raw")
    assert fingerprints(ROOT / "data" / "truth") == fingerprints(folder / "truth")


def test_clean_codes_are_in_their_codelists(clean):
    lists = {}
    for row in table("codelists"):
        lists.setdefault(row["codelist"], set()).add(row["code"])
    for row in table("fields"):
        if row["codelist"]:
            values = clean[0][row["form"]][row["field"]]
            found = set(values) if row["type"] == "code" else {part for v in values for part in v.split("|")}
            assert found - {""} <= lists[row["codelist"]], row


def test_clean_numbers_are_in_their_limits(clean):
    for row in table("fields"):
        if row["type"] in ("int", "num") and (row["lo"] or row["hi"]):
            values = clean[0][row["form"]][row["field"]]
            values = pd.to_numeric(values[values != ""])
            assert (values >= float(row["lo"] or "-inf")).all() and (values <= float(row["hi"] or "inf")).all(), row


def test_a_clean_total_is_the_formula_of_its_items(clean):
    frame = clean[0]["PPPASI"]
    tenths = sum(
        w * number(frame, r + "ERY", r + "PUS", r + "DES").sum(axis=1) * number(frame, r + "ARE")[:, 0]
        for r, w in REGIONS.items()
    )
    written = frame["PPTOTAL"] != ""
    assert (np.rint(frame.loc[written, "PPTOTAL"].astype(float) * 10) == tenths[written]).all()


def test_a_clean_area_score_agrees_with_its_percent_and_severity(clean):
    frame = clean[0]["PPPASI"]
    for r in REGIONS:
        area = number(frame, r + "ARE")[:, 0]
        assert (area_score(number(frame, r + "PCT")[:, 0]) == area).all()
        assert ((number(frame, r + "ERY", r + "PUS", r + "DES").sum(axis=1) > 0) == (area > 0)).all()


def test_a_clean_dlqi_total_is_the_sum_of_its_items(clean):
    frame = clean[0]["DLQI"]
    items = [c for c in frame if c.startswith("DLQI") and not c.startswith("DLQI07")]
    total = frame[items].replace("NR", "0").astype(int).sum(axis=1)
    total += np.select([frame["DLQI07A"] == "Y", frame["DLQI07B"] == "LOT", frame["DLQI07B"] == "LITTLE"], [3, 2, 1], 0)
    written = frame["DLTOTAL"] != ""
    assert (total[written] == frame.loc[written, "DLTOTAL"].astype(int)).all()


def test_the_truth_follows_from_the_clean_forms(clean):
    forms, truth = clean
    people = truth["subjects"].set_index("SUBJID")
    frame = forms["PPPASI"].assign(
        tenths=lambda f: sum(
            w * number(f, r + "ERY", r + "PUS", r + "DES").sum(axis=1) * number(f, r + "ARE")[:, 0]
            for r, w in REGIONS.items()
        )
    )
    for event in ("BL", "W12"):
        recorded = frame[frame["EVENT"] == event].set_index("SUBJID")["tenths"].astype(str)
        told = people.loc[people[f"TENTHS_{event}"] != "", f"TENTHS_{event}"]
        assert recorded.to_dict() == told.to_dict()


def test_dates_are_in_order_in_clean_data(clean):
    forms, truth = clean
    people = truth["subjects"].set_index("SUBJID")
    treated = people[people["TREATED"] == "Y"]
    assert (treated["RFICDAT"] < treated["FIRST_DOSE"]).all() and (treated["FIRST_DOSE"] < treated["LAST_DOSE"]).all()
    visits = forms["SV"][forms["SV"]["VISDAT"] != ""]
    planned = visits[~visits["EVENT"].isin(["UNS", "ET"])]
    order = planned["EVENT"].map({name: k for k, name in enumerate(["SCR", "BL", "W1", "W2", "W4", "W8", "W12"])})
    assert (
        planned.assign(order=order)
        .sort_values(["SUBJID", "order"])
        .groupby("SUBJID")["VISDAT"]
        .apply(lambda d: d.is_monotonic_increasing)
        .all()
    )
    ended = forms["AE"][(forms["AE"]["AEENDAT"] != "") & (forms["AE"]["AESTDAT"].str.len() == 10)]
    assert (ended["AESTDAT"] <= ended["AEENDAT"]).all()
    for name, frame in forms.items():
        assert (frame["LASTMOD"] < "2026-10-15").all(), name
        for row in table("fields"):
            if row["form"] == name and row["type"] in ("date", "pdate"):
                assert (frame[row["field"]] < "2026-10-15").all(), row


def test_tablets_returned_follow_from_tablets_taken(clean):
    forms, _ = clean
    assert (forms["DA"]["RETAMT"].astype(int) >= 0).all()
    order = {name: k for k, name in enumerate(["BL", "W2", "W4", "W8", "W12", "ET"])}
    frame = forms["DA"].assign(order=forms["DA"]["EVENT"].map(order)).sort_values(["SUBJID", "order"])
    before = frame.groupby("SUBJID")["DISPAMT"].shift().fillna("0").astype(int)
    assert (frame["RETAMT"].astype(int) <= before).all()


def test_numbers_of_adverse_events_exist_where_they_are_referred_to(clean):
    forms, _ = clean
    known = set(zip(forms["AE"]["SUBJID"], forms["AE"]["AESPID"], strict=False))
    for form, field in (("EX", "EXAENO"), ("CM", "CMAENO")):
        used = forms[form][forms[form][field] != ""]
        assert len(used) and set(zip(used["SUBJID"], used[field], strict=False)) <= known


def test_every_treated_person_has_failed_a_conventional_systemic_therapy(clean):
    forms, truth = clean
    treated = set(truth["subjects"].loc[truth["subjects"]["TREATED"] == "Y", "SUBJID"])
    frame = forms["PRTX"]
    failed = frame[frame["PTCAT"].isin(["RETINOID", "MTX", "CSA", "TWHF"]) & frame["PTSTOP"].isin(["INEFF", "INTOL"])]
    assert treated <= set(failed["SUBJID"])


def test_the_study_of_60_is_plausible(clean):
    people = clean[1]["subjects"]
    treated = people[people["TREATED"] == "Y"]
    seen = treated[treated["W12_OBSERVED"] == "Y"]
    assert (len(treated), len(clean[0]["DM"])) == (60, 72)
    assert 0.5 <= (seen["W12_HALF"] == "Y").mean() <= 0.66
    assert 6 <= (treated["LEFT_FOR"] != "").sum() <= 14
    assert (people["EARLIER_SUBJID"] != "").sum() == 1


def test_every_problem_of_classes_d_and_q_is_planted_and_none_of_class_r(planted):
    found = {int(k) for k in planted[1]["planted"]["id"]}
    assert found == PLANTED


def test_every_planted_value_stands_at_its_line(folder):
    listed = pd.read_csv(folder / "truth" / "planted.csv", dtype=str, keep_default_na=False)
    for form, rows in listed[listed["line"] != "0"].groupby("form"):
        text = (folder / "raw" / f"{form}.csv").read_bytes().decode("gb18030" if form == "CO" else "utf-8")
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        header, start, at = next(reader), 2, {}
        for record in reader:
            at[start] = dict(zip(header, record, strict=True))
            start = reader.line_num + 1
        for row in rows.to_dict("records"):
            record = at[int(row["line"])]
            assert record.get("SUBJID", "") == row["subjid"]
            assert row["field"] == "*" or record[row["field"]] == row["value"], row


def test_a_record_taken_out_is_gone(planted):
    forms, truth = planted
    out = truth["planted"].query("line == '0' and form == 'ICF'").iloc[0]
    frame = forms["ICF"]
    assert not ((frame["SUBJID"] == out["subjid"]) & (frame["ICTYPE"] == "MAIN")).any()


def test_subjects_whose_primary_result_a_problem_can_change_are_marked(planted):
    people = planted[1]["subjects"].set_index("SUBJID")
    listed = planted[1]["planted"]
    for code in ("27", "31", "32"):
        harmed = listed[
            (listed["id"] == code) & listed["event"].isin(["SCR", "BL", "W12"]) & listed["form"].isin(["PPPASI", "ICF"])
        ]
        harmed = harmed[harmed["sub"] != "outdated version of the consent form"]
        assert len(harmed) and (people.loc[list(harmed["subjid"]), "CLEAN"] == "N").all()
    assert (people.loc[people["TREATED"] == "Y", "CLEAN"] == "N").sum() <= 6


def test_the_manifest_tells_every_file(folder):
    manifest = yaml.safe_load((folder / "raw" / "manifest.yaml").read_text(encoding="utf-8"))
    assert manifest["synthetic"] is True and "SYNTHETIC" in manifest["note"]
    for file in manifest["files"]:
        content = (folder / "raw" / file["name"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file["sha256"]
        rows = list(csv.reader(io.StringIO(content.decode(file["encoding"]), newline=""), strict=True))
        assert len(rows) - 1 == file["rows"] and {len(r) for r in rows} == {len(rows[0])}
        assert b"\x00" not in content and b"\r" not in content
    listed = {file["name"] for file in manifest["files"]} | {"manifest.yaml", "README.md"}
    assert listed == set(fingerprints(folder / "raw"))


@pytest.mark.req("URS-SCL-01")
@pytest.mark.parametrize("subjects", [6, 12, 13, 200])
def test_other_sizes_work(subjects):
    _forms, truth = synthetic.generate(subjects, 3)
    assert (truth["subjects"]["TREATED"] == "Y").sum() == subjects
    assert truth["planted"]["id"].nunique() > 25


@pytest.mark.req("URS-SCL-01")
def test_a_thousand_subjects_take_seconds():
    start = time.perf_counter()
    forms, truth = synthetic.generate(1000, 11)
    assert time.perf_counter() - start < 60
    people = truth["subjects"]
    seen = people[people["W12_OBSERVED"] == "Y"]
    assert 0.54 <= (seen["W12_HALF"] == "Y").mean() <= 0.66
    assert forms["DM"]["SUBJID"].str.fullmatch(r"01-\d{4,5}").all()


def test_a_person_screened_twice_tells_the_same_past(clean):
    forms, truth = clean
    twice = truth["subjects"].query("EARLIER_SUBJID != ''").iloc[0]
    for name in ("DM", "MH", "PPPHX", "PRTX"):
        told = [
            forms[name].query("SUBJID == @who")[CONTRACT[name]].to_numpy().tolist()
            for who in (twice["EARLIER_SUBJID"], twice["SUBJID"])
        ]
        assert told[0] == told[1], name


def test_the_primary_endpoint_can_still_be_computed_where_the_subject_is_clean(planted):
    forms, truth = planted
    frame = forms["PPPASI"].copy()
    for r in REGIONS:
        blank = frame[r + "ARE"] == ""
        frame.loc[blank, r + "ARE"] = area_score(frame.loc[blank, r + "PCT"].astype(int)).astype(str)
    people = truth["subjects"].query("TREATED == 'Y' and CLEAN == 'Y'").set_index("SUBJID")
    frame = frame[frame["SUBJID"].isin(people.index) & frame["EVENT"].isin(["BL", "W12"])]
    tenths = sum(
        w * number(frame, r + "ERY", r + "PUS", r + "DES").sum(axis=1) * number(frame, r + "ARE")[:, 0]
        for r, w in REGIONS.items()
    )
    wide = frame.assign(tenths=tenths).pivot(index="SUBJID", columns="EVENT", values="tenths")
    assert set(wide.index) == set(people.index) and wide["BL"].notna().all()
    half = wide.dropna().eval("2 * W12 <= BL").map({True: "Y", False: "N"})
    assert half.to_dict() == people.loc[people["W12_OBSERVED"] == "Y", "W12_HALF"].to_dict()


def test_more_samples_than_the_protocol_asks_for(clean):
    usual, usual_truth = clean
    forms, truth = synthetic.generate(60, 7270003, problems=False, samples=5)
    treated = truth["subjects"].loc[truth["subjects"]["TREATED"] == "Y", "SUBJID"]
    ratio = forms["LB"]["SUBJID"].isin(treated).sum() / usual["LB"]["SUBJID"].isin(treated).sum()
    assert 4.2 < ratio < 5.5
    key = ["SUBJID", "EVENT", "EVENTREP"]
    dates = forms["SV"].set_index(key)["VISDAT"]
    assert dates.index.is_unique and not forms["LB"].duplicated([*key, "GRPREP"]).any()
    drawn = forms["LB"].loc[lambda lb: lb["EVENT"] == "UNS", [*key, "LBDAT"]].drop_duplicates()
    assert (dates.reindex(drawn.set_index(key).index) == drawn["LBDAT"].to_numpy()).all()
    seen = forms["SV"][forms["SV"]["VISYN"] == "Y"]
    assert not seen.duplicated(["SUBJID", "VISDAT"]).any()
    assert truth["subjects"].equals(usual_truth["subjects"])
    assert all(forms[name].equals(usual[name]) for name in forms if name not in ("LB", "SV"))
