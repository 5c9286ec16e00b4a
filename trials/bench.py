"""One trial from the declaration to the verdict."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crf2csr.specs import read_yaml
from tests.climb import ROOT, climb, copy_config
from trials.balance import Balance, balance
from trials.changes import Change, Export, apply
from trials.front import Run, Shipped, copied
from trials.reactions import judged

WHOLE = ("raw", "sdtm", "adam", "ard", "tlf", "csr")


def trials() -> list[dict[str, Any]]:
    """The declared trials, each with its id."""
    declared = read_yaml(ROOT / "trials/trials.yaml")["trials"]
    ids = [trial["id"] for trial in declared]
    if twice := sorted({i for i in ids if ids.count(i) > 1}):
        raise ValueError(f"trials/trials.yaml: two trials bear the id {twice[0]}")
    return declared


def floors(chosen: list[dict[str, Any]]) -> tuple[str, ...]:
    """The floors that these trials look at."""
    return WHOLE if any("page" in wanted for trial in chosen for wanted in trial["expect"]) else WHOLE[:3]


def shipped(folder: Path, wanted: tuple[str, ...]) -> Shipped:
    """Climb the study as shipped in a folder of its own."""
    folder.mkdir(parents=True)
    copy_config(ROOT, folder)
    shutil.copytree(ROOT / "data/raw", folder / "data/raw")
    (folder / "qc").mkdir()
    shutil.copyfile(ROOT / "qc/agreement.csv", folder / "qc/agreement.csv")
    climb(folder, wanted)
    return Shipped(folder)


@dataclass
class Outcome:
    """What became of one trial."""

    trial: dict[str, Any]
    change: Change
    judged: list[tuple[str, bool, str]]
    balance: Balance | None

    @property
    def agrees(self) -> bool:
        """Whether every reaction is the expected one and every form balances."""
        return all(good for _, good, _ in self.judged) and (self.balance is None or not self.balance.wrong)

    def lines(self) -> list[str]:
        """For the printed table."""
        number = f"problem {self.trial['problem']}" if self.trial.get("problem") else "own"
        head = f"{self.trial['id']} ({number}) {self.trial['what']}: {'agree' if self.agrees else 'DIFFER'}"
        body = [f"  done      {self.change.words()}"]
        for expected, good, actual in self.judged:
            body += [f"  expected  {expected}", f"  actual    {'' if good else 'DIFFERS: '}{actual}"]
        if self.balance is None:
            body.append("  balance   nothing was accounted for: the run stopped")
        else:
            body.append(f"  balance   {self.balance.words()}")
            body += [f"  DIFFERS   {fault}" for fault in self.balance.wrong]
        return [head, *body]


def tried(base: Shipped, trial: dict[str, Any], folder: Path) -> Outcome:
    """Corrupt a copy, run the front, compare; the copy is taken away."""
    copied(base, folder)
    try:
        change = apply(Export.of(folder / "data/raw", ROOT / "data/truth"), trial)
        run = Run(base, folder)
        found = judged(run, change, trial["expect"])
        counts = None if run.cause or run.crash else balance(folder, set().union(*run.recs.values()), run.queries())
        return Outcome(trial, change, found, counts)
    finally:
        shutil.rmtree(folder)
