"""The folder of the package: which file goes where. The names are lower case, the layout that of eCTD module 5."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import pandas as pd

from crf2csr import io, paper, privacy
from crf2csr.errors import Cause
from submission import (
    acrf,
    against_define,
    annotate,
    arm,
    conformance,
    core,
    dataset_json,
    define,
    define_page,
    documents,
    guides,
    replay,
    tables,
    transport,
)
from submission.ars import event, ledger
from submission.frames import Submission, collect

STANDARDS = Path(__file__).parents[1] / "workflow/standards"
FILE = re.compile(r"[a-z0-9][a-z0-9-]*\.[a-z0-9]+")


def cut_off(submission: Submission) -> datetime.date:
    """The day of the data, which stands wherever a file must bear a time."""
    return datetime.date.fromisoformat(str(submission.page["study"]["cutoff"]))


def build(study: Path, folder: Path) -> list[str]:
    """Write the package of ``study`` into the empty ``folder``; return what was made, a line each.

    Raises
    ------
    Cause
        When a data set cannot be submitted, or a file breaks the standard that it follows.
    """
    submission = collect(study)
    if privacy.rule(submission.page) is not None:
        raise Cause(
            "its dates may not be shown, and a package holds all of them; `privacy: {dates: shown}` hands them over",
            file=str(study / "config/config.yaml"),
            field="privacy",
        )
    asked = core.places(study, submission.page) is not None
    root = folder / "m5/datasets" / str(submission.page["study"]["id"]).lower()
    said = [_data(submission, root)]
    shown = tables.documents(study)
    files = paper.files(list(shown), "misc/rtf")
    for name, text in shown.items():
        io.write_text(root / files[name], text)
    results = _results(study, files, root)
    said.append(results)
    programs = replay.programs(study, submission)
    for name, text in programs.items():
        io.write_text(root / "analysis/adam/programs" / name, text)
    said.append(f"{len(programs)} files of programs that stand alone on the transport files")
    said += _define(study, submission, files, root, engine=asked)
    io.write_text(root / "transformations.csv", submission.changes.to_csv(index=False, lineterminator="\n"))
    said.append(f"{len(submission.changes):,} cells were transformed: transformations.csv")
    found = conform(submission, root)
    engine = core.run(study, submission, root)
    if engine.ran:
        io.write_text(root / documents.CORE.path, engine.rows.to_csv(index=False, lineterminator="\n"))
    said += [_conformance(found, root), engine.said, _guides(study, submission, found, results, engine, root)]
    said.append(f"{documents.resolve(root)} addresses in define.xml lead to a file of the package")
    said.append(_checksums(root))
    return said


def _data(submission: Submission, root: Path) -> str:
    study, day = str(submission.page["study"]["id"]), cut_off(submission)
    for dataset in submission.datasets:
        place = root / dataset.folder
        transport.write(place / f"{dataset.stem}.xpt", transport.content(dataset, day))
        made = dataset_json.document(dataset, study, day)
        faults = dataset_json.faults(made)
        if faults:
            raise Cause(f"breaks Dataset-JSON 1.1: {faults[0]}", file=f"{dataset.stem}.json")
        io.write_text(place / f"{dataset.stem}.json", dataset_json.text(made))
    counts = [len(submission.of(floor)) for floor in ("sdtm", "adam")]
    return f"{counts[0]} SDTM and {counts[1]} ADaM data sets as transport files and as Dataset-JSON"


def _results(study: Path, files: dict[str, str], root: Path) -> str:
    """Every result of the pipeline with its analysis, as a reporting event of ARS 1.0."""
    declared = event.read(study)
    made = event.document(declared, {name: path.removeprefix("misc/") for name, path in files.items()})
    left = ledger.left_out(declared, made)
    io.write_text(root / "misc/ars.json", event.checked(made, "misc/ars.json"))
    io.write_text(root / "misc/ars-ledger.csv", left.to_csv(index=False, lineterminator="\n"))
    return (
        f"{len(declared.facts):,} results of {len(made['analyses'])} analyses and {len(made['outputs'])} displays as "
        f"ARS 1.0 (misc/ars.json), {len(left)} lines on what it has no place for (misc/ars-ledger.csv), and "
        f"{len(files)} tables and listings as RTF (misc/rtf). Figures stay in the report; make rtf sets them too."
    )


def terminology(submission: Submission) -> list[dict[str, str]]:
    """The published terms of the version that the study names."""
    return io.read_records(STANDARDS / f"ct-{submission.page['standards']['ct']}.csv")


def _define(study: Path, submission: Submission, files: dict[str, str], root: Path, *, engine: bool) -> list[str]:
    said = []
    for floor in ("sdtm", "adam"):
        here = submission.of(floor)
        if not here:
            continue
        displays = arm.displays(study) if floor == "adam" else None
        place, pages = root / here[0].folder, None
        if floor == "sdtm":
            crf = acrf.build(annotate.read(study), acrf.dictionary(study))
            transport.write(place / acrf.FILE, crf.pdf)
            pages = crf.pages
            said.append(f"The annotated CRF, {len(crf.pdf):,} bytes, names {len(pages)} variables: {acrf.FILE}")
        made = define.xml(submission, floor, terminology(submission), displays, pages)
        made = documents.named(made, here[0].folder, documents.of(floor, core=engine), documents.tables(files))
        transport.write(place / "define.xml", define.checked(made, f"{floor}/define.xml"))
        io.write_text(place / "define.html", define_page.render(made))
        said.append(
            f"{floor}: define.xml 2.1 is valid{' with analysis results' if displays else ''}, {len(made):,} bytes"
        )
    return said


def conform(submission: Submission, root: Path) -> pd.DataFrame:
    """Every finding of the conformance checks, on the frames and on the files that were written."""
    folders = {dataset.folder for dataset in submission.datasets}
    found = [conformance.check(submission), *(against_define.check(root / folder) for folder in sorted(folders))]
    return pd.concat([part for part in found if len(part)] or found[:1], ignore_index=True)


def _conformance(found: pd.DataFrame, root: Path) -> str:
    io.write_text(root / "conformance.csv", found.to_csv(index=False, lineterminator="\n"))
    open_ones = int(found["explanation"].eq("").sum())
    rules = len(conformance.RULES) + len(against_define.RULES)
    return f"{rules} conformance rules: {len(found)} findings, {open_ones} without an explanation: conformance.csv"


def _guides(
    study: Path, submission: Submission, found: pd.DataFrame, results: str, engine: core.Outcome, root: Path
) -> str:
    floors = [floor for floor in ("sdtm", "adam") if submission.of(floor)]
    for floor in floors:
        place = root / submission.of(floor)[0].folder
        text = guides.render(study, submission, found, floor, results, engine)
        io.write_text(place / guides.FILES[floor], text)
    return f"Reviewer's guides: {', '.join(guides.FILES[floor] for floor in floors)}"


def _checksums(root: Path) -> str:
    """Refuse a name of a file that the authorities refuse, then write down the digest of each file."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    for path in files:
        if not FILE.fullmatch(path.name):
            raise Cause("the name of a file may hold small letters, digits and hyphens only", file=path.name)
    lines = [f"{transport.sha256(path)}  {path.relative_to(root).as_posix()}\n" for path in files]
    io.write_text(root / "checksums.txt", "".join(lines))
    return f"{len(files)} files: checksums.txt"
