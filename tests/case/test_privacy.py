"""No date of a patient leaves: not in the page, not in the rows that it embeds, not in the cells of the raw export."""

from __future__ import annotations

import json
import re
import shutil
from datetime import date, timedelta
from pathlib import Path

import csr
import pandas as pd
import pypdf
import pytest
from striprtf.striprtf import rtf_to_text

from crf2csr import privacy
from crf2csr.errors import Cause
from crf2csr.plan import Plan
from crf2csr.specs import Study
from submission import package
from tests import climb
from tests.case import world

pytestmark = pytest.mark.req("URS-SEC-03")

DATES = re.compile(r"\b(?:19|20)\d\d/\d\d(?:/\d\d)?\b")


def every_date(folder: Path) -> set[str]:
    """Every date in the raw files of a study, wherever it stands, in the usual ways of writing one."""
    found: set[str] = set()
    for form in ("pat", "hx", "tx", "score", "lab", "ae", "cm"):
        for text in DATES.findall((folder / f"data/raw/{form}.csv").read_text(encoding="utf-8")):
            found.add(text)
            found.add(text.replace("/", "-"))
            if len(text) == 10:
                at = date(*map(int, text.split("/")))
                found |= {
                    at.strftime(f)
                    for f in ("%d/%m/%Y", "%m/%d/%Y", "%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%B %Y", "%d.%m.%Y")
                }
                found |= {at.strftime("%d-%b-%Y").upper(), str((at - date(1970, 1, 1)).days)}
    return found


@pytest.mark.parametrize("study", ["one", "three"])
def test_no_date_of_a_patient_stands_in_the_page_or_in_what_it_embeds(study: str, request: pytest.FixtureRequest):
    folder = request.getfixturevalue(study)
    text = world.page(folder)
    embedded = json.dumps(world.payload(text), ensure_ascii=False)
    shown = text.replace(re.search(r'id="payload"[^>]*>([^<]*)<', text)[1], "")
    dates = every_date(folder)
    assert len(dates) > 300
    for name, made in (("page", shown), ("payload", embedded)):
        tokens = set(re.findall(r"[0-9A-Za-z]+(?:[-/. ][0-9A-Za-z]+){0,2}", made)) | set(re.findall(r"\b\d+\b", made))
        lost = {d for d in dates if d in tokens or (not d.isdigit() and d in made)}
        assert not lost, (name, sorted(lost)[:5])


def table(folder: Path, name: str) -> dict:
    return next(t for t in world.payload(world.page(folder))["tables"] if t["name"] == name)


def test_the_walk_ends_at_the_cell_with_a_day_in_place_of_its_date(one: Path):
    onset = world.day(world.raw(one, "pat")[0]["ONSET"])
    cells = world.cells(table(one, "raw/tx"), "START")
    assert cells == [f"day {world.from_onset(row['START'], onset)}" for row in world.raw(one, "tx")]
    assert table(one, "raw/tx")["file"] == "data/raw/tx.csv"
    assert world.cells(table(one, "raw/tx"), "STOP")[-1] in ("", None)
    remarks = world.cells(table(one, "raw/hx"), "TEXT")
    assert remarks[0] == "Second dose day -9, pustules from day 1 on"


def test_a_partial_date_is_a_span_of_days(one: Path):
    start = world.cells(table(one, "raw/cm"), "START")
    assert start[1] == "days 12 to 42"  # July of the year of the onset, which was on the 20th of June


def test_ages_are_bands_and_the_date_of_birth_is_withheld(one: Path):
    assert world.raw(one, "pat")[0]["AGE"] == "66"
    assert world.cells(table(one, "raw/pat"), "AGE") == ["65-69"]
    assert world.cells(table(one, "raw/pat"), "BIRTH") == ["[withheld]"]
    assert world.cells(table(one, "sdtm/dm"), "BRTHDTC") == ["[withheld]"]
    assert world.cells(table(one, "sdtm/dm"), "AGE") == world.cells(table(one, "adam/adsl"), "AGE") == ["65-69"]


def test_each_patient_of_a_series_has_days_of_her_own(three: Path):
    shown = world.cells(table(three, "raw/score"), "DATE")
    onsets = {row["CASE_ID"]: world.day(row["ONSET"]) for row in world.raw(three, "pat")}
    rows = world.raw(three, "score")
    assert len(set(onsets.values())) == 3
    assert shown == [f"day {world.from_onset(row['DATE'], onsets[row['CASE_ID']])}" for row in rows]


def test_a_date_after_a_line_feed_is_seen():
    day = (date(2021, 8, 20) - date(1970, 1, 1)).days
    with pytest.raises(Cause, match="a date of a subject"):
        privacy.guard({"text": privacy.flat({"t": "seen\n2021-08-20"})}, {day}, set(), ())


def test_queries_show_days(one: Path):
    listed = world.payload(world.page(one))["listings"]["queries"]
    values = world.cells(listed, "VALUE")
    assert values == ["days 12 to 42"]
    assert "2021" not in json.dumps(listed)


def test_dates_are_shown_where_the_study_says_so(tmp_path: Path):
    folder = world.changed(world.make(tmp_path), "config.yaml", lambda c: c.update(privacy={"dates": "shown"}))
    world.run(folder)
    text = world.page(folder)
    assert "day 62" not in json.dumps(world.payload(text))
    assert world.cells(table(folder, "raw/tx"), "START")[0] == "2021/08/20"
    assert world.cells(table(folder, "raw/pat"), "AGE") == ["66"]
    assert "2024-05-25" in text


def test_a_case_report_hides_dates_without_being_told(tmp_path: Path):
    folder = world.changed(world.make(tmp_path), "config.yaml", lambda c: c.pop("privacy"))
    world.run(folder)
    assert world.cells(table(folder, "raw/tx"), "START")[0] == "day 62"


def test_a_date_that_slips_through_is_not_delivered(tmp_path: Path):
    def leak(csr: dict) -> None:
        csr["sections"][0]["title"] = "The course since 20 August 2021"

    folder = world.changed(world.make(tmp_path), "csr.yaml", leak)
    with pytest.raises(Cause, match="a date of a subject would stand in the page"):
        world.run(folder)


ADSL = pd.DataFrame({"USUBJID": ["S-1"], "SUBJID": ["1"], "ONSETDT": pd.array([18798], dtype="Int64")})
RULE = {"dates": "days", "origin": "ONSETDT", "words": "day", "age_band": 5}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("seen 2021-06-20", "seen day 1"),
        ("seen 2021/06/19 and later", "seen day -1 and later"),
        ("on 20-JUN-2021, 20 Jun 2021", "on day 1, day 1"),
        ("20210620", "day 1"),
        ("2021-06-20T10:30", "day 1"),
        ("in 2021-07", "in days 12 to 42"),
        ("on 03/05/2021", "on [date withheld]"),
        ("since June 2021", "since [date withheld]"),
        ("2021年6月20日", "day 1"),
        ("IgE 1950 IU/mL, ratio 2020.5", "IgE 1950 IU/mL, ratio 2020.5"),
        ("Table 14.2.1.1", "Table 14.2.1.1"),
    ],
)
def test_dates_in_running_text(text: str, told: str):
    mask = privacy.Mask(RULE, ADSL)
    assert mask.text(text, mask.sole) == told


def test_a_date_of_nobody_is_withheld():
    assert privacy.Mask(RULE, ADSL).text("seen 2021-06-20", None) == "seen [date withheld]"


def test_written_knows_every_usual_way():
    day = (date(2021, 8, 5) - date(1970, 1, 1)).days
    assert {
        "2021-08-05",
        "05/08/2021",
        "8/5/2021",
        "5 AUG 2021",
        "05AUG2021",
        "AUGUST 5, 2021",
        "20210805",
        "AUGUST 2021",
    } <= privacy.written([day])
    assert (date(2021, 8, 5) + timedelta(1)).isoformat() not in privacy.written([day])


def test_a_study_that_shows_no_dates_is_not_packaged(one: Path, tmp_path: Path):
    with pytest.raises(Cause, match="its dates may not be shown"):
        package.build(one, tmp_path / "package")
    assert not (tmp_path / "package").exists()


def on_paper(folder: Path) -> dict[str, str]:
    """What `make rtf` and `make pdf` write for a study that was climbed, as text, by file."""
    with climb.inside(folder):
        for job in Plan(Study(".", climb.ROOT / "workflow/schemas")).paper.values():
            csr.print_paper(job)
    read = {path.name: rtf_to_text(path.read_text(encoding="ascii")) for path in (folder / "reports/rtf").iterdir()}
    pages = pypdf.PdfReader(folder / "reports/csr-appendix.pdf").pages
    return read | {"pdf": "\n".join(page.extract_text() for page in pages)}


def test_no_date_of_a_patient_stands_on_paper(one: Path):
    read = on_paper(one)
    sought = {d for d in every_date(one) if not d.isdigit()}
    squeezed = {re.sub(r"\s+", "", d) for d in sought}
    # A cell of the PDF may break within a date: blanks are taken out on both sides.
    found = {(name, d) for name, text in read.items() for d in squeezed if d in re.sub(r"\s+", "", text)}
    assert found == set()
    # The listing of other medication has a start of a month alone; the cut-off on the front ends the follow-up.
    assert "days 12 to 42" in read["l-6.rtf"]
    assert "[date withheld]" in read["pdf"]
    assert len(read) > 10


def test_dates_stand_on_paper_where_the_study_says_so(tmp_path: Path):
    folder = world.changed(world.make(tmp_path), "config.yaml", lambda c: c.update(privacy={"dates": "shown"}))
    world.run(folder)
    shown = "".join(on_paper(folder).values())
    assert "2022-08-07" in shown and "2021-07" in shown and "2024-05-25" in shown


def test_a_date_that_slips_through_is_not_printed(one: Path, tmp_path: Path):
    shutil.copytree(one, tmp_path / "study")
    folder = world.changed(
        tmp_path / "study", "csr.yaml", lambda c: c["sections"][0].update(title="The course since 20 August 2021")
    )
    with pytest.raises(Cause, match="a date of a subject would stand in the page"):
        on_paper(folder)
