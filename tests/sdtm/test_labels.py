"""Names and labels of SDTM variables are those of SDTMIG 3.4 and fit into a transport file."""

import re
from pathlib import Path

import pytest

from crf2csr import io, specs

pytestmark = pytest.mark.req("URS-SDT-02")

ROOT = Path(__file__).parents[2]
LABELS = {
    row["VARIABLE"]: row["LABEL"] for row in io.read_records(ROOT / "workflow" / "standards" / "sdtmig-3.4-labels.csv")
}
SPECS = [specs.read_yaml(path) for path in sorted((ROOT / "config" / "sdtm").glob("*.yaml"))]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec["name"])
def test_names_have_at_most_8_characters_and_labels_at_most_40(spec):
    assert len(spec["name"]) <= 8 and len(spec["label"]) <= 40
    for name, about in spec["variables"].items():
        assert re.fullmatch(r"[A-Z][A-Z0-9_]{0,7}", name), name
        assert 0 < len(about["label"]) <= 40 and about["label"].isascii(), name


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec["name"])
def test_a_variable_of_the_standard_bears_the_label_of_the_standard(spec):
    own = {name: about for name, about in spec["variables"].items() if not about.get("supp")}
    for name, about in own.items():
        expected = (
            f"Comment {name[5:]}"
            if re.fullmatch(r"COVAL[1-9]", name)
            else LABELS.get(f"{spec['name']}.{name}", LABELS.get(name))
        )
        assert about["label"] == expected, name
