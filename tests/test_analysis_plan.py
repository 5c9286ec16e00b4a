"""The numbers of the analysis plan, entered a second time and held against the configuration of the shipped study.

No result moves when a bound is shifted past days on which nobody was seen; that the bound is the plan's is said here.
"""

import pytest

from crf2csr.specs import read_yaml
from tests.climb import ROOT

pytestmark = pytest.mark.req("URS-CFG-04")

PAGE = read_yaml(ROOT / "config/config.yaml")
GROUPS = {g["variable"]: g for g in read_yaml(ROOT / "config/adam/adsl.yaml")["subject"]["groups"]}

EVERY_VISIT = [("Week 1", 2, 11, 8), ("Week 2", 12, 22, 15), ("Week 4", 23, 43, 29), ("Week 8", 44, 71, 57)]
EVERY_VISIT += [("Week 12", 72, 98, 85)]
PROTOCOL = {"Week 1": (6, 10), "Week 2": (12, 18), "Week 4": (25, 33), "Week 8": (52, 62), "Week 12": (78, 92)}


def windows(name):
    return [(w["visit"], int(w["from"]), int(w["to"]), int(w["target"])) for w in PAGE["windows"][name]]


def test_the_analysis_windows_are_those_of_section_2():
    assert windows("every_visit") == EVERY_VISIT
    assert windows("from_week_4") == [("Week 4", 2, 43, 29), *EVERY_VISIT[3:]]
    assert windows("week_12") == [("Week 12", 57, 98, 85)]


def test_the_windows_of_the_protocol_are_those_of_the_schedule():
    given = {v["name"]: (int(v["from"]), int(v["to"])) for v in PAGE["visits"] if v["name"] in PROTOCOL}
    assert given == PROTOCOL


@pytest.mark.parametrize("key, days", [("after_treatment_days", 14), ("treatment_emergent_days", 28)])
def test_the_days_after_the_last_dose_are_those_of_the_plan(key, days):
    assert int(PAGE[key]) == days


def test_the_limits_of_compliance_are_80_and_120_per_cent():
    assert (float(PAGE["compliance"]["from"]), float(PAGE["compliance"]["to"])) == (80, 120)


def test_the_null_rates_and_alpha_are_those_of_section_4():
    primary = next(a for a in read_yaml(ROOT / "config/ard/efficacy.yaml")["analyses"] if a["id"] == "primary")
    assert [float(p) for p in primary["options"]["null_rates"]] == [0.30, 0.25, 0.35, 0.40]
    assert float(primary["options"]["alpha_one_sided"]) == 0.025 and float(primary["options"]["level"]) == 0.95


@pytest.mark.parametrize(
    "variable, of, bounds",
    [
        ("AGEGR1", "AGE", [45, 65]),
        ("BMIGR1", "BMIBL", [24, 28]),
        ("DURGR1", "DISDURY", [2, 5]),
        ("PPBGR1", "PPBASE", [12]),
        ("PPBGR2", "PPBASE", [21, 31]),
    ],
)
def test_the_bounds_of_the_subgroups_are_those_of_section_5(variable, of, bounds):
    group = GROUPS[variable]
    assert group["of"] == of
    assert [float(band["below"]) for band in group["bands"] if "below" in band] == bounds
    assert "below" not in group["bands"][-1]


def test_the_rules_of_hys_law_are_those_of_section_6():
    rule = read_yaml(ROOT / "config/adam/adlb.yaml")["hepatic"]
    assert [int(rule[k]) for k in ("enzyme_times", "bilirubin_times", "alp_times", "days")] == [3, 2, 2, 30]
