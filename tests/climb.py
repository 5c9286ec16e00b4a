"""Climb the floors of a study in this process, without Snakemake: what tests and benchmarks share."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path

import adam
import ard
import csr
import raw
import sdtm
import tlf

from crf2csr.plan import Plan, ordered
from crf2csr.specs import Study

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
DOORS = {"raw": raw.stage, "sdtm": sdtm.tabulate, "adam": adam.derive, "ard": ard.analyze, "tlf": tlf.display}


@contextmanager
def inside(folder: Path):
    """Work in ``folder``: the paths of a plan are relative to the study."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def copy_config(study: Path, folder: Path) -> Path:
    """Copy a study's configuration (never its results) into ``folder``."""
    shutil.copytree(study / "config", folder / "config")
    return folder


def roof(plan: Plan) -> None:
    """Write the report of a study whose floors have been climbed."""
    for job in plan.embed.values():
        csr.embed(job)
    csr.assemble(plan.csr)


def climb(
    folder: Path, floors: tuple[str, ...] = ("raw", "sdtm", "adam", "ard", "tlf", "csr"), **overrides: str
) -> Plan:
    """Run every job of these floors for the study in ``folder``; return its plan."""
    with inside(folder):
        plan = Plan(Study(".", ROOT / "workflow" / "schemas", overrides))
        for floor in floors:
            if floor == "csr":
                roof(plan)
                for job in plan.subjects.values():
                    csr.assemble_subjects(job)
                csr.ask(plan.ask)
                csr.gate(plan.gate)
                continue
            for job in ordered(getattr(plan, floor).values()):
                DOORS[floor](job)
            if floor == "sdtm":
                sdtm.account(plan.forms)
    return plan
