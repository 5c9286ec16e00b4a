"""Disposition, analysis sets, demography, deviations and eligibility, from the forms they were collected on."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from fractions import Fraction

import pytest

from tests.displays._printed import proves, text
from tests.displays._study import (
    ARM,
    age,
    base,
    compliance,
    consents,
    contradicted,
    important,
    in_protocol_window,
    joint_symptoms,
    per_protocol,
    persons,
    screen_failures,
    week_12,
)
from tests.independent import (
    clean,
    day,
    described,
    form,
    number,
    percent,
    period,
    prohibited,
    rows_of,
    share,
    treated,
)

pytestmark = pytest.mark.req("URS-VER-03")

N = 60
FAS = 59
LIMITS = {"HEIGHT": (120, 210), "WEIGHT": (30, 200)}
PRIOR = {
    "TOPICAL": "TOPICAL",
    "RETINOID": "RETINOID",
    "METHOTREXATE": "MTX",
    "PHOTOTHERAPY": "PHOTO",
    "TRIPTERYGIUM WILFORDII": "TWHF",
    "TRADITIONAL CHINESE MEDICINE": "TCM",
    "CICLOSPORIN": "CSA",
    "OTHER SYSTEMIC": "OTHSYS",
    "APREMILAST": "APREM",
    "IL-17 INHIBITOR": "BIO_IL17",
    "JAK INHIBITOR": "JAKI",
    "IL-23 INHIBITOR": "BIO_IL23",
}


def left_early() -> Counter:
    return Counter(p.reason for p in treated().values() if p.reason != "COMPLETED")


@proves("f-14.1.1")
def test_the_flow_of_subjects_is_that_of_the_forms(display):
    every = len(persons())
    expected = {
        ("Subjects with data",): [str(every), ""],
        ("Not treated",): [str(len(screen_failures())), percent(len(screen_failures()), every)],
        ("Not treated", "Screen failure"): [str(len(screen_failures())), percent(len(screen_failures()), every)],
        ("Treated (safety set)",): [str(len(treated())), percent(len(treated()), every)],
        ("In the full analysis set",): [str(len(base())), percent(len(base()), N)],
        ("Not in the full analysis set",): [str(N - len(base())), percent(N - len(base()), N)],
        ("Not in the full analysis set", "No baseline PPPASI"): [str(N - len(base())), percent(N - len(base()), N)],
        ("Treatment stopped early",): [str(left_early().total()), percent(left_early().total(), N)],
        ("End of treatment not recorded",): ["0", "0"],
        ("Completed treatment",): [str(N - left_early().total()), percent(N - left_early().total(), N)],
    }
    for reason, n in left_early().items():
        expected["Treatment stopped early", reason.capitalize()] = [str(n), percent(n, N)]
    assert display.deep == expected


@proves("t-14.1.1")
def test_the_end_of_treatment_and_study_is_that_of_the_disposition_form(display):
    gone = left_early().total()
    reasons = {reason.capitalize(): [share(n, N)] for reason, n in left_early().items()}
    expected = {
        ("End of treatment, n (%)", "Completed"): [share(N - gone, N)],
        ("End of treatment, n (%)", "Stopped early"): [share(gone, N)],
        ("End of study, n (%)", "Completed"): [share(N - gone, N)],
        ("End of study, n (%)", "Left the study early"): [share(gone, N)],
    }
    for title in ("Reason for stopping treatment, n (%)", "Reason for leaving early, n (%)"):
        expected |= {(title, reason): cells for reason, cells in reasons.items()}
    assert display.deep == expected


@proves("t-14.1.2")
def test_each_analysis_set_has_the_subjects_that_meet_its_definition(display):
    every = len(persons())
    shares = {p: compliance()[p] for p in base()}
    out = {
        "Screened (consent signed)": len(consents()),
        "Enrolled (met eligibility)": len(set(treated()) & set(consents())),
        "Safety set (at least one dose)": len(treated()),
        "Full analysis set (safety set and baseline PPPASI > 0)": len(base()),
        "Treated, not in the full analysis set: no baseline PPPASI": N - len(base()),
        "Treated, not in the full analysis set: baseline PPPASI 0": 0,
        "Per-protocol set": len(per_protocol()),
        "Not in the per-protocol set: important deviation": len(important() & set(base())),
        "Not in the per-protocol set: compliance not known": sum(v is None for v in shares.values()),
        "Not in the per-protocol set: compliance outside 80-120 %": sum(
            v is not None and not 80 <= v <= 120 for v in shares.values()
        ),
        "Not in the per-protocol set: no PPPASI on days 78-92": sum(not in_protocol_window(p) for p in base()),
        "Joint set (joint symptoms at baseline)": len(joint_symptoms() & set(base())),
    }
    assert display.flat == {head: [share(n, every)] for head, n in out.items()}


def body(field: str) -> dict[str, Fraction]:
    """Last height or weight on or before the first dose that a person can have."""
    found: dict[str, tuple[date, Fraction]] = {}
    for record in form("VS"):
        person, when, value = treated().get(record["PERSON"]), day(record["VSDAT"]), number(record[field])
        low, high = LIMITS[field]
        if person is None or when is None or value is None or not low <= value <= high or when > person.first_dose:
            continue
        if person.id not in found or when >= found[person.id][0]:
            found[person.id] = when, value
    return {person: value for person, (_, value) in found.items() if person in base()}


def smoking() -> dict[str, dict[str, str]]:
    return {r["PERSON"]: r for r in form("SU") if r["SUTRT"] == "TOBACCO" and r["EVENT"] == "SCR"}


def pack_years() -> dict[str, Fraction]:
    found = {}
    for person, record in smoking().items():
        if clean(record["SUNCF"]) == "NEVER":
            found[person] = Fraction(0)
        elif (a_day := number(record["SUDOSE"])) is not None and (years := number(record["SUDUR"])) is not None:
            found[person] = a_day * years / 20
    return {person: value for person, value in found.items() if person in base()}


def disease_years() -> dict[str, Fraction]:
    """Years from the first day that the diagnosis can mean to the first dose; of two screenings the earlier date."""
    first: dict[str, date] = {}
    for record in form("PPPHX"):
        if known := period(record["PPDIADAT"]):
            first[record["PERSON"]] = min(known[0], first.get(record["PERSON"], known[0]))
    return {p: Fraction((treated()[p].first_dose - first[p]).days * 100, 36525) for p in base() if p in first}


def prior() -> list[dict[str, str]]:
    """Prior therapies of treated subjects with the coded name."""
    coded = {r["VERBATIM"]: r["DECOD"] for r in rows_of("coding") if r["DOMAIN"] == "CM"}
    return [r | {"NAME": coded.get(r["CMTRT"], "")} for r in form("PRTX") if r["PERSON"] in treated()]


def systemic_drugs() -> dict[str, int]:
    names = defaultdict(set)
    for record in prior():
        if record["PTCAT"] not in ("TOPICAL", "PHOTO"):
            names[record["PERSON"]].add(record["NAME"] or record["CMTRT"])
    return {person: len(names[person]) for person in base()}


def biologic() -> set[str]:
    return {r["PERSON"] for r in prior() if r["PTCAT"].startswith("BIO")} & set(base())


def block(values: dict[str, Fraction], decimals: int) -> dict[str, list[str]]:
    rows = dict(
        zip(("n", "Mean (SD)", "Median", "Q1, Q3", "Min, Max"), described(values.values(), decimals), strict=True)
    )
    missing = FAS - len(values)
    return {k: [v] for k, v in rows.items()} | ({"Missing": [str(missing)]} if missing else {})


def counted(groups: dict[str, int], missing: int = 0) -> dict[str, list[str]]:
    return {k: [share(n, FAS)] for k, n in groups.items() if n} | (
        {"Missing": [share(missing, FAS)]} if missing else {}
    )


def banded(values: dict[str, Fraction], *bands: tuple[str, Fraction | float]) -> dict[str, int]:
    """How many values are below each bound and not below the one before it."""
    found, low = {}, float("-inf")
    for label, high in bands:
        found[label] = sum(low <= v < high for v in values.values())
        low = high
    return found


@proves("t-14.1.3")
def test_demography_and_disease_are_those_of_the_screening_forms(display):
    ages = {p: age(p) for p in base() if age(p) is not None}
    height, weight = body("HEIGHT"), body("WEIGHT")
    bmi = {p: weight[p] / (height[p] / 100) ** 2 for p in height if p in weight}
    sexes = Counter(persons()[p]["SEX"] for p in base())
    ethnic = Counter(persons()[p]["ETHGRP"].capitalize() for p in base())
    smokes = Counter(clean(smoking()[p]["SUNCF"]).capitalize() for p in base())
    types = Counter({r["PERSON"]: r["PPTYPE"] for r in form("PPPHX") if r["PERSON"] in base()}.values())
    score = {p: Fraction(v, 10) for p, v in base().items()}
    drugs = systemic_drugs()
    infinite = float("inf")
    expected = {
        "Age (years)": block(ages, 0),
        "Age group, n (%)": counted(
            banded(ages, ("Below 45", 45), ("45 to below 65", 65), ("65 and above", infinite)), FAS - len(ages)
        ),
        "Sex, n (%)": counted({"Male": sexes["M"], "Female": sexes["F"]}),
        "Race, n (%)": counted({"Asian": sum(persons()[p]["RACE"] == "ASIAN" for p in base())}),
        "Ethnic group, n (%)": counted(ethnic),
        "Height (cm)": block(height, 0),
        "Weight (kg)": block(weight, 1),
        "Body mass index (kg/m²)": block(bmi, 1),
        "Smoking, n (%)": counted(smokes),
        "Pack-years": block(pack_years(), 1),
        "Type of PPP, n (%)": counted(
            {
                "Type A (without plaque psoriasis elsewhere)": types["A"],
                "Type B (with plaque psoriasis elsewhere)": types["B"],
            }
        ),
        "Duration of disease (years)": block(disease_years(), 1),
        "Duration of disease, n (%)": counted(
            banded(disease_years(), ("<2 years", 2), ("2-<5 years", 5), (">=5 years", infinite))
        ),
        "PPPASI total score": block(score, 1),
        "PPPASI below 12, n (%)": counted(banded(score, ("Below 12", 12), ("12 and above", infinite))),
        "PPPASI group, n (%)": counted(
            banded(score, ("Below 21", 21), ("21 to below 31", 31), ("31 and above", infinite))
        ),
        "Prior systemic therapies, n (%)": counted(banded(drugs, ("0", 1), ("1", 2), ("2", 3), (">=3", infinite))),
        "Prior biologic, n (%)": counted(
            {"No prior biologic": FAS - len(biologic()), "Prior biologic": len(biologic())}
        ),
        "Joint symptoms at baseline, n (%)": counted(
            {
                "Joint symptoms": len(joint_symptoms() & set(base())),
                "No joint symptoms": FAS - len(joint_symptoms() & set(base())),
            }
        ),
    }
    shown = defaultdict(dict)
    for path, cells in display.rows:
        shown[path[0]][path[1]] = cells
    assert {title: shown[title] for title in expected if title in shown} == {
        title: rows for title, rows in expected.items() if title in shown
    }
    assert set(shown) <= set(expected) and len(shown) >= 17


@proves("t-14.2.1.5")
def test_subjects_with_and_without_week_12_are_described_apart(display):
    """Age, sex, baseline PPPASI, smoking and joint symptoms of the two columns."""
    groups = [{p for p in base() if week_12(p)}, {p for p in base() if not week_12(p)}]
    assert display.heads == [f"N = {len(group)}" for group in groups]
    for column, group in enumerate(groups):
        shown = {path: cells[column] for path, cells in display.rows}
        ages = [age(p) for p in group if age(p) is not None]
        score = [Fraction(base()[p], 10) for p in group]
        for title, values, decimals in (("Age (years)", ages, 0), ("Baseline PPPASI", score, 1)):
            heads = ("n", "Mean (SD)", "Median", "Q1, Q3", "Min, Max")
            assert [shown[title, head] for head in heads] == described(values, decimals)
        for sex, word in (("M", "Male"), ("F", "Female")):
            n = sum(persons()[p]["SEX"] == sex for p in group)
            assert shown["Sex, n (%)", word] == share(n, len(group))
        for word in ("Never", "Former", "Current"):
            n = sum(clean(smoking()[p]["SUNCF"]).capitalize() == word for p in group)
            assert shown["Smoking, n (%)", word] == share(n, len(group))
        with_joints = len(joint_symptoms() & group)
        assert shown["Joint symptoms at baseline, n (%)", "Joint symptoms"] == share(with_joints, len(group))


@proves("t-14.1.4")
def test_prior_therapy_and_comorbidity_are_counted_from_their_forms(display):
    therapy = defaultdict(set)
    for record in prior():
        therapy[record["PTCAT"]].add(record["PERSON"])
    conventional = set().union(*(therapy[c] for c in ("RETINOID", "MTX", "CSA", "TWHF", "APREM")))
    categories, coded = defaultdict(set), defaultdict(set)
    terms = {r["VERBATIM"]: r["DECOD"] for r in rows_of("coding") if r["DOMAIN"] == "MH"}
    for record in form("MH"):
        categories[record["MHCAT"]].add(record["PERSON"])
        coded[terms.get(record["MHTERM"])].add(record["PERSON"])
    for record in form("PPPHX"):
        if record["PPPAO"] == "Y":
            categories["PAO_SAPHO"].add(record["PERSON"])
    found = {
        "Any conventional systemic therapy": conventional,
        "Retinoid": therapy["RETINOID"],
        "Methotrexate": therapy["MTX"],
        "Ciclosporin": therapy["CSA"],
        "Tripterygium": therapy["TWHF"],
        "Apremilast": therapy["APREM"],
        "JAK inhibitor": therapy["JAKI"],
        "Biologic": therapy["BIO_IL17"] | therapy["BIO_IL23"],
        "Topical": therapy["TOPICAL"],
        "Phototherapy": therapy["PHOTO"],
        "Plaque psoriasis": categories["PSORIASIS"],
        "Pustulotic arthro-osteitis": categories["PAO_SAPHO"],
        "Thyroid disease": categories["THYROID"],
        "Tonsillar disease": categories["TONSIL_DENTAL"],
        "Hypertension": coded["Hypertension"],
        "Diabetes": coded["Type 2 diabetes mellitus"],
        "Lipid disorder": coded["Hyperlipidaemia"],
    }
    assert display.flat == {head: [share(len(some & set(base())), FAS)] for head, some in found.items()}


@proves("t-14.1.9")
def test_prior_therapies_are_counted_by_class_and_substance(display):
    """Each class, and each substance within it; phototherapy has no substance of its own."""
    some = defaultdict(list)
    words = {code: name for name, code in PRIOR.items()}
    for record in prior():
        group = words[record["PTCAT"]]
        name = group if record["PTCAT"] == "PHOTO" else record["NAME"] or f"Uncoded: {record['CMTRT']}"
        for path in (("Any prior therapy",), (group,), (group, name)):
            some[path].append(record["PERSON"])
    assert display.deep == {path: [share(len(set(who)), N), str(len(who))] for path, who in some.items()}


@proves("t-14.1.10")
def test_medical_history_is_counted_by_class_and_term(display):
    """The terms of the history form; the disease and SAPHO, asked of everyone elsewhere, by subjects."""
    coded = {r["VERBATIM"]: (r["BODSYS"], r["DECOD"]) for r in rows_of("coding") if r["DOMAIN"] == "MH"}
    some = defaultdict(list)
    for record in form("MH"):
        if record["MHTERM"] and record["PERSON"] in treated():
            some[coded.get(record["MHTERM"], ("Uncoded", f"Uncoded: {record['MHTERM']}"))].append(record["PERSON"])
    shown = {path: cells for path, cells in display.rows if len(path) == 2}
    sapho = ("Musculoskeletal and connective tissue disorders", "SAPHO syndrome")
    asked = {r["PERSON"] for r in form("PPPHX") if r["PPPAO"] == "Y"} & set(treated())
    assert shown.pop(sapho)[0] == share(len(asked | set(some.pop(sapho, []))), N)
    assert shown.pop(("Skin and subcutaneous tissue disorders", "Palmoplantar pustulosis"))[0] == share(N, N)
    assert shown == {path: [share(len(set(who)), N), str(len(who))] for path, who in some.items()}


@proves("t-14.1.5")
def test_deviations_are_those_reported_and_those_that_the_data_show(display):
    """By category: reported visits, eligibility, prohibited treatment and compliance; subjects once each."""
    shown = dict(display.rows)
    reported = {r["PERSON"] for r in form("PD") if r["DVCAT"] == "VISIT" and r["PERSON"] in treated()}
    major = {r["PERSON"] for r in form("PD") if r["DVCAT"] == "VISIT" and r["DVMAJ"] == "MAJOR"}
    assert shown["VISIT", "VISIT MISSED OR OUT OF WINDOW"] == [
        share(len(reported), N),
        share(len(reported - major), N),
        share(len(major), N),
        "0",
    ]
    for category, found in (
        ("ELIGIBILITY", set(contradicted())),
        ("PROHIBITED TREATMENT", {p for p, *_ in prohibited()}),
        ("DOSING", {p for p, v in compliance().items() if v is not None and not 80 <= v <= 120}),
    ):
        assert shown[category,] == [share(len(found), N), "0", share(len(found), N), "0"], category
    # Planted: one procedure before consent, one outdated form; and whoever was treated without a record of consent.
    unsigned = set(treated()) - set(consents())
    assert unsigned and shown["CONSENT",] == [share(2 + len(unsigned), N), "0", share(2 + len(unsigned), N), "0"]


@proves("l-16.2.2")
def test_the_listing_of_deviations_has_every_reported_one_and_every_contradicted_criterion(display):
    shown = display.records
    reported = sorted((r["PERSON"], r["DVTERM"]) for r in form("PD"))
    listed = [(r["Subject"][-7:], r["As described"]) for r in shown if r["Origin"] == "REPORTED"]
    marked = [r for r in form("CM") if r["CMPROH"] == "Y"]
    assert len(listed) == len(reported) + len(marked)
    assert set(reported) <= set(listed)
    eligibility = {(r["Subject"][-7:], r["As described"][:4]) for r in shown if r["Category"] == "ELIGIBILITY"}
    assert eligibility == {(p, code) for p, codes in contradicted().items() for code in codes}


@proves("t-14.1.6")
def test_screen_failures_stand_with_the_criterion_of_the_site(display):
    """The criterion that the site named, at least; the data may contradict others too."""
    shown = display.deep
    n = len(screen_failures())
    assert display.heads == [f"N = {n}"]
    assert shown["End of participation, n (%)", "SCREEN FAILURE"] == [share(n, n)]
    named = Counter(r["IETESTCD"] for r in form("IE") if r["PERSON"] in screen_failures())
    title = "Criterion not met, by the site or by the data, n (%)"
    for code, head in (
        ("EX01", "Active tuberculosis"),
        ("EX02", "Hepatitis B or C infection"),
        ("IN08", "Creatinine <= 132.6 umol/L"),
        ("IN09", "AST and ALT <= 2 x ULN"),
        ("IN02", "Palmoplantar pustulosis confirmed clinically or pathologically"),
        ("IN03", "Failure of or intolerance to at least one conventional systemic therapy"),
    ):
        assert shown[title, head] == [share(named[code], n)], code
    unsuitable = sum(r["IEPHYS"] == "N" for r in form("IE") if r["PERSON"] in screen_failures())
    assert shown[title, "Suitable for ivarmacitinib in the physician's judgement"] == [share(unsuitable, n)]


@proves("t-14.1.7")
def test_eligibility_is_what_the_forms_of_all_screened_subjects_say(display):
    """Met, contradicted, not known of age, confirmation, consent, judgement and candidiasis."""
    screened = set(consents())
    ages = [age(p) for p in screened]
    judged = {r["PERSON"] for r in form("IE") if r["IEPHYS"] == "N" and r["PERSON"] in screen_failures()} & screened
    n = len(screened)
    assert display.flat["Age 18 years or older"] == [
        share(sum(a is not None and a >= 18 for a in ages), n),
        share(sum(a is not None and a < 18 for a in ages), n),
        share(sum(a is None for a in ages), n),
    ]
    assert display.flat["Written informed consent"] == [share(n, n), "0", "0"]
    assert display.flat["Suitable for ivarmacitinib in the physician's judgement"] == [
        share(n - len(judged), n),
        share(len(judged), n),
        "0",
    ]
    infected = {r["PERSON"] for r in form("SERO") if r["HBSAG"] == "POS"} & screened
    assert display.flat["Hepatitis B or C infection"] == [share(n - len(infected), n), share(len(infected), n), "0"]
    assert display.flat["Systemic candidiasis"] == [share(n, n), "0", "0"]


@proves("t-14.1.8")
def test_treated_subjects_with_a_contradicted_criterion_are_counted(display):
    assert display.flat["At least one criterion contradicted"] == [share(len(contradicted()), N)]
    assert display.flat["Contradicted although the site said it was met"] == [share(len(contradicted()), N)]


@proves("l-16.2.2.2")
def test_the_listing_of_eligibility_has_the_contradicted_criteria_of_treated_subjects(display):
    listed = {
        (r["Subject"][-7:], r["Code"]) for r in display.records if r["Treated"] == "Y" and r["Met by the data"] == "N"
    }
    assert listed == {(p, code) for p, codes in contradicted().items() for code in codes}


@proves("l-16.2.1")
def test_the_listing_of_early_leavers_has_their_dates_and_reasons(display):
    listed = [
        (
            r["Subject"][-7:],
            r["First dose"],
            r["Last dose"],
            r["End of study"],
            r["Reason for stopping treatment"],
            r["Last contact"],
        )
        for r in display.records
    ]
    assert sorted(listed) == sorted(
        (p.id, *(d.isoformat() for d in (p.first_dose, p.last_dose, p.ended)), p.reason, p.last_contact.isoformat())
        for p in treated().values()
        if p.reason != "COMPLETED"
    )


@proves("l-16.2.4")
def test_the_listing_of_demography_has_every_person(display):
    listed = {
        r["Subject"][-7:]: (
            r["Age (years)"],
            r["Sex"],
            r["Consent"],
            r["Baseline PPPASI"],
            r["Safety set"],
            r["Full analysis set"],
        )
        for r in display.records
    }
    assert listed == {
        p: (
            None if age(p) is None else str(age(p)),
            persons()[p]["SEX"],
            consents()[p].isoformat() if p in consents() else None,
            f"{base()[p] / 10:.1f}" if p in base() else None,
            "Y" if p in treated() else "N",
            "Y" if p in base() else "N",
        )
        for p in persons()
    }


@proves("l-16.2.3")
def test_the_listing_of_excluded_subjects_has_those_outside_the_per_protocol_set(display):
    assert {r["Subject"][-7:] for r in display.records} == set(treated()) - per_protocol()
    assert {r["Treatment"] for r in display.records} == {ARM}


@proves("l-16.2.4.2")
def test_the_listing_of_medical_history_has_every_term_of_the_form(display):
    listed = Counter((r["Subject"][-7:], r["Reported term"]) for r in display.records)
    assert not Counter((r["PERSON"], r["MHTERM"]) for r in form("MH") if r["MHTERM"]) - listed


@proves("front-flow")
def test_the_tree_of_the_primary_result_starts_from_the_full_analysis_set(display):
    (flow,) = display.made["flows"]
    assert text(flow["start"]["parts"]) == str(len(base())) == str(FAS)
