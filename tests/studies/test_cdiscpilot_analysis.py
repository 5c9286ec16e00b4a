"""The CDISC pilot through all floors: three arms, counted again here straight from the raw exports.

The numbers of this file are made with a few lines of pandas and lifelines on the exports, never with the house.
Published: 254 safety subjects (86, 84 and 84 by planned arm), 1,191 adverse events, and a first dermatologic event
in 29, 62 and 61 subjects.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter
from lifelines.statistics import multivariate_logrank_test
from scipy import stats
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.stats.proportion import confint_proportions_2indep

from crf2csr.listings import read_displays
from tests.ard._rscript import ask
from tests.climb import ROOT, SHARED, copy_config
from tests.score_interval import ends_of, score

pytestmark = pytest.mark.req("URS-STU-02")

RAW = SHARED / "data/cdiscpilot/raw"
STUDY = ROOT / "studies/cdiscpilot"
ARMS = ["Placebo", "Xanomeline Low Dose", "Xanomeline High Dose"]
CODES = {"Pbo": ARMS[0], "Xan_Lo": ARMS[1], "Xan_Hi": ARMS[2]}
SIZES = [86, 84, 84]
TABLES = [
    "t-14.1.1",
    "t-14.1.2",
    "t-14.1.3",
    "t-14.2.1",
    "f-14.2.1",
    "t-14.2.2",
    "f-14.2.2",
    "t-14.3.1.1",
    "t-14.3.1.2",
    "t-14.3.1.3",
    "t-14.3.1.4",
]
WORDS = "APPLICATION|DERMATITIS|ERYTHEMA|BLISTER"
NOT_DERMATOLOGIC = ["COLD SWEAT", "HYPERHIDROSIS", "ALOPECIA"]


@pytest.fixture(scope="module")
def folder(pilot) -> Path:
    """The study after one climb through every floor."""
    return pilot


def table(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_parquet(folder / f"results/{name}.parquet")


def displays(folder: Path) -> dict[str, dict]:
    files = sorted((folder / "results/tlf").glob("*.json"))
    return {d["id"]: d for file in files for d in read_displays(file)["displays"]}


def text(cell: list[dict]) -> str:
    return "".join(part["t"] for part in cell)


def column(display: dict, number: int) -> dict[str, str]:
    """Texts of one column by the head of their rows."""
    return {row["head"]: text(row["cells"][number]) for row in display["rows"] if row["cells"]}


def export(form: str) -> pd.DataFrame:
    return pd.read_csv(RAW / f"{form}_raw.csv", dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    """Treated subjects from the exports alone: planned arm, first dose, end of participation."""
    if not RAW.is_dir():
        pytest.skip(f"the public raw exports of the CDISC pilot are not at {RAW}")
    dm, ec, ds = export("dm"), export("ec"), export("ds")
    start = pd.to_datetime(ec["IT.ECSTDAT"], format="%d-%b-%Y").groupby(ec["PATNUM"]).min()
    ended = ds[~ds["IT.DSDECOD"].isin(["", "Randomized", "Screen Failure"])]
    end = pd.to_datetime(ended["DSDTCOL"], format="%m-%d-%Y").groupby(ended["PATNUM"]).max()
    reason = ended.set_index("PATNUM")["IT.DSDECOD"]
    stop = pd.to_datetime(ended.set_index("PATNUM")["IT.DSSTDAT"], format="%m-%d-%Y").rename("STOP")
    dm["ARM"] = dm["PLANNED_ARMCD"].map(CODES)
    frame = (
        dm.set_index("PATNUM")
        .join(start.rename("START"))
        .join(end.rename("END"))
        .join(reason.rename("REASON"))
        .join(stop)
    )
    return frame[frame["START"].notna()]


@pytest.fixture(scope="module")
def emergent(people) -> pd.DataFrame:
    """Events that start on or after the first dose, or may have: known to the month, the year, or not at all."""
    ae = export("ae")
    parts = ae["IT.AESTDAT"].str.extract(r"^(?:(?P<m>\d\d)/)?(?:(?P<d>\d\d)/)?(?P<y>\d{4})?$")
    first = pd.to_datetime(parts["y"] + "-" + parts["m"].fillna("01") + "-" + parts["d"].fillna("01"))
    last = first.where(parts["d"].notna(), first + pd.offsets.MonthEnd(0))
    last = last.where(parts["m"].notna(), first + pd.offsets.YearEnd(0))
    dose = ae["PATNUM"].map(people["START"])
    day = first.where((first >= dose) | (last < dose), dose).where(first.notna(), dose)
    ae = ae.assign(DAY=day, ARM=ae["PATNUM"].map(people["ARM"]))
    return ae[(ae["DAY"] >= dose) & dose.notna()]


@pytest.fixture(scope="module")
def times(people, emergent) -> pd.DataFrame:
    """Days to the first dermatologic event, or to the end of participation without one."""
    first = skin(emergent).groupby("PATNUM")["DAY"].min().reindex(people.index)
    return pd.DataFrame(
        {
            "TIME": (first.fillna(people["END"]) - people["START"]).dt.days + 1,
            "EVENT": first.notna(),
            "ARM": people["ARM"],
        }
    )


def test_the_exports_hold_the_subjects_and_events_that_are_published(people):
    assert people["ARM"].value_counts()[ARMS].tolist() == SIZES
    assert len(people) == 254 and len(export("ae")) == 1191


@pytest.mark.parametrize("display", TABLES)
def test_every_table_has_the_three_planned_arms_with_their_sizes(folder, display):
    made = displays(folder)[display]
    heads = made["spanners"][0] if "spanners" in made else made["columns"]
    shown = [(head["label"], text(head["n"])) for head in heads]
    wanted = [(arm, f"N = {size}") for arm, size in zip(ARMS, SIZES, strict=True)]
    assert shown[:3] == wanted
    assert shown[3:] in ([], [("Total", "N = 254")])


@pytest.mark.parametrize("number", range(3))
def test_disposition_counts_the_reasons_of_the_exports(folder, people, number):
    mine = people.loc[people["ARM"] == ARMS[number], "REASON"].value_counts()
    shown = {
        head.lower(): int(cell.split(" ")[0]) for head, cell in column(displays(folder)["t-14.1.1"], number).items()
    }
    assert shown["completed the study"] == mine["Completed"]
    assert shown["discontinued the study"] == mine.drop("Completed").sum()
    reasons = {reason.lower(): count for reason, count in mine.drop("Completed").items()}
    assert {k: v for k, v in shown.items() if k in reasons} == reasons
    assert shown["other or not recorded"] == shown["still in the study"] == 0


@pytest.mark.parametrize("number", range(3))
def test_demography_describes_the_subjects_of_the_exports(folder, people, number):
    mine = people[people["ARM"] == ARMS[number]]
    made = displays(folder)["t-14.1.2"]
    age = mine["IT.AGE"].astype(float)
    shown = column(made, number)
    assert shown["Female"].split(" ")[0] == str((mine["IT.SEX"] == "Female").sum())
    assert shown["White"].split(" ")[0] == str((mine["IT.RACE"] == "White").sum())
    assert shown["Hispanic or Latino"].split(" ")[0] == str((mine["IT.ETHNIC"] == "Hispanic or Latino").sum())
    assert shown["<65"].split(" ")[0] == str((age < 65).sum()) and shown[">80"].split(" ")[0] == str((age > 80).sum())
    first = next(i for i, row in enumerate(made["rows"]) if row["head"] == "Mean (SD)")
    assert text(made["rows"][first]["cells"][number]).split(" ")[0] == f"{age.mean():.1f}"
    assert text(made["rows"][first + 1]["cells"][number]) == f"{age.median():.1f}"


def test_every_adverse_event_of_the_exports_is_in_adae(folder):
    assert len(table(folder, "adam/adae")) == len(export("ae")) == 1191


@pytest.mark.parametrize("number", range(3))
def test_emergent_events_are_counted_as_in_the_exports(folder, emergent, number):
    mine = emergent[emergent["ARM"] == ARMS[number]]
    made = displays(folder)["t-14.3.1.1"]
    subjects, events = column(made, 2 * number), column(made, 2 * number + 1)
    for head, some in {
        "Treatment-emergent adverse event": mine,
        "Serious": mine[mine["IT.AESER"] == "Yes"],
        "Severe": mine[mine["IT.AESEV"] == "Severe Adverse Event"],
        "Leading to death": mine[mine["IT.AESDTH"] == "Yes"],
        "Related": mine[mine["IT.AEREL"].isin(["Probably Related", "Possibly Related", ""])],
    }.items():
        assert (int(subjects[head].split(" ")[0]), int(events[head])) == (some["PATNUM"].nunique(), len(some)), head


def skin(emergent):
    """The dermatologic events."""
    term, organ = emergent["AEDECOD"], emergent["AEBODSYS"] == "SKIN AND SUBCUTANEOUS TISSUE DISORDERS"
    return emergent[term.str.contains(WORDS) | (organ & ~term.isin(NOT_DERMATOLOGIC))]


@pytest.mark.parametrize("arm", ARMS[1:])
@pytest.mark.parametrize("line", ["Any", "Dermatologic"])
def test_each_active_arm_against_placebo_agrees_with_other_implementations(folder, people, emergent, arm, line):
    hit = people.index.isin((skin(emergent) if line == "Dermatologic" else emergent)["PATNUM"])
    mine = people.assign(HIT=hit)[people["ARM"].isin([arm, ARMS[0]])]
    # One table of outcome by arm for each sex: the active arm and the event first.
    table_of = {
        sex: np.array(
            [
                [(own["HIT"] == y).sum() for y in (True, False)]
                for own in (part[part["ARM"] == a] for a in (arm, ARMS[0]))
            ]
        )
        for sex, part in mine.groupby("IT.SEX")
    }
    (x1, f1), (x0, f0) = whole = sum(table_of.values())
    facts = table(folder, "ard/safety").query("analysis == 'differences' and context.isna()", engine="python")
    ours = facts[(facts["group1_level"] == arm) & (facts["variable_level"] == line)].set_index("stat_name")["stat"]
    assert [ours[s] for s in ("n", "N", "reference_n", "reference_N")] == [x1, x1 + f1, x0, x0 + f0]
    assert ours["fisher_p"] == pytest.approx(stats.fisher_exact(whole).pvalue, rel=1e-9)
    ratio = stats.contingency.odds_ratio(whole)
    assert ours["odds_ratio"] == pytest.approx(ratio.statistic, rel=1e-6)
    assert tuple(ours[["odds_ratio_low", "odds_ratio_high"]]) == pytest.approx(
        tuple(ratio.confidence_interval()), rel=1e-6
    )
    newcombe = confint_proportions_2indep(x1, x1 + f1, x0, x0 + f0, method="newcomb", compare="diff")
    assert tuple(ours[["newcombe_low", "newcombe_high"]]) == pytest.approx(newcombe, rel=1e-9)
    for end, edge in (("low", 1.96), ("high", -1.96)):
        at = ours[f"miettinen_nurminen_{end}"]
        assert score(at, x1, f1, x0, f0) == pytest.approx(edge, abs=1e-4)
    strata = StratifiedTable(list(table_of.values()))
    tested = strata.test_null_odds(correction=False)
    assert (ours["cmh_chisq"], ours["cmh_p"]) == pytest.approx((tested.statistic, tested.pvalue), rel=1e-9)
    assert ours["mh_odds_ratio"] == pytest.approx(strata.oddsratio_pooled, rel=1e-9)
    limits = tuple(ours[["mh_odds_ratio_low", "mh_odds_ratio_high"]])
    assert limits == pytest.approx(strata.oddsratio_pooled_confint(), rel=1e-9)


@pytest.mark.parametrize("number", range(3))
def test_every_term_is_counted_as_in_the_exports(folder, emergent, number):
    mine = emergent[emergent["ARM"] == ARMS[number]]
    found = mine.groupby(["AEBODSYS", "AEDECOD"])["PATNUM"].agg(["nunique", "size"])
    shown, group = {}, ""
    for row in displays(folder)["t-14.3.1.2"]["rows"][1:]:
        if row["level"] == 0:
            group = row["head"]
            continue
        n, events = text(row["cells"][2 * number]).split(" ")[0], text(row["cells"][2 * number + 1])
        if n != "0":
            shown[group, row["head"]] = (int(n), int(events))
    assert shown == {key: tuple(value) for key, value in zip(found.index, found.to_numpy().tolist(), strict=True)}


@pytest.mark.parametrize("number", range(3))
def test_worst_severities_of_an_arm_add_up_to_its_subjects(folder, number):
    for row in displays(folder)["t-14.3.1.4"]["rows"]:
        every, *parts = (int(text(cell).split(" ")[0]) for cell in row["cells"][4 * number : 4 * number + 4])
        assert every == sum(parts), row["head"]


def test_the_first_dermatologic_events_are_those_published(times):
    assert [int(times.loc[times["ARM"] == arm, "EVENT"].sum()) for arm in ARMS] == [29, 62, 61]


@pytest.mark.parametrize("number", range(3))
def test_time_to_the_first_dermatologic_event_agrees_with_another_implementation(folder, times, number):
    mine = times[times["ARM"] == ARMS[number]]
    fit = KaplanMeierFitter().fit(mine["TIME"], mine["EVENT"])
    shown = column(displays(folder)["t-14.2.1"], number)
    assert int(shown["Subjects with an event"]) == mine["EVENT"].sum()
    assert int(shown["Censored"]) == (~mine["EVENT"]).sum()
    median = fit.median_survival_time_
    assert shown["Median time to event (days)"] == ("NE" if np.isinf(median) else f"{median:.1f}")
    assert shown["Free of an event on day 84 (%)"] == f"{100 * fit.predict(84):.1f}"
    adtte = table(folder, "adam/adtte")
    ours = adtte[adtte["TRT01P"] == ARMS[number]].set_index("USUBJID")["AVAL"].astype(float)
    theirs = mine["TIME"].astype(float).set_axis("01-" + mine.index)
    pd.testing.assert_series_equal(
        ours.sort_index(), theirs.sort_index(), check_names=False, check_dtype=False, check_index_type=False
    )


def test_the_log_rank_test_agrees_with_another_implementation(folder, times):
    theirs = multivariate_logrank_test(times["TIME"], times["ARM"], times["EVENT"])
    facts = table(folder, "ard/dermatologic")
    ours = facts[facts["analysis"] == "difference"].set_index("stat_name")["stat"]
    assert ours["chisq"] == pytest.approx(theirs.test_statistic, rel=1e-9)
    assert ours["p_value"] == pytest.approx(theirs.p_value, rel=1e-6) and ours["df"] == 2


R_PROGRAM = """
suppressPackageStartupMessages({library(survival); library(cmprsk)})
d <- read.csv("times.csv"); d$ARM <- factor(d$ARM, unique(d$ARM))
f <- coxph(Surv(TIME, EVENT) ~ ARM, d, control = coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 100))
at <- lapply(split(d, d$ARM), function(e) {
  s <- summary(survfit(Surv(CMPTIME, factor(STATUS, 0:2)) ~ 1, data = e, conf.type = "log-log"), times = 84)
  c(s$pstate[2:3], s$lower[2:3], s$upper[2:3]) })
out <- list(cox = unname(summary(f)$conf.int[, c(1, 3, 4)]), lr = unname(summary(f)$logtest),
  zph = cox.zph(f)$table[2, ], gray = cuminc(d$CMPTIME, d$STATUS, d$ARM)$Tests, at = at)
"""


def test_cox_regression_incidence_and_gray_s_test_of_the_arms_agree_with_r_run_now(folder, people, times, tmp_path):
    stopped = (people["STOP"] - people["START"]).dt.days + 1
    rival = ~times["EVENT"] & (people["REASON"] != "Completed")
    frame = times.assign(
        EVENT=times["EVENT"].astype(int),
        STATUS=np.where(times["EVENT"], 1, np.where(rival, 2, 0)),
        CMPTIME=times["TIME"].mask(rival, stopped),
    )
    frame = frame.assign(ARM=pd.Categorical(frame["ARM"], ARMS)).sort_values("ARM", kind="stable")
    want = ask(tmp_path, R_PROGRAM, times=frame)
    facts = table(folder, "ard/dermatologic")
    facts = facts[facts["context"].isna()]

    def found(analysis, names, **where):
        mine = facts[facts["analysis"] == analysis]
        for name, value in where.items():
            mine = mine[mine[name] == value]
        return mine.set_index("stat_name").loc[names, "stat"].to_numpy("float64")

    for number, arm in enumerate(ARMS[1:]):
        got = found("hazards", ["hr", "hr_low", "hr_high"], variable="TRT01P", variable_level=arm)
        np.testing.assert_allclose(got, want["cox"][number], rtol=1e-8)
    np.testing.assert_allclose(found("hazards", ["lr_chisq", "lr_df", "lr_p"], variable="AVAL"), want["lr"], rtol=1e-8)
    zph = found("hazards", ["zph_chisq", "zph_df", "zph_p"], variable="AVAL")
    np.testing.assert_allclose(zph, want["zph"], rtol=1e-8)
    for number, cause in enumerate(["Dermatologic event", "Discontinuation or death"]):
        gray = found("competing_difference", ["chisq", "p_value", "df"], group2_level=cause)
        np.testing.assert_allclose(gray, want["gray"][number], rtol=1e-8)
        for arm in ARMS:
            where = {"group1_level": arm, "group2_level": cause, "variable_level": "84"}
            got = found("competing", ["cif", "cif_low", "cif_high"], **where)
            np.testing.assert_allclose(got, want["at"][arm][number::2], rtol=1e-8)


def test_the_figure_shows_a_curve_for_each_arm_and_its_numbers_at_risk(folder, times):
    figure = displays(folder)["f-14.2.1"]
    assert all(arm in figure["svg"] for arm in ARMS)
    for row in figure["rows"]:
        at_risk = [int(text(row["cells"][2 * n])) for n in range(3)]
        assert at_risk == [int(((times["ARM"] == arm) & (times["TIME"] >= int(row["head"]))).sum()) for arm in ARMS]


def test_the_differences_by_term_are_those_of_the_exports(folder, people, emergent):
    """Subjects with each term by arm, difference from placebo, score interval by a numerical search, order."""
    ae = emergent.assign(TERM=export("ae").loc[emergent.index, "AEDECOD"].str.upper())
    sizes = dict(zip(ARMS, SIZES, strict=True))
    n = ae.groupby(["TERM", "ARM"])["PATNUM"].nunique().unstack(fill_value=0)[ARMS]
    common = n[(n.div(pd.Series(sizes)) >= 0.05).any(axis=1)]
    share = common.div(pd.Series(sizes))
    largest = share[ARMS[1:]].sub(share[ARMS[0]], axis=0).max(axis=1).round(12)
    wanted = sorted(common.index, key=lambda term: (-largest[term], term))
    for name in ("t-14.3.1.7", "f-14.3.1.7"):
        display = displays(folder)[name]
        assert [row["head"].upper() for row in display["rows"]] == wanted
        wide = len(display["columns"]) // 2
        for row in display["rows"]:
            counts = common.loc[row["head"].upper()]
            for number, arm in enumerate(ARMS[1:]):
                mine, placebo, difference = (text(cell) for cell in row["cells"][wide * number : wide * number + 3])
                assert int(mine.split(" ")[0]) == counts[arm] and int(placebo.split(" ")[0]) == counts[ARMS[0]]
                ends = ends_of(counts[arm], sizes[arm], counts[ARMS[0]], SIZES[0])
                d = counts[arm] / sizes[arm] - counts[ARMS[0]] / SIZES[0]
                shown = [float(v) for v in difference.replace("(", "").replace(")", "").replace(",", "").split()]
                np.testing.assert_allclose(shown, [100 * d, 100 * ends[0], 100 * ends[1]], atol=0.0500001, rtol=0)


def test_a_narrative_is_there_for_each_subject_whose_exports_hold_a_reason_and_for_nobody_else(folder):
    ae, ds = export("ae"), export("ds")
    criteria = ["IT.AESER", "IT.AESDTH", "IT.AESHOSP", "IT.AESLIFE", "AEDIS", "AESCAN", "AESCNO", "AESOD"]
    grave = ae[criteria].apply(lambda column: column.str.upper().isin(["Y", "YES"])).any(axis=1)
    ended = ds["IT.DSDECOD"].str.upper().isin(["ADVERSE EVENT", "DEATH"])
    wanted = {*ae.loc[grave, "PATNUM"], *ds.loc[ended, "PATNUM"]}
    narratives = displays(folder)["n-14.3.3"]
    assert {sheet["head"] for sheet in narratives["sheets"]} == wanted and len(wanted) == len(narratives["sheets"])
    assert text(narratives["counted"]).startswith(f"{len(wanted)} of 306 subjects")
    stopped = set(ds.loc[ds["IT.DSDECOD"].str.upper() == "ADVERSE EVENT", "PATNUM"])
    told = {
        sheet["head"]
        for sheet in narratives["sheets"]
        if any(text(reason).startswith("Discontinuation") for reason in sheet["reasons"])
    }
    assert told == stopped and len(stopped) == 92


@pytest.mark.parametrize("chapter", ["population", "dermatologic", "safety"])
def test_every_count_is_the_number_of_its_rows_or_of_their_subjects(folder, chapter):
    """What the page checks on opening: a fact of the format count, counted again from its set."""
    facts, sets = table(folder, f"ard/{chapter}"), table(folder, f"ard/_trace/{chapter}").set_index("SET")
    people = {name: table(folder, f"adam/{name}")["USUBJID"] for name in ("adsl", "adae", "adtte")}
    counted = facts[(facts["format"] == "count") & facts["member_set"].notna() & facts["stat"].notna()]
    assert len(counted)
    for name, stat, number in zip(counted["stat_name"], counted["stat"], counted["member_set"], strict=True):
        rows = sets.loc[number, "ROWS"]
        assert stat in (len(rows), people[sets.loc[number, "DATASET"]].iloc[rows].nunique()), name


@pytest.mark.req("URS-CSR-02")
def test_a_printed_count_walks_back_to_the_lines_of_the_raw_file(folder, emergent):
    """The 65 placebo subjects with an event, from the printed number to the physical lines of ae_raw.csv."""
    facts, sets = table(folder, "ard/safety"), table(folder, "ard/_trace/safety").set_index("SET")
    fact = facts[
        (facts["analysis"] == "overview")
        & (facts["stat_name"] == "n")
        & (facts["variable_level"] == "Any")
        & (facts["group1_level"] == "Placebo")
    ].iloc[0]
    assert fact["stat"] == 65 and sets.loc[fact["member_set"], "DATASET"] == "adae"
    trace = table(folder, "adam/_trace/adae")
    sources = trace[trace["ROW"].isin(sets.loc[fact["member_set"], "ROWS"]) & (trace["SRCDOM"] == "AE")]
    ae = table(folder, "sdtm/ae").merge(sources, left_on=["USUBJID", "AESEQ"], right_on=["USUBJID", "SRCSEQ"])
    lines = sorted(int(record.partition(":")[2]) for record in ae["_REC"].str.split(" ").str[0])
    # The header is line 1, the first record line 2.
    assert lines == sorted(emergent.index[emergent["ARM"] == "Placebo"] + 2)


def test_the_appendix_shows_every_display_and_names_the_raw_files(folder):
    page = (folder / "reports/csr-appendix.html").read_text(encoding="utf-8")
    assert all(f'id="{display}"' in page for display in displays(folder))
    assert all(arm in page for arm in ARMS)
    assert "SYNTHETIC" not in page and all(f"{form}_raw.csv" in page for form in ("ae", "dm", "ds", "ec", "vs"))


@pytest.mark.req("URS-ACC-06")
def test_the_gate_is_passed_with_every_blocker_answered(folder):
    said = (folder / "results/gate.txt").read_text(encoding="utf-8")
    assert "36 blockers, all accepted; every ledger balances" in said and "matches no query" not in said


@pytest.mark.req("URS-ACC-06")
def test_every_blocker_that_is_accepted_was_asked(folder):
    accepted = [
        line
        for line in (STUDY / "config/accepted_queries.yaml").read_text(encoding="utf-8").splitlines()
        if "rule:" in line
    ]
    asked = table(folder, "sdtm/_queries/ae")
    assert len(accepted) == (asked["SEVERITY"] == "blocker").sum() == 36


@pytest.mark.req("URS-RAW-03")
def test_without_the_raw_data_the_run_stops_with_one_line(tmp_path):
    study = copy_config(STUDY, tmp_path / "study")
    command = [
        str(Path(sys.executable).with_name("snakemake")),
        "--snakefile",
        str(ROOT / "Snakefile"),
        "--directory",
        str(study),
        "--cores",
        "1",
        "--config",
        "raw_dir=nowhere",
    ]
    run = subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | {"PYTHONWARNINGS": "ignore"}
    )
    said = [line for line in (run.stdout + run.stderr).splitlines() if line.strip()]
    causes = [line for line in said if line.startswith("CAUSE: ")]
    assert run.returncode != 0 and len(causes) == 1
    assert (
        "the folder of raw data does not exist" in causes[0]
        and "nowhere" in causes[0]
        and "--config raw_dir=" in causes[0]
    )
    assert not any("Traceback" in line for line in said)
