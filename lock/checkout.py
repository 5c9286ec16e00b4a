"""The checkout as git and the disk show it: whether it is clean, and what it holds beside the inputs of a run."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from crf2csr.errors import Cause
from crf2csr.sealed import AGREEMENT, ROOT, Artefact, artefact
from lock.manifest import WRITTEN

# Settings by which a checkout could hide that a file was changed.
HONEST = ("core.fileMode=true", "core.autocrlf=false", "core.excludesFile=/dev/null", "core.trustctime=true")
MOST = 12


def git(folder: Path, *arguments: str) -> bytes:
    """What git says in ``folder``, whatever the environment and the user's settings are."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")} | {"LC_ALL": "C"}
    options = [word for setting in HONEST for word in ("-c", setting)]
    try:
        run = subprocess.run(
            ["git", *options, *arguments], cwd=folder, capture_output=True, check=False, env=environment
        )
    except FileNotFoundError:
        raise Cause("git is not on this machine: install git") from None
    if run.returncode:
        said = run.stderr.decode("utf-8", "replace").strip().splitlines() or ["no message"]
        raise Cause(f"git {arguments[0]}: {said[0]}", file=str(folder))
    return run.stdout


def clean(folder: Path, but: tuple[str, ...] = ()) -> None:
    """Refuse a tree with changes that are not committed; ``but`` are paths of the folder that may differ."""
    shown = git(folder, "status", "--porcelain", "-z", "-uall", "--no-renames", "--ignore-submodules=none")
    top = Path(os.fsdecode(git(folder, "rev-parse", "--show-toplevel")).rstrip("\n"))
    free = {str(folder.resolve() / path) for path in but}
    dirty = [entry for entry in map(os.fsdecode, shown.split(b"\0")) if entry and str(top / entry[3:]) not in free]
    if dirty:
        more = f" and {len(dirty) - MOST} more" if len(dirty) > MOST else ""
        raise Cause(
            "the tree is dirty, so nothing can be said of a commit: commit, remove or stash "
            + ", ".join(f"{entry[3:]} ({_word(entry[:2])})" for entry in dirty[:MOST])
            + more,
            file=str(folder),
        )


def _word(state: str) -> str:
    return {"??": "not tracked", " D": "deleted", "D ": "deleted", " T": "another kind of file"}.get(state, "changed")


def beside(study: Path, raw: Path, inputs: list[Artefact]) -> list[Artefact]:
    """Tracked files that enter no result: programs, tests and settings; no documentation, and no other study.

    Parameters
    ----------
    raw : path
        The folder of raw data, as the study names it.
    inputs : list of Artefact
        What enters a result, and is left out here.
    """
    tracked = [name for name in map(os.fsdecode, git(ROOT, "ls-files", "-z").split(b"\0")) if name]
    homes = {Path(name).parents[1].as_posix() for name in tracked if name.endswith("config/config.yaml")}
    mine = os.path.relpath(study.resolve(), ROOT.resolve())
    known = {a.path for a in inputs if a.kind in ("code", "environment")}
    known |= {os.path.normpath(f"{mine}/{a.path}") for a in inputs if a.kind in ("configuration", "agreement")}
    known |= {os.path.normpath(f"{mine}/{raw}/{a.path}") for a in inputs if a.kind == "raw"}
    found = []
    for name in tracked:
        home = next((h for h in sorted(homes, key=len, reverse=True) if h != "." and name.startswith(f"{h}/")), ".")
        within = name if home == "." else name.removeprefix(f"{home}/")
        of_study = home != "." or within.startswith(("config/", "data/")) or within in (AGREEMENT, *WRITTEN)
        if (of_study and home != mine) or within in WRITTEN or name in known:
            continue
        if name.startswith("docs/") or name.endswith(".md"):
            continue
        # A file that git tracks and the disk lacks would have made the tree dirty, unless git was told to look away.
        if (ROOT / name).is_file():
            found.append(artefact("beside", ROOT, name))
    return sorted(found)
