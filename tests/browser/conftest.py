"""Pages in a real browser: the system's Chromium, opened from disk, every request and every complaint recorded."""

from __future__ import annotations

import shutil
from contextlib import contextmanager

import pytest
from playwright.sync_api import sync_playwright

from crf2csr.csr import appendix
from crf2csr.errors import Cause
from tests import climb, tiny
from tests.csr import small

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MANY = 200_000


@pytest.fixture(scope="session")
def browser():
    """The system's Chromium."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found, "the tests of the report need Chromium on PATH (Debian: apt-get install chromium fonts-noto-cjk)"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser):
    """Open a page from disk; afterwards nothing may have been requested, said or refused."""

    @contextmanager
    def visit(file, **context):
        place = browser.new_context(**({"viewport": {"width": 1400, "height": 900}} | context))
        page = place.new_page()
        page.set_default_timeout(15_000)
        heard: list[str] = []
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("dialog", lambda dialog: (heard.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: request.url == file.as_uri() or heard.append(request.url))
        try:
            page.goto(file.as_uri())
            if context.get("java_script_enabled", True):
                page.wait_for_selector("html[data-check]")
            yield page
        finally:
            place.close()
        assert heard == []

    return visit


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    """The tiny study with its planted problems, climbed to the report."""
    folder = tiny.make(tmp_path_factory.mktemp("report"), problems=True)
    with pytest.raises(Cause, match="is a blocker"):  # the gate alone stops, for the planted blockers
        climb.climb(folder)
    return folder


@pytest.fixture(scope="session")
def report(study):
    """The tiny study's report."""
    return study / "reports/csr-appendix.html"


@pytest.fixture(scope="session")
def long_report(tmp_path_factory):
    """A report of a few subjects and a listing of very many rows."""
    rows = [n % 3 for n in range(MANY)]
    listing = small.listing([f"Value {n} of {n % 97}" for n in range(MANY)], rows)
    part = small.part([{"number": "16.2", "title": "Listings", "displays": ["t-1", "l-1"]}])
    file = tmp_path_factory.mktemp("long") / "report.html"
    file.write_text(appendix.assemble(small.read([small.table(), listing]), part), encoding="utf-8")
    return file
