"""A fault in any file of the configuration is one line with file, key and value, before the first job.

Each fault is planted in a copy of the shipped configuration. What analyses, displays and estimands name is in
``test_references.py``.
"""

from __future__ import annotations

import copy
import shutil
from pathlib import Path

import pytest
import raw
import sdtm

from crf2csr.errors import Cause
from crf2csr.plan import Plan
from crf2csr.specs import Study
from tests.climb import ROOT, copy_config, inside

pytestmark = pytest.mark.req("URS-CFG-01")

PAGE, VS, SDTM_VS, WORDS = "config/config.yaml", "config/crf/vs.yaml", "config/sdtm/vs.yaml", "config/codelists.yaml"
LABS, CHECKS, ANSWERS = "config/labs.yaml", "config/checks.yaml", "config/accepted_queries.yaml"
MANIFEST = "data/raw/manifest.yaml"
ELIGIBILITY, PROHIBITED, AESI = "config/eligibility.yaml", "config/prohibited.yaml", "config/aesi.yaml"
ADVS = "config/adam/advs.yaml"
WEEK_2 = "{visit: Week 2, number: 2, from: 12, to: 22, target: 15}"

# File, text, what stands there instead, and what the line says: key and value, rule.
FAULTS = {
    "unknown key": (VS, "date: VSDAT\n", "date: VSDAT\ncolour: red\n", "", "'colour' was unexpected"),
    "wrong type": (PAGE, "subjects: 60", "subjects: sixty", "field study.planned_subjects, value 'sixty'", "not of type"),
    "syntax": (PAGE, "planned_subjects: 60", "planned_subjects: [60", "line 11", "is not valid YAML"),
    "key twice": (WORDS, "\nNY: {", "\nNY: {Y: Y}\nNY: {", "line 5, field NY", "this key stands twice"),
    "word twice": (WORDS, "{M: M, F: F}", "{M: M, F: F, M: F}", "line 2, field M", "this key stands twice"),
    "word twice in another case": (WORDS, "{M: M, F: F}", "{M: M, F: F, f: M}", "field SEX, value 'f'", "in case or width alone"),
    "code list that a domain lacks": (WORDS, "\nSEX: {", "\nSEKS: {", "value 'SEX'", "is not a list of codelists.yaml"),
    "engine without rules": (PAGE, "\nepochs: {", "\ncore: {python: x}\nepochs: {", "field core", "'rules' is a required property"),
    "no such day": (PAGE, "cutoff: 2026-10-15", "cutoff: 2026-02-30", "study.cutoff, value '2026-02-30'", "is no day"),
    "visit off the schedule": (PAGE, WEEK_2, WEEK_2.replace("Week 2", "Week 3"), "every_visit.visit, value 'Week 3'", "is not a visit of the schedule"),
    "windows overlap": (PAGE, WEEK_2, WEEK_2.replace("12", "10"), "Week 2.from, value '10'", "overlaps the window of Week 1"),
    "window backwards": (PAGE, WEEK_2, WEEK_2.replace("12", "25"), "Week 2.from, value '25'", "runs backwards"),
    "target outside": (PAGE, WEEK_2, WEEK_2.replace("15", "30"), "Week 2.target, value '30'", "lies outside 12 to 22"),
    "number of two visits": (PAGE, "number: 4, name: Week 2", "number: 3, name: Week 2", "visits.W2.number, value '3'", "stands for the visit W1 too"),
    "label of two visits": (PAGE, "labels: [Week 2,", "labels: [week1,", "visits.W2.label, value 'WEEK1'", "stands for the visit W1 too"),
    "visit span backwards": (PAGE, "day: 8, from: 6, to: 10", "day: 8, from: 10, to: 6", "visits.W1.from, value '10'", "runs backwards"),
    "form of subjects": (PAGE, "  form: DM\n", "  form: DMX\n", "subjects.form, value 'DMX'", "is not a form"),
    "field of subjects": (PAGE, "birth: BRTHDAT", "birth: BIRTH", "subjects.birth, value 'BIRTH'", "is not a field of DM"),
    "link of subjects": (PAGE, "field: PRVSUBJ}", "field: PRV}", "subjects.linked_by.field, value 'PRV'", "is not a field of ICF"),
    "regular expression": (PAGE, "'01-[0-9]{4,5}'", "'01-[0-9'", "subjects.pattern, value '01-[0-9'", "is no regular expression"),
    "part of a number": (PAGE, "{STUDYID}-{SUBJID}'", "{STUDYID}-{SUBJECT}'", "subjects.usubjid, value 'SUBJECT'", "is not a part"),
    "last dose": (PAGE, "{date: LSTDOSDT, of: DS", "{date: LASTDOSE, of: DS", "last_dose.1.date, value 'LASTDOSE'", "is not a field of DS"),
    "form of visits": (PAGE, "visit_form: {form: SV", "visit_form: {form: SW", "visit_form.form, value 'SW'", "is not a form"),
    "form that dates visits": (PAGE, "dated_by: [PPPASI", "dated_by: [PASI", "visit_form.dated_by.form, value 'PASI'", "is not a form"),
    "table not delivered": (PAGE, "[coding, labranges]", "[coding, ranges]", "field tables, value 'ranges'", "is not in the manifest"),
    "version of terminology": (PAGE, "ct: 2025-03-25", "ct: 2031-03-25", "standards.ct, value '2031-03-25'", "no such version"),
    "folder of raw data": (PAGE, "dir: data/raw", "dir: data/row", "raw.dir, value 'data/row'", "does not exist"),
    "type of a field": (VS, "label: Weight, type: num", "label: Weight, type: decimal", "fields.WEIGHT.type, value 'decimal'", "is not one of"),
    "field twice": (VS, "  WEIGHT: {", "  SYSBP: {label: x, type: int}\n  WEIGHT: {", "field SYSBP", "this key stands twice"),
    "date of a form": (VS, "date: VSDAT\n", "date: VSDATE\n", "field date, value 'VSDATE'", "is not a field of VS"),
    "bounds of a field": (VS, "lo: 60, hi: 260", "lo: 260, hi: 60", "fields.SYSBP.lo, value '260'", "above the upper one"),
    "condition of a field": (VS, "asked: {VSPERF: Y}, cdash: VSDAT", "asked: {DONE: Y}, cdash: VSDAT", "fields.VSDAT.asked, value 'DONE'", "is not a field of VS"),
    "name of a file": (VS, "name: VS\n", "name: VT\n", "field name, value 'VT'", "file and name differ"),
    "form of a domain": (SDTM_VS, "forms: [VS]", "forms: [VT]", "field forms, value 'VT'", "is not a form of the study"),
    "neighbour of a domain": (SDTM_VS, "domains: [dm]", "domains: [dx]", "field domains, value 'dx'", "is not made on the sdtm floor"),
    "field of a mapping": (SDTM_VS, "{date: VSDAT}", "{date: VSDATE}", "set.VSDTC.date, value 'VSDATE'", "is not a field of VS"),
    "verb of a mapping": (SDTM_VS, "{date: VSDAT}", "{dates: VSDAT}", "set.VSDTC", "'dates' was unexpected"),
    "variable of a condition": (SDTM_VS, "{VSPERF: {not: N}}", "{VSDONE: {not: N}}", "records.0.where, value 'VSDONE'", "is not a field of VS"),
    "comparison": (SDTM_VS, "{VSPERF: {not: N}}", "{VSPERF: {except: N}}", "records.0.where.VSPERF, value 'except'", "is not a comparison"),
    "test of a domain": (SDTM_VS, "SYSBP: {VSTESTCD", "SYSTOLE: {VSTESTCD", "records.0.tests, value 'SYSTOLE'", "is not a field of VS"),
    "key of a domain": (SDTM_VS, "keys: [STUDYID, USUBJID, VSTESTCD", "keys: [STUDYID, USUBJID, VSTEST2", "field keys, value 'VSTEST2'", "is not a variable of VS"),
    "unit of an analyte": (LABS, "BLOOD, unit: g/L, plausible: [25, 260]", "BLOOD, unit: g/mL, plausible: [25, 260]", "analytes.HGB.unit, value 'g/mL'", "is not a unit of this analyte"),
    "factor of a unit": (LABS, "g/dL: {times: 10,", "g/dL: {times: ten,", "HGB.units.g/dL.times, value 'ten'", "is not of type"),
    "plausible bounds": (LABS, "plausible: [25, 260]", "plausible: [260, 25]", "analytes.HGB.plausible, value '[260, 25]'", "run backwards"),
    "conventional unit": (LABS, "conventional: {unit: g/dL, over: 10}", "conventional: {unit: g/cl, over: 10}", "HGB.conventional.unit, value 'g/cl'", "is not a unit of this analyte"),
    "two factors of a unit": (LABS, "conventional: {unit: g/dL, over: 10}", "conventional: {unit: g/dL, over: 100}", "HGB.conventional, value 'over 100'", "its factor there is another one"),
    "table of ranges": (LABS, "ranges: labranges", "ranges: labrange", "field ranges, value 'labrange'", "is not a table of config.yaml"),
    "table of grades": (PAGE, "grading: ctcae_v5_labs", "grading: ctcae_v6_labs", "labs.grading, value 'ctcae_v6_labs'", "is not a table of workflow/standards/"),
    "table of levels that has none": (PAGE, "levels: fda_lab_levels", "levels: ctcae_v5_labs", "labs.levels, value 'ctcae_v5_labs'", "is not a table of workflow/standards/"),
    "code of a criterion": (ELIGIBILITY, "code: IN02", "code: IN99", "field code, value 'IN99'", "is not a criterion of IECRIT"),
    "criterion twice": (ELIGIBILITY, "code: IN02", "code: IN01", "field id, value 'IN01'", "two criteria bear this id"),
    "value of a criterion": (ELIGIBILITY, "value: AGE,", "value: AGEX,", "IN01.checks.0.value, value 'AGEX'", "is not a variable of DM"),
    "domain of a criterion": (ELIGIBILITY, "{of: dm, value", "{of: dn, value", "IN01.checks.0.of, value 'dn'", "is not a domain"),
    "field of a criterion": (ELIGIBILITY, "field: BRTHDAT", "field: BIRTH", "IN01.checks.0.field, value 'BIRTH'", "is not a field of the study's forms"),
    "condition of a criterion": (ELIGIBILITY, "asked: {FATESTCD: CONFIRM}", "asked: {FATEST2: CONFIRM}", "IN02.checks.0.asked, value 'FATEST2'", "is not a variable of FA"),
    "rows of a criterion": (ELIGIBILITY, "any: [{where: {FATESTCD", "any: [{where: {FATEST2", "IN02.checks.0.any.where, value 'FATEST2'", "is not a variable of FA"),
    "shown by a criterion": (ELIGIBILITY, "show: [FAORRES]", "show: [FARES]", "IN02.checks.0.show, value 'FARES'", "is not a variable of FA"),
    "domain of prohibited treatment": (PROHIBITED, "domains: [pr, cm]", "domains: [px, cm]", "PHOTOTHERAPY.domains, value 'px'", "is not a domain"),
    "condition of prohibited treatment": (PROHIBITED, "{CMCAT: PRIOR", "{CMCATX: PRIOR", "field not_treatment, value 'CMCATX'", "is not a variable of"),
    "rule of prohibited treatment twice": (PROHIBITED, "id: TOPICAL", "id: SYSTEMIC", "field id, value 'SYSTEMIC'", "two rules bear this id"),
    "group of events twice": (AESI, "id: CLOT", "id: INFECT", "field id, value 'INFECT'", "two groups bear this id"),
    "condition of a group of events": (AESI, "AESER: Y", "AESERX: Y", "INFECT_SER.where, value 'AESERX'", "is not a variable of ADAE"),
    "order of a domain": (SDTM_VS, "sort: [VSTESTCD", "sort: [VSTESTXX", "field sort, value 'VSTESTXX'", "is not a variable of VS"),
    "order of a data set": (ADVS, "sort: [USUBJID, PARAMN", "sort: [USUBJID, PARAMX", "field sort, value 'PARAMX'", "is not a variable of ADVS"),
    "key of a data set": (ADVS, "keys: [STUDYID, USUBJID, ASEQ", "keys: [STUDYID, USUBJID, ASEQX", "field keys, value 'ASEQX'", "is not a variable of ADVS"),
    "windows of a data set": (ADVS, "windows: every_visit ", "windows: each_visit ", "field windows, value 'each_visit'", "is not a set of windows"),
    "decimal comma of a table": (MANIFEST, "rows: 70\n  delimiter: ','\n  decimal: .", "rows: 70\n  delimiter: ','\n  decimal: ','", "field decimal, value 'labranges.csv'", "only the file of a form"),
    "form of a check": (CHECKS, "{form: DM, shared", "{form: DX, shared", "checks.0.form, value 'DX'", "is not a form or table"),
    "field of a check": (CHECKS, "[BRTHDAT, SEX]", "[BIRTH, SEX]", "checks.0.shared.fields, value 'BIRTH'", "is not a field of DM"),
    "asked field of a check": (CHECKS, "field: TSPOT,", "field: TSPOX,", "field checks.4.field, value 'TSPOX'", "is not a field of SERO or of a form"),
    "amount of a check": (CHECKS, "amount: DISPAMT", "amount: DISPQTY", "checks.5.supply.amount, value 'DISPQTY'", "is not a field of DA"),
    "filled field of a check": (CHECKS, "'{R}PCT': {present: true}", "'{R}PCX': {present: true}", "checks.6.never, value 'RPPCX'", "is not a field of PPPASI"),
    "other form of a check": (CHECKS, "{of: IE, where: {IEYN: N}}", "{of: IX, where: {IEYN: N}}", "checks.4.unless.of, value 'IX'", "is not a form"),
    "order of a check": (CHECKS, "first: MHSTDAT,", "first: MHBEGIN,", "order.first, value 'MHBEGIN'", "is not a field of MH"),
    "factor of a check": (CHECKS, "by: [USUBJID]", "by: [PERSON]", "factor.by, value 'PERSON'", "is not a field of VS"),
    "condition of a check": (CHECKS, "of: ICF, where: {ICTYPE: MAIN}}, field", "of: ICF, where: {ICTYP: MAIN}}, field", "exists.where, value 'ICTYP'", "is not a field of ICF"),
    "severity of a check": (CHECKS, "P26, severity: major", "P26, severity: grave", "checks.0.severity, value 'grave'", "is not one of"),
    "answer without a name": (ANSWERS, "    who: Data management lead\n", "", "accepted.0", "'who' is a required property"),
    "form that no file holds": (MANIFEST, "form: PGA\n", "form: PGB\n", "field PGA", "no file stands for this form"),
    "key of the manifest": (MANIFEST, "rows: 72\n", "rows: 72\n  colour: red\n", "files.0", "'colour' was unexpected"),
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = copy_config(ROOT, tmp_path_factory.mktemp("faults"))
    shutil.copytree(ROOT / "data/raw", made / "data/raw")
    return made


@pytest.fixture(scope="module")
def read(folder) -> dict[str, tuple[bytes, object]]:
    """Bytes of each file of the configuration and what is read of it: a fault changes one file, the rest is known."""
    kept: dict[str, tuple[bytes, object]] = {}
    real = Study._read

    def once(self: Study, name: str, schema: str) -> object:
        content = (self.config / name).read_bytes()
        if name in kept and kept[name][0] == content:
            return copy.deepcopy(kept[name][1])
        found = real(self, name, schema)
        kept.setdefault(name, (content, copy.deepcopy(found)))
        return found

    with pytest.MonkeyPatch.context() as patch, inside(folder):
        patch.setattr(Study, "_read", once)
        Plan(Study(".", ROOT / "workflow/schemas"))
        yield kept


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_one_line_with_file_key_and_value_before_any_job(folder, read, name):
    file, old, new, place, rule = FAULTS[name]
    path = folder / file
    whole = path.read_text(encoding="utf-8")
    assert old in whole
    path.write_text(whole.replace(old, new, 1), encoding="utf-8")
    try:
        with pytest.raises(Cause) as found:
            Plan(Study(".", ROOT / "workflow/schemas"))
    finally:
        path.write_text(whole, encoding="utf-8")
    lines = found.value.lines()
    assert all("\n" not in line for line in lines)
    blamed = "config/sdtm/dm.yaml" if "a domain lacks" in name else file
    assert any(line.startswith(blamed) and place in line and rule in line for line in lines), lines


def test_a_code_list_that_neither_configuration_nor_dictionary_holds_stops_the_review_of_its_form(folder):
    path = folder / "config/crf/dm.yaml"
    whole = path.read_text(encoding="utf-8")
    assert "codelist: SEX" in whole
    path.write_text(whole.replace("codelist: SEX", "codelist: SEKS", 1), encoding="utf-8")
    try:
        with inside(folder):
            plan = Plan(Study(".", ROOT / "workflow/schemas"))
            job = plan.sdtm["review_dm"]
            forms = {role.removeprefix("raw/") for role in job.inputs if role.startswith("raw/")} | {
                form.lower() for form in plan.sdtm["register"].inputs
            }
            for form in sorted(forms):
                raw.stage(plan.raw[form])
            sdtm.tabulate(plan.sdtm["register"])
            with pytest.raises(Cause, match="nor the dictionary") as found:
                sdtm.tabulate(job)
    finally:
        path.write_text(whole, encoding="utf-8")
    assert found.value.file == "config/crf/dm.yaml"
    assert (found.value.field, found.value.value) == ("fields.SEX.codelist", "SEKS")
