"""Compare two cuts of a study: ``python -m compare OLD NEW [--out FOLDER]``; OLD and NEW are study folders.

Writes one page and one sheet per table into ``reports/diff`` of NEW, and says the sums on the console. Ends with 1 when
a cut can not be read, and with 2 when the records were compared and the results could not be.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from compare import configuration, page, queries, records, results
from compare.cut import Cut, open_cut
from crf2csr import io
from crf2csr.errors import Cause


@dataclass
class Comparison:
    """All that was found; ``queries``, ``sites`` and ``results`` are missing where ``unfit`` says why."""

    old: Cut
    new: Cut
    forms: records.Forms
    configuration: pd.DataFrame
    unfit: list[str]
    cautions: list[str]
    queries: pd.DataFrame | None = None
    sites: pd.DataFrame | None = None
    results: results.Moved | None = None
    people: dict[str, int] = field(default_factory=dict)


def compare(old: Cut, new: Cut) -> Comparison:
    """Compare two cuts that have been read; two studies are refused."""
    ids = [cut.study.page["study"]["id"] for cut in (old, new)]
    if ids[0] != ids[1]:
        raise Cause(
            f"the two folders are of two studies, {ids[0]} and {ids[1]}",
            file=str(new.folder / "config/config.yaml"),
            field="study.id",
            value=ids[1],
        )
    found = Comparison(
        old,
        new,
        records.compare(old, new),
        configuration.compare(old, new),
        [cut.unfit for cut in (old, new) if cut.unfit],
        [cut.caution for cut in (old, new) if cut.caution],
    )
    if not found.unfit:
        found.queries = queries.compare(queries.asked(old), queries.asked(new))
        found.sites = queries.by_site(found.queries)
        before, after = (results.read(cut, found.people) for cut in (old, new))
        found.results = results.compare(before, after, found.people)
    return found


def sheets(found: Comparison) -> dict[str, pd.DataFrame]:
    """Every table that is written, by the name of its file; one that could not be made is left out, never empty."""
    made = {
        "forms.csv": found.forms.forms,
        "subjects.csv": found.forms.subjects,
        "records.csv": found.forms.records,
        "cells.csv": found.forms.cells,
        "tables.csv": found.forms.tables,
        "configuration.csv": found.configuration,
        "queries.csv": found.queries,
        "queries_by_site.csv": found.sites,
    }
    if found.results is not None:
        made |= {
            "results.csv": found.results.facts,
            "results_subjects.csv": found.results.subjects,
            "results_displays.csv": found.results.displays,
            "results_listings.csv": found.results.listings,
        }
    return {name: table for name, table in made.items() if table is not None}


EVERY = (
    *("forms.csv", "subjects.csv", "records.csv", "cells.csv", "tables.csv", "configuration.csv", "queries.csv"),
    *("queries_by_site.csv", "results.csv", "results_subjects.csv", "results_displays.csv", "results_listings.csv"),
)


def write(found: Comparison, folder: Path) -> None:
    """Write the page and the sheets; of an earlier comparison nothing is left, and no other file is touched."""
    made = sheets(found)
    for name in EVERY:
        if name in made:
            io.write_sheet(folder / name, made[name])
        else:
            (folder / name).unlink(missing_ok=True)
    io.write_text(folder / "index.html", page.render(found))


def told(found: Comparison) -> str:
    """The sums in words, as the console prints them."""
    forms = found.forms.forms
    heads = ["rows_old", "same", "changed", "removed", "added", "ambiguous_old", "ambiguous_new", "rows_new"]
    lines = [f"{'form':12}" + "".join(f"{head:>{len(head) + 2}}" for head in heads)]
    total = pd.DataFrame([{"form": "all", **forms[heads].sum()}])
    for line in pd.concat([forms, total])[["form", *heads]].itertuples(index=False, name=None):
        cells = (f"{n:{len(head) + 2}}" for n, head in zip(line[1:], heads, strict=True))
        lines.append(f"{page.visible(line[0]):12}" + "".join(cells))
    lines.append(
        "Every record is accounted for: old = same + changed + removed + ambiguous; new with added for removed."
    )
    files = found.configuration["file"].nunique()
    lines.append(f"Configuration: {len(found.configuration)} values differ in {files} files.")
    lines += [f"CAUTION: {text}" for text in found.cautions]
    if found.unfit:
        lines += ["The queries and the results were NOT compared:", *(f"  {text}" for text in found.unfit)]
    if found.queries is not None and found.results is not None:
        what = found.queries["what"].value_counts()
        lines.append(
            f"Queries: {what.get('closed', 0)} closed, {what.get('opened', 0)} opened, {what.get('changed', 0)} of"
            f" another value or wording, {what.get('stays', 0)} stay."
        )
        moved = found.results.facts["what"].value_counts()
        parts = [f"{moved.get(w, 0)} {w}" for w in results.WHAT]
        touched = int((found.results.displays[list(results.WHAT)].sum(axis=1) > 0).sum())
        lines.append(f"Results: {found.results.same} the same, {', '.join(parts)}; {touched} displays print them.")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Compare, write, and say what was found."""
    parser = argparse.ArgumentParser(prog="python -m compare", description="Compare two cuts of a study.")
    parser.add_argument("old", type=Path, help="folder of the earlier cut")
    parser.add_argument("new", type=Path, help="folder of the later cut")
    parser.add_argument("--out", type=Path, help="where to write (default: reports/diff of the later cut)")
    parser.add_argument("--old-raw", help="raw data of the earlier cut, where config.yaml names another folder")
    parser.add_argument("--new-raw", help="raw data of the later cut, where config.yaml names another folder")
    given = parser.parse_args(arguments)
    folder = given.out or given.new / "reports/diff"
    try:
        found = compare(open_cut("old", given.old, given.old_raw), open_cut("new", given.new, given.new_raw))
        write(found, folder)
    except Cause as cause:
        print("\n".join(cause.lines()), file=sys.stderr)
        return 1
    print(told(found))
    print(f"\nWritten: {folder / 'index.html'} and the sheets beside it")
    return 2 if found.unfit else 0


if __name__ == "__main__":
    sys.exit(main())
