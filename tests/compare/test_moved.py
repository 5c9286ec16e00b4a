"""Two cuts that were run: which queries and results moved, and that nothing is claimed of a cut that was not run."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest

from compare.__main__ import compare, main
from compare.cut import open_cut
from tests import tiny
from tests.compare.test_cuts import edit

pytestmark = pytest.mark.req("URS-CUT-02")

SUBJECT = "01-0002"


def spoil(rows):
    """A fever, and a pulse that is no number, in one record of week 4."""
    head = rows[0]
    at = next(row for row in rows[1:] if (row[head.index("SUBJID")], row[head.index("EVENT")]) == (SUBJECT, "W4"))
    at[head.index("TEMP")], at[head.index("PULSE")] = "39.5", "x9"
    return rows


def test_a_changed_record_moves_its_queries_its_results_and_no_other(climbed, tmp_path, capsys):
    new = shutil.copytree(climbed, tmp_path / "new", symlinks=True)
    raw = pd.read_csv(climbed / "data/raw/VS.csv", dtype=str)
    edit(new, "VS.csv", spoil)

    # Not run yet: nothing is said of queries and results, and the exit tells so.
    assert main([str(climbed), str(new), "--out", str(tmp_path / "before")]) == 2
    assert "made from other raw data (vs)" in capsys.readouterr().out
    assert not (tmp_path / "before/results.csv").exists() and not (tmp_path / "before/queries.csv").exists()

    run = tiny.snakemake(new)
    assert run.returncode == 0, run.stdout + run.stderr
    found = compare(open_cut("old", climbed, None), open_cut("new", new, None))

    queries = found.queries[found.queries["what"] != "stays"]
    assert queries[["what", "site", "subject", "form", "visit", "field", "rule", "value_new"]].to_numpy().tolist() == [
        ["opened", "01", SUBJECT, "VS", "W4", "PULSE", "P16", "x9"]
    ]
    facts = found.results.facts
    assert set(facts["analysis"]) == {"vital_outliers", "vitals", "vitals_in_tenths"}
    visits = facts[facts["analysis"] != "vital_outliers"]
    assert set(visits["group3_level"]) == {"Week 4"}
    assert set(visits["group2_level"]) == {"Pulse Rate (beats/min)", "Temperature (C)"}
    listings = found.results.listings.set_index("listing")
    assert listings.index[listings[["removed", "added"]].any(axis=1)].tolist() == ["conduct/vitals_listed"]

    # The mean before and after, from the raw file alone: one value of pulse per treated subject at week 4.
    pulse = visits[(visits["analysis"] == "vitals") & (visits["variable"] == "AVAL") & (visits["stat_name"] == "mean")]
    week = raw[raw["EVENT"].eq("W4") & raw["PULSE"].notna()]
    others = week[week["SUBJID"] != SUBJECT]
    assert pulse[["old", "new"]].astype(float).to_numpy().tolist() == [
        [pytest.approx(part["PULSE"].astype(float).mean(), rel=1e-9) for part in (week, others)]
    ]

    # The site is asked about it; the earlier cut had no query of this site and so no sheet.
    assert ",x9," in (new / "reports/queries/01.csv").read_text(encoding="utf-8-sig")
    assert not (climbed / "reports/queries/01.csv").exists()
