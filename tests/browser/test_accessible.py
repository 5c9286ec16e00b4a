"""axe-core finds nothing to object to: the page in light and dark, the walk, the profile, the finder."""

from __future__ import annotations

import importlib.resources

import pytest

pytestmark = pytest.mark.req("URS-CSR-07")

AXE = (importlib.resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
EVERY = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']"
# What a colour scheme can change; all else is the same elements.
COLOURS = "{type: 'rule', values: ['color-contrast', 'link-in-text-block']}"


# Of displays that are made alike (the same elements and classes one in another) the first is kept.
ALIKE = """() => {
    const seen = new Set();
    const name = (node) => node.localName + '.' + (node.getAttribute('class') ?? '');
    for (const display of document.querySelectorAll('article.display')) {
        const parts = Array.from(display.querySelectorAll('*'), (node) => `${name(node.parentElement)}>${name(node)}`);
        const make = [...new Set(parts)].sort().join(' ');
        if (seen.has(make)) display.remove();
        else seen.add(make);
    }
    return seen.size;
}"""


def objections(page, place: str = "document", rules: str = EVERY) -> list[str]:
    """What axe-core objects to within ``place``: rule and first element."""
    page.evaluate(f"() => {{ {AXE} }}")
    return page.evaluate(f"""async () => (await axe.run({place}, {{runOnly: {rules}, resultTypes: ["violations"]}}))
        .violations.map((v) => `${{v.id}}: ${{v.nodes.length}} x ${{v.nodes[0].html.slice(0, 200)}}`)""")


@pytest.mark.parametrize(("scheme", "rules"), [("light", EVERY), ("dark", COLOURS)])
def test_page_walk_profile_and_finder(opened, report, scheme, rules):
    with opened(report, color_scheme=scheme) as page:
        assert page.evaluate(ALIKE) > 15
        assert objections(page, rules=rules) == []
        page.click(".sentence button >> nth=0")
        assert objections(page, "document.getElementById('walk')") == []
        page.keyboard.press("Escape")
        page.evaluate("showPerson(roll().list.find((p) => rowsOfPerson(page.profile.tracks[0], p).length))")
        page.click("#walk-body summary")
        assert objections(page, "document.getElementById('walk')") == []
        page.keyboard.press("Escape")
        page.fill("#find", "week")
        page.wait_for_selector("#found h2")
        assert objections(page, "document.querySelector('.side')") == []
