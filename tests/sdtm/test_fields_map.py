"""Every field of the CRF goes to a variable that some specification makes, or says why it is not submitted."""

import csv
import re
from pathlib import Path

import pytest

from crf2csr.sdtm._verbs import VERBS
from crf2csr.specs import Study

pytestmark = pytest.mark.req("URS-SDT-01")

ROOT = Path(__file__).parents[2]
FIELDS = ROOT.parent / "shared" / "reference" / "crf" / "fields.csv"
ROOMS = ROOT / "workflow" / "scripts" / "crf2csr" / "sdtm"


@pytest.fixture(scope="module")
def study():
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        yield Study(".", ROOT / "workflow" / "schemas")


def fields_of_rule(rule, form):
    """(form, field) of everything that a rule reads, its condition and its alternatives included."""
    source = rule.get("of", form)
    named = [rule[v] for v in VERBS if v in rule and v not in ("hardcode", "derive")]
    named += [rule["time"]] if "time" in rule else []
    found = {(source, n) for n in named if n != "visit"} | {(form, n) for n in rule.get("when", {})}
    for other in rule.get("or", []) if isinstance(rule.get("or"), list) else [rule["or"]] if "or" in rule else []:
        found |= fields_of_rule(other, form)
    return found


def fields_of_room(name, spec, study):
    """(form, field) of the declared forms that the domain's room names in its text."""
    file = ROOMS / f"{spec.get('room', name)}.py"
    text = file.read_text() if file.exists() else ""
    quoted = set(re.findall(r'"([A-Z][A-Z0-9_]*)"', text))
    return {
        (form, field)
        for form in spec.get("forms", [])
        for field in study.crf[form.lower()]["fields"]
        if field in quoted
    }


@pytest.fixture(scope="module")
def made(study):
    """(form, field) -> variables that are made from it, as DOMAIN.VARIABLE."""
    out = {}

    def add(pairs, target):
        for pair in pairs:
            out.setdefault(pair, set()).add(target)

    for name, spec in study.sdtm.items():
        domain = spec["name"]
        for block in spec.get("records", []):
            form = block["form"]
            for variable, rule in block.get("set", {}).items():
                # A name with a leading line is a helper, which the domain's room turns into variables.
                if variable in spec["variables"] or variable.startswith("_"):
                    add(fields_of_rule(rule, form), f"{domain}.{variable}")
            add({(form, f) for f in block.get("tests", {})}, f"{domain}.{domain}ORRES")
            add({(form, block["each"])} if "each" in block else set(), f"{domain}.{domain}ORRES")
            # A condition makes something where the rows exist because of it (a box that was ticked).
            boxes = {f for f, wanted in block.get("where", {}).items() if wanted in ("Y", "N")}
            add({(form, f) for f in boxes & set(study.crf[form.lower()]["fields"])}, f"{domain}.{domain}TERM")
        for link in spec.get("links", []):
            add({(link[side]["form"], link[side]["field"]) for side in ("from", "to")}, "RELREC.RELID")
        add({(c["form"], c["field"]) for c in spec.get("checks", [])}, f"{domain}.TIVERS")
        add(fields_of_room(name, spec, study), f"{domain}.*")
    add({(r["of"], r["date"]) for r in study.page["last_dose"]}, "DM.RFXENDTC")
    link = study.page["subjects"]["linked_by"]
    add({(link["form"], link["field"])}, "DM.PRVSUBJ")
    return out


def test_every_field_of_the_contracts_makes_a_variable_or_is_declared_not_submitted(study, made):
    lost = [
        f"{form['name']}.{field}"
        for form in study.crf.values()
        for field, about in form["fields"].items()
        if (form["name"], field) not in made and "not_submitted" not in about
    ]
    assert lost == []


def test_a_field_that_is_not_submitted_says_why_and_makes_no_variable(study, made):
    declared = {
        (form["name"], field): about["not_submitted"]
        for form in study.crf.values()
        for field, about in form["fields"].items()
        if "not_submitted" in about
    }
    assert set(declared) == {("AE", "AEYN"), ("MH", "MHYN"), ("IE", "IEYN")}
    assert all(len(reason) > 20 for reason in declared.values())
    assert not [pair for pair in declared if any(not target.endswith(".*") for target in made.get(pair, ()))]


def names_of(text):
    """Field names that one line of the reference stands for."""
    names = []
    for word in re.split(r"[ ,]+(?![^{]*})", text):
        if match := re.fullmatch(r"\{(.*)\}(\w+)", word):
            sides = ["RP", "LP", "RS", "LS"] if match[1] == ".." else match[1].split(",")
            names += [side + match[2] for side in sides]
        elif match := re.fullmatch(r"(?:DLQI)?(\d\d)-(\d\d)", word):
            names += [f"DLQI{n:02d}" for n in range(int(match[1]), int(match[2]) + 1)]
        else:
            names.append(word)
    if text == "panel":
        return []
    return ["UATEST", "UAORRES"] if text.startswith("pH") else names


@pytest.fixture(scope="module")
def reference():
    if not FIELDS.exists():
        pytest.fail(f"the reference of fields is not at hand: {FIELDS}")
    with FIELDS.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_line_of_the_reference_is_in_the_contracts_and_reaches_the_domain_it_names(study, made, reference):
    domains = {spec["name"] for spec in study.sdtm.values()}
    wrong = []
    for line in reference:
        contract = study.crf[line["form"].lower()]["fields"]
        for field in names_of(line["field"]):
            if field not in contract:
                wrong.append(f"{line['form']}.{field}: not in the contract")
                continue
            if line["sdtm_target"].startswith("not submitted"):
                continue
            wanted = {
                w.removeprefix("SUPP") for w in re.findall(r"\b(?:SUPP)?[A-Z]{2}\b|\bRELREC\b", line["sdtm_target"])
            } & domains
            reached = {target.partition(".")[0] for target in made.get((line["form"], field), ())}
            if wanted and not wanted & reached:
                wrong.append(f"{line['form']}.{field}: {line['sdtm_target']} wanted, {sorted(reached)} reached")
    assert wrong == []


def test_every_variable_that_the_reference_names_is_in_its_specification(study, reference):
    specs = {spec["name"]: spec for spec in study.sdtm.values()}
    missing = []
    for line in reference:
        for supplemental, domain, first, more in re.findall(
            r"\b(SUPP)?([A-Z]{2})\.([A-Z][A-Z0-9]*)((?:/(?:[A-Z]{2}\.)?[A-Z][A-Z0-9]+)*)", line["sdtm_target"]
        ):
            if domain not in specs:
                missing.append(f"{line['form']}.{line['field']}: no domain {domain}")
                continue
            variables = specs[domain]["variables"]
            stem = domain if first.startswith(domain) else ""
            for name in [first, *[m.split(".")[-1] for m in more.split("/") if m]]:
                about = (
                    variables.get(name)
                    or variables.get(stem + name)
                    or variables.get(f"{first.rstrip('LOHICN')}{name}")
                )
                if about is None:
                    missing.append(f"{line['form']}.{line['field']}: {domain} has no {name}")
                elif supplemental and not about.get("supp"):
                    missing.append(f"{line['form']}.{line['field']}: {name} is no supplemental qualifier of {domain}")
    assert missing == []


def test_every_domain_with_supplemental_qualifiers_has_them_written(study):
    having = {name for name, spec in study.sdtm.items() if any(v.get("supp") for v in spec["variables"].values())}
    assert having == {spec["supplements"] for spec in study.sdtm.values() if "supplements" in spec}
