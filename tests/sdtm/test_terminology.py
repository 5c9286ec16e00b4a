"""Words that specifications and codelists write are terms of CDISC CT 2025-03-25 where its lists are closed or used."""

import csv
import io
import lzma
from pathlib import Path

import pytest

from tests.sdtm.rooms import ROOT, read

pytestmark = pytest.mark.req("URS-SDT-02")

TERMS = ROOT.parent / "shared" / "data" / "ct" / "SDTM_Terminology_2025-03-25.txt.xz"
# Our codelist -> list of the terminology, and our extensions of a list that may be extended.
LISTS = {
    "SEX": ("SEX", set()),
    "RACE": ("RACE", set()),
    "NY": ("NY", set()),
    "NYU": ("NY", set()),
    "FREQ": ("FREQ", set()),
    "CMFREQ": ("FREQ", set()),
    "ROUTE": ("ROUTE", set()),
    "DOSU": ("UNIT", set()),
    "MODE": ("CNTMODE", set()),
    "ICTYPE": ("PROTMLST", set()),
    "NCF": ("NCF", set()),
    "CXRMETH": ("METHOD", set()),
    "NCOMPLT": ("NCOMPLT", {"OTHER"}),
    "JTSITE": ("LOC", {"MANUBRIOSTERNAL JOINT", "PERIPHERAL JOINT", "OTHER JOINT OR BONE"}),
}
# Variable -> list of the terminology, and our extensions, for words that specifications write themselves.
HARDCODED = {
    "DSCAT": ("DSCAT", set()),
    "DSSCAT": ("DSSCAT", set()),
    "MHEVDTYP": ("MHEDTTYP", set()),
    "PRDECOD": ("PROCEDUR", set()),
    "FATESTCD": ("FATESTCD", {"TYPE", "CONFIRM"}),
    "DATESTCD": ("DATESTCD", set()),
    "SCTESTCD": ("SCTESTCD", set()),
    "RETESTCD": ("RETESTCD", {"DESCR"}),
    "MKTESTCD": ("MUSCTSCD", {"TJC", "SJC", "SYMPIND"}),
    "IECAT": ("IECAT", set()),
    "CMENRTPT": ("STENRF", set()),
    "MHENRTPT": ("STENRF", set()),
    "PRLOC": ("LOC", set()),
    "RELOC": ("LOC", set()),
    "DAORRESU": ("UNIT", set()),
    "ECDOSFRM": ("FRM", set()),
    "EXDOSFRM": ("FRM", set()),
    "ECROUTE": ("ROUTE", set()),
}


@pytest.fixture(scope="module")
def terminology():
    if not TERMS.exists():
        pytest.fail(f"the controlled terminology is not at hand: {TERMS}")
    with lzma.open(TERMS) as file:
        rows = list(csv.DictReader(io.TextIOWrapper(file, "utf-8"), delimiter="\t", quoting=csv.QUOTE_NONE))
    lists = {row["Code"]: row["CDISC Submission Value"] for row in rows if not row["Codelist Code"]}
    terms: dict[str, dict[str, str]] = {}
    for row in rows:
        if row["Codelist Code"]:
            terms.setdefault(lists[row["Codelist Code"]], {})[row["CDISC Submission Value"]] = row["Code"]
    closed = {row["CDISC Submission Value"] for row in rows if row["Codelist Extensible (Yes/No)"] == "No"}
    return terms, closed


@pytest.mark.parametrize("name", sorted(LISTS))
def test_a_codelist_writes_only_terms_and_declared_extensions(name, terminology):
    terms, closed = terminology
    listed, extensions = LISTS[name]
    ours = {entry["code"] if isinstance(entry, dict) else entry for entry in read("codelists.yaml")[name].values()}
    assert ours - set(terms[listed]) == extensions
    assert not (extensions and listed in closed)


@pytest.mark.parametrize("variable", sorted(HARDCODED))
def test_a_specification_writes_only_terms_and_declared_extensions(variable, terminology):
    terms, _ = terminology
    listed, extensions = HARDCODED[variable]
    found = set()
    for path in sorted(Path(ROOT / "config" / "sdtm").glob("*.yaml")):
        for block in read(f"sdtm/{path.name}").get("records", []):
            found |= {block["set"][variable].get("hardcode")} if variable in block.get("set", {}) else set()
            found |= {constants.get(variable) for constants in block.get("tests", {}).values()}
    found.discard(None)
    assert found and found - set(terms[listed]) == extensions


def test_every_parameter_of_the_trial_summary_is_a_term_and_codes_fit_their_values(terminology):
    terms, _ = terminology
    names = {code: name for name, code in terms["TSPARM"].items()}
    everywhere = {(value, code) for values in terms.values() for value, code in values.items()}
    for entry in read("trial_design.yaml")["summary"]:
        assert names[terms["TSPARMCD"][entry["code"]]] == entry["parameter"]
        assert "term" not in entry or (entry["value"], entry["term"]) in everywhere
