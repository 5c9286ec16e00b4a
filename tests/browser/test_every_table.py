"""On the report of the shipped study: from a number of every table, by clicks alone, to a raw cell on disk."""

from __future__ import annotations

import csv
import re
from functools import cache

import pytest

pytestmark = pytest.mark.req("URS-CSR-02")

# Click a number; of each step try the first row of each table, until a record stands there with the field that the
# row was made of; open it. A number whose rows are made of whole records ends at a line.
WALK = """async () => {
    const settle = () => new Promise((done) => setTimeout(done, 0));
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    const dialog = document.getElementById('walk'), body = document.getElementById('walk-body');
    const arrived = (field) => {
        const names = Array.from(body.querySelectorAll('dt'), (term) => term.textContent);
        const own = field ? names.find((n) => n.startsWith('Field ')) : null;
        return [document.getElementById('walk-title').textContent, own,
            body.querySelector('mark.cell')?.textContent ?? null];
    };
    const descend = async (depth, field) => {
        const cell = body.querySelector(field ? '.cells li:has(.field) button' : '.cells li button');
        if (cell) { cell.click(); await settle(); return arrived(field); }
        for (let k = 0; depth && k < body.querySelectorAll('table').length; k++) {
            const row = body.querySelectorAll('table')[k].querySelector('tbody button');
            if (!row) continue;
            row.click();
            await settle();
            // What was looked at as deep before leads nowhere again.
            const title = document.getElementById('walk-title').textContent;
            if (!(been.get(title) >= depth)) {
                been.set(title, depth);
                const found = await descend(depth - 1, field);
                if (found) return found;
            }
            document.getElementById('walk-back').click();
            await settle();
        }
        return null;
    };
    const been = new Map();
    const end = async (button, field) => {
        been.clear();
        body.replaceChildren();
        button.click();
        for (let wait = 0; wait < 40 && !body.children.length; wait++) await settle();
        return descend(4, field);
    };
    const found = [];
    // The page is laid out anew at each click; with one display at a time that takes a tenth.
    const displays = Array.from(document.querySelectorAll('article.display'));
    for (const display of displays) display.hidden = true;
    for (const display of displays) {
        if (!display.querySelector('td[data-f], button[data-f]')) continue;
        display.hidden = false;
        display.scrollIntoView();
        for (let wait = 0; wait < 200 && display.querySelector('td[data-f]'); wait++) await frame();
        const buttons = Array.from(display.querySelectorAll('button[data-f]')).filter((b) => b.textContent !== '0');
        let reached = null;
        for (const [field, some] of [[true, 1], [false, 6]])
            for (const button of buttons.slice(0, some)) reached = reached ?? await end(button, field);
        found.push([display.id, reached]);
        display.hidden = true;
    }
    dialog.close();
    return found;
}"""


@pytest.fixture(scope="module")
def on_disk(shipped):
    """Cell of a raw file by line and field; the whole line without a field."""

    @cache
    def lines(file: str) -> list[list[str]]:
        with (shipped / file).open(encoding="utf-8-sig", newline="") as source:
            return list(csv.reader(source))

    def cell(file: str, line: int, field: str | None = None) -> str | list[str]:
        record = lines(file)[line - 1]
        return record if field is None else record[lines(file)[0].index(field)]

    return cell


def test_a_number_of_every_table_is_walked_by_clicks_to_the_cell_that_stands_on_disk(opened, shipped, on_disk):
    with opened(shipped / "reports/csr-appendix.html") as page:
        found = page.evaluate(WALK)
    assert len(found) > 120
    assert [display for display, reached in found if not reached] == []
    cells = 0
    for display, (title, term, shown) in found:
        file, line = re.fullmatch(r"(.+), line (\d+)", title).groups()
        if term is None:  # a row that was made of a whole record
            assert len(on_disk(file, int(line))) > 1
            continue
        assert on_disk(file, int(line), term.removeprefix("Field ")) == (shown or ""), (display, title, term)
        cells += 1
    assert cells > 95
