"""The bench counts what it says that it counts."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.climb import ROOT

pytestmark = pytest.mark.req("URS-ACC-06")

# A child that leaves a child of its own behind, busy for a while and no longer waited for by anybody.
COMMAND = """
import subprocess, sys
busy = "import time\\nend = time.process_time() + 0.5\\nwhile time.process_time() < end: pass\\nb'x' * 60_000_000"
subprocess.Popen([sys.executable, "-c", busy])
"""


def test_the_cost_of_a_command_holds_that_of_a_process_that_outlives_it():
    code = f"""
import sys
sys.path.insert(0, {str(ROOT / "bench")!r})
from pathlib import Path
import timing
cost = timing.measured([sys.executable, "-c", {COMMAND!r}], Path("."))
assert cost.cpu > 0.5, cost
assert 60 < cost.largest < 150, cost
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


def test_a_page_that_two_processes_share_is_counted_once():
    """Each of two has all of 205 MB, and so have both together."""
    share = "import os, time; held = bytes(range(256)) * 800_000; os.fork(); time.sleep(1.5)"
    code = f"""
import sys
sys.path.insert(0, {str(ROOT / "bench")!r})
from pathlib import Path
import timing
cost = timing.measured([sys.executable, "-c", {share!r}], Path("."))
assert 200 < cost.largest < 260, cost
assert 200 < cost.together < 270, cost
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


def test_a_command_that_fails_ends_the_bench_with_what_it_said():
    code = f"""
import sys
sys.path.insert(0, {str(ROOT / "bench")!r})
from pathlib import Path
import timing
timing.measured([sys.executable, "-c", "raise SystemExit('no such study')"], Path("."))
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == 1 and "no such study" in ended.stderr


def test_growth_is_the_power_of_the_rows_without_the_starts():
    code = f"""
import sys
sys.path.insert(0, {str(ROOT / "bench")!r})
import growth
from timing import Cost
sizes = [growth.Size(n, rows, 0, {{"raw": Cost(0, cpu, 0, 0), "nothing to do": Cost(0, 2, 0, 0)}})
         for n, rows, cpu in ((60, 1000, 3), (600, 10000, 102))]
assert growth.exponent(sizes[0], sizes[1], {{60: 3, 600: 102}}, 1) == "2.00"
assert growth.exponent(None, sizes[0], {{60: 3}}, 1) == ""
assert growth.exponent(sizes[0], sizes[1], {{60: 1, 600: 102}}, 1) == "too little work"
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
