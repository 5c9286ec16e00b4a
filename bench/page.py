"""Measure the report in browsers: ``python bench/page.py [page ...]`` (by hand; in the environment of ``make test``).

Prints for each page its size, elements, seconds until it has checked itself (Chromium and Firefox), and milliseconds of
a search and of a sort of its longest listing. Without arguments: the report of the shipped study, and pages with a
listing of 50,000 and of 200,000 rows. What it asked of the network and what it said to the console is counted.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow/scripts")]

from marionette_driver.marionette import Marionette  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402

from tests.browser.conftest import FLAGS  # noqa: E402

HEADS = ("page", "MB", "rows", "elements", "Chromium, s", "Firefox, s", "search, ms", "sort, ms", "requests, messages")
LONGEST = """(() => {
    const place = Array.from(document.querySelectorAll('[data-listing]'))
        .sort((a, b) => page.listings[b.dataset.listing].n - page.listings[a.dataset.listing].n)[0];
    showListing(place);
    const grid = finder.grids.get(place);
    const timed = (work) => { const before = performance.now(); work(); return performance.now() - before; };
    const sorts = grid.querySelectorAll('thead button.sort');
    return {
        rows: page.listings[place.dataset.listing].n,
        search: timed(() => grid.find('12')), clear: timed(() => grid.find('')),
        sort: Math.max(...Array.from(sorts, (button) => timed(() => button.click()))),
    };
})()"""


def of_rows(rows: int, file: Path) -> Path:
    """Write a page with one table and a listing of so many rows."""
    from crf2csr.csr import appendix
    from tests.csr import small

    listing = small.listing([f"Value {n} of {n % 97}" for n in range(rows)], [n % 3 for n in range(rows)])
    part = small.part([{"number": "16.2", "title": "Listings", "displays": ["t-1", "l-1"]}])
    file.write_text(appendix.assemble(small.read([small.table(), listing]), part), encoding="utf-8")
    return file


def chromium(browser: Any, file: Path) -> dict[str, Any]:
    """Open the page once."""
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("request", lambda request: request.url == file.as_uri() or heard.append(request.url))
    before = time.perf_counter()
    page.goto(file.as_uri())
    page.wait_for_selector("html[data-check]")
    found = {"ready": time.perf_counter() - before, "nodes": page.evaluate("document.querySelectorAll('*').length")}
    found |= page.evaluate(LONGEST) | {"heard": len(heard)}
    page.close()
    return found


def firefox(driver: Marionette, file: Path) -> float:
    """Open the page once; seconds until it has checked itself."""
    driver.navigate("about:blank")
    before = time.perf_counter()
    driver.navigate(file.as_uri())
    while not driver.execute_script("return document.documentElement.dataset.check"):
        time.sleep(0.01)
    return time.perf_counter() - before


def spread(values: list[float], digits: int = 2) -> str:
    """Minimum, median and maximum."""
    return " / ".join(f"{f(values):.{digits}f}" for f in (min, statistics.median, max))


def main() -> None:
    """Read the arguments and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="*", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    print(f"| {' | '.join(HEADS)} |\n{'|---' * len(HEADS)}|")
    driver = Marionette(bin=shutil.which("firefox-esr") or shutil.which("firefox"), headless=True, gecko_log=os.devnull)
    driver.start_session()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        made = [of_rows(n, Path(folder) / f"{n} rows.html") for n in (50_000, 200_000)] if not arguments.pages else []
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for file in arguments.pages or [ROOT / "reports/csr-appendix.html", *made]:
            runs = [chromium(browser, file.resolve()) for _ in range(arguments.repeats)]
            second = [firefox(driver, file.resolve()) for _ in range(arguments.repeats)]
            each = {name: [run[name] for run in runs] for name in runs[0]}
            cells = [
                file.name,
                f"{file.stat().st_size / 1e6:.2f}",
                f"{each['rows'][0]:,}",
                f"{each['nodes'][0]:,}",
                spread(each["ready"]),
                spread(second),
                spread(each["search"], 0),
                spread(each["sort"], 0),
                str(max(each["heard"])),
            ]
            print(f"| {' | '.join(cells)} |", flush=True)
        browser.close()
    driver.quit()
    driver.cleanup()


if __name__ == "__main__":
    main()
