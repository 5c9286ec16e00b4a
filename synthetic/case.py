"""A SYNTHETIC chart of a case report: one patient, or several for a case series.

Run as ``python -m synthetic.case --patients 1 --seed 1476584 --out studies/upadacitinib-case/data/raw``.

What is a published fact (sex, the names and the order in which the drugs are told, what each did in words, what was
measured) stands in ``FACTS``; the publication's abstract gives no value and no date, so every date, score and
laboratory result is made up here.
"""

from __future__ import annotations

import argparse
import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

NOTE = "SYNTHETIC data, made by a seeded program. No value and no date is that of a patient, and none was published."
FACTS = "Yang, Yu, Yao, Wang, Front Immunol 2025;16:1476584"
ONSET = date(2021, 6, 20)
FLARE = (190, 240, 0.045)  # days on the index treatment in which a little of the disease comes back, and how much
FORMS = ("PAT", "HX", "TX", "SCORE", "LAB", "AE", "CM")


@dataclass(frozen=True)
class Line:
    """One line of treatment: days from onset, what it leaves of the disease, and how it ended."""

    name: str
    kind: str
    route: str
    dose: str
    unit: str
    frequency: str
    days: int
    left: float  # share of the burden that remains in the long run
    pace: float  # days in which two thirds of that effect is reached
    judged: str
    stopped: str


TOPICAL = Line(
    "Topical corticosteroid", "TOPICAL", "TOPICAL", "", "", "BID", 89, 0.92, 30, "INEFFECTIVE", "LACK OF EFFICACY"
)
CALCIPOTRIOL = Line(
    "Calcipotriol", "TOPICAL", "TOPICAL", "", "", "BID", 84, 0.96, 30, "INEFFECTIVE", "LACK OF EFFICACY"
)
METHOTREXATE = Line(
    "Methotrexate", "SYSTEMIC", "ORAL", "10", "mg", "QS", 118, 0.88, 45, "INEFFECTIVE", "LACK OF EFFICACY"
)
CYCLOSPORINE = Line(
    "Cyclosporine", "SYSTEMIC", "ORAL", "200", "mg", "QD", 112, 0.85, 30, "INEFFECTIVE", "LACK OF EFFICACY"
)
OMALIZUMAB = Line(
    "Omalizumab", "BIOLOGIC", "SUBCUTANEOUS", "300", "mg", "Q4S", 168, 0.58, 40, "PARTIAL", "LACK OF EFFICACY"
)
UPADACITINIB = Line("Upadacitinib", "INDEX", "ORAL", "15", "mg", "QD", 392, 0.0, 16, "COMPLETE", "")
PLANS = (
    (TOPICAL, CALCIPOTRIOL, METHOTREXATE, CYCLOSPORINE, OMALIZUMAB, UPADACITINIB),
    (TOPICAL, METHOTREXATE, UPADACITINIB),
    (CALCIPOTRIOL, CYCLOSPORINE, OMALIZUMAB, UPADACITINIB),
)
# Test: unit, lower and upper limit of the reference range, lower limit of quantitation, value in active disease, value
# when the skin is clear.
MARKERS = {
    "Total IgE": ("IU/mL", "0", "100", "2", 1380.0, 160.0),
    "IL-4": ("pg/mL", "", "3.0", "0.8", 6.2, 0.5),
    "IL-13": ("pg/mL", "", "5.0", "1.5", 14.0, 1.0),
    "IL-25": ("pg/mL", "", "20", "4.0", 46.0, 9.0),
    "IL-33": ("pg/mL", "", "15", "3.0", 38.0, 7.0),
    "TNF-alpha": ("pg/mL", "", "8.1", "1.0", 17.5, 5.0),
}
FOODS = {
    "Egg white": (310.0, 120.0),
    "Cow's milk": (225.0, 90.0),
    "Wheat": (140.0, 60.0),
    "Soybean": (96.0, 40.0),
    "Shrimp": (72.0, 36.0),
    "Codfish": (58.0, 30.0),
    "Rice": (40.0, 32.0),
    "Beef": (36.0, 30.0),
}


def _day(origin: date, day: int) -> str:
    """The date of a day from onset (day 1 is the onset), as this clinic writes it."""
    return (origin + timedelta(days=day - 1)).strftime("%Y/%m/%d")


def _tenths(value: float) -> str:
    return f"{max(0.0, round(value * 10) / 10):.1f}"


class Chart:
    """Collects the records of one patient by form."""

    def __init__(self, number: int, rng: np.random.Generator) -> None:
        self.case, self.rng = f"C{number:02d}", rng
        self.origin = ONSET + timedelta(days=97 * (number - 1))
        self.rows: dict[str, list[dict[str, str]]] = {form: [] for form in FORMS}

    def put(self, form: str, **cells: object) -> None:
        """Add one record to a form."""
        self.rows[form].append({"CASE_ID": self.case} | {name: str(value) for name, value in cells.items()})

    def on(self, day: int) -> str:
        """The date of a day from onset."""
        return _day(self.origin, day)


def _lines(plan: tuple[Line, ...], start: int, rng: np.random.Generator) -> list[tuple[int, int, Line]]:
    """First and last day of each line; between two lines lie a few days, as new treatment is arranged."""
    made, day = [], start
    for line in plan:
        made.append((day, day + line.days - 1, line))
        day += line.days + int(rng.integers(3, 15))
    return made


def _burden(day: float, lines: list[tuple[int, int, Line]]) -> float:
    """Share of the full disease on a day: each line draws it towards what it leaves, a pause lets it return."""
    value, last = 1.0, lines[0][0]
    for first, end, line in lines:
        if day < first:
            break
        value = 1.0 + (value - 1.0) * np.exp(-(first - last) / 60)
        upto = min(day, end)
        value = line.left + (value - line.left) * np.exp(-(upto - first) / line.pace)
        if line.kind == "INDEX" and FLARE[0] <= day - first <= FLARE[1]:
            value += FLARE[2]
        last = end
    return float(value)


def _scores(chart: Chart, lines: list[tuple[int, int, Line]]) -> None:
    """Scores at the start of each line, then about monthly; more often in the first two months of the last line."""
    full = float(chart.rng.uniform(27, 34))
    days: list[int] = []
    for n, (first, end, _) in enumerate(lines):
        steps = [0, 14, 28, 42, 56] if n == len(lines) - 1 else [0]
        gap = 28
        after = list(range(steps[-1] + gap, end - first - 6, gap))
        shift = chart.rng.integers(-3, 4, len(steps) + len(after))
        days += [first] + [first + s + int(d) for s, d in zip([*steps[1:], *after], shift[1:], strict=False)]
    for n, day in enumerate(sorted(set(days))):
        burden = _burden(day, lines)
        noise = chart.rng.normal(0, 0.04, 6) * (burden > 0.03)
        pppasi = full * max(0.0, burden * (1 + noise[0]))
        pppasi = 0.0 if pppasi < 0.4 else pppasi
        signs = [round(max(0.0, top * burden * (1 + k))) for top, k in zip((12, 11, 11), noise[1:4], strict=True)]
        signs = [0, 0, 0] if pppasi == 0 else signs
        pga = 0 if pppasi == 0 else min(4, max(1, int(np.ceil(4 * burden - 0.25))))
        dlqi = "" if n % 5 == 3 else 0 if pppasi == 0 else round(22 * burden**0.8 * (1 + noise[4]))
        chart.put(
            "SCORE",
            DATE=chart.on(day),
            PPPASI=_tenths(pppasi),
            PGA=pga,
            DLQI=dlqi,
            ERY=signs[0],
            PUS=signs[1],
            DES=signs[2],
        )


def _printed(value: float, limit: str) -> str:
    """The result as the laboratory prints it: a value below the limit of quantitation is ``<limit``."""
    if limit and value < float(limit):
        return f"<{limit}"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _laboratory(chart: Chart, lines: list[tuple[int, int, Line]]) -> None:
    index = lines[-1][0]
    omalizumab = [first for first, _, line in lines if line.name == "Omalizumab"]
    markers = [*omalizumab, index - 2, index + 28, index + 84, index + 182, index + 364]
    size = {name: float(chart.rng.lognormal(0, 0.15)) for name in [*MARKERS, *FOODS]}
    for day in markers:
        burden = _burden(day, lines)
        for name, (unit, low, high, limit, active, clear) in MARKERS.items():
            value = (clear + (active - clear) * burden) * size[name] * float(chart.rng.lognormal(0, 0.06))
            chart.put(
                "LAB",
                DATE=chart.on(day),
                TEST=name,
                RESULT=_printed(value, limit),
                UNIT=unit,
                LO=low,
                HI=high,
                LOQ=limit,
            )
    for day in (index - 2, index + 84, index + 364):
        burden = _burden(day, lines)
        for food, (active, clear) in FOODS.items():
            value = (clear + (active - clear) * burden) * size[food] * float(chart.rng.lognormal(0, 0.08))
            chart.put(
                "LAB",
                DATE=chart.on(day),
                TEST=f"IgG4 {food}",
                RESULT=_printed(value, "25"),
                UNIT="U/mL",
                LO="",
                HI="50",
                LOQ="25",
            )


def _events(chart: Chart, lines: list[tuple[int, int, Line]]) -> None:
    index, end = lines[-1][0], lines[-1][1]
    cyclosporine = [first for first, _, line in lines if line.name == "Cyclosporine"]
    if cyclosporine:
        first = cyclosporine[0]
        chart.put(
            "AE",
            TERM="Blood pressure increased",
            DECOD="Blood pressure increased",
            SOC="Investigations",
            START=chart.on(first + 33),
            END=chart.on(first + 124),
            GRADE=2,
            SERIOUS="N",
            RELATED="PROBABLE",
            SUSPECT="Cyclosporine",
            ACTION="DOSE NOT CHANGED",
            OUTCOME="RECOVERED/RESOLVED",
            ONGOING="N",
        )
    chart.put(
        "AE",
        TERM="Acne on the face",
        DECOD="Acne",
        SOC="Skin and subcutaneous tissue disorders",
        START=chart.on(index + 41),
        END=chart.on(index + 128),
        GRADE=1,
        SERIOUS="N",
        RELATED="POSSIBLE",
        SUSPECT="Upadacitinib",
        ACTION="DOSE NOT CHANGED",
        OUTCOME="RECOVERED/RESOLVED",
        ONGOING="N",
    )
    chart.put(
        "AE",
        TERM="Common cold",
        DECOD="Nasopharyngitis",
        SOC="Infections and infestations",
        START=chart.on(index + 203),
        END=chart.on(index + 210),
        GRADE=1,
        SERIOUS="N",
        RELATED="NONE",
        SUSPECT="",
        ACTION="DOSE NOT CHANGED",
        OUTCOME="RECOVERED/RESOLVED",
        ONGOING="N",
    )
    chart.put(
        "AE",
        TERM="Cholesterol raised",
        DECOD="Blood cholesterol increased",
        SOC="Investigations",
        START=chart.on(end - 28),
        END="",
        GRADE=1,
        SERIOUS="N",
        RELATED="POSSIBLE",
        SUSPECT="Upadacitinib",
        ACTION="DOSE NOT CHANGED",
        OUTCOME="NOT RECOVERED/NOT RESOLVED",
        ONGOING="Y",
    )
    chart.put(
        "CM",
        NAME="Amlodipine",
        WHY="Hypertension",
        DOSE="5",
        UNIT="mg",
        FREQUENCY="QD",
        ROUTE="ORAL",
        START=str(chart.origin.year - 6),
        END="",
        ONGOING="Y",
    )
    chart.put(
        "CM",
        NAME="Urea cream 10 %",
        WHY="Dry skin",
        DOSE="",
        UNIT="",
        FREQUENCY="BID",
        ROUTE="TOPICAL",
        START=chart.on(40)[:7],
        END="",
        ONGOING="Y",
    )
    chart.put(
        "CM",
        NAME="Folic acid",
        WHY="With methotrexate",
        DOSE="5",
        UNIT="mg",
        FREQUENCY="QS",
        ROUTE="ORAL",
        START=chart.on(lines[1][0]),
        END=chart.on(lines[-1][0] - 20),
        ONGOING="N",
    )
    chart.put(
        "CM",
        NAME="Paracetamol",
        WHY="Common cold",
        DOSE="500",
        UNIT="mg",
        FREQUENCY="PRN",
        ROUTE="ORAL",
        START=chart.on(index + 203),
        END=chart.on(index + 206),
        ONGOING="N",
    )


def patient(number: int, seed: int) -> dict[str, list[dict[str, str]]]:
    """The chart of one patient; the first follows the published course in words."""
    rng = np.random.default_rng([seed, number])
    chart, lines = Chart(number, rng), _lines(PLANS[(number - 1) % len(PLANS)], 62, rng)
    age = 66 if number == 1 else int(rng.integers(35, 70))
    consent, last = lines[-1][0] - 2, lines[-1][1]
    chart.put(
        "PAT",
        SEX="F" if number != 3 else "M",
        AGE=age,
        RACE="ASIAN",
        BIRTH=str(chart.origin.year + 1 - age),
        ONSET=chart.on(1),
        CONSENT=chart.on(consent),
        LAST_SEEN=chart.on(last),
    )
    chart.put(
        "HX",
        TERM="COVID-19 vaccination",
        KIND="TRIGGER",
        START=chart.on(-8),
        ONGOING="N",
        TEXT=f"Second dose {chart.on(-8)}, pustules from {chart.on(1)} on",
    )
    chart.put(
        "HX",
        TERM="Palmoplantar pustulosis",
        KIND="DIAGNOSIS",
        START=chart.on(58),
        ONGOING="Y",
        TEXT="Clinical diagnosis, supported by biopsy",
    )
    chart.put("HX", TERM="Hypertension", KIND="HISTORY", START=str(chart.origin.year - 6), ONGOING="Y", TEXT="")
    for n, (first, end, line) in enumerate(lines, start=1):
        ongoing = not line.stopped
        chart.put(
            "TX",
            NUMBER=n,
            DRUG=line.name,
            KIND=line.kind,
            ROUTE=line.route,
            DOSE=line.dose,
            UNIT=line.unit,
            FREQUENCY=line.frequency,
            START=chart.on(first),
            STOP="" if ongoing else chart.on(end),
            ONGOING="Y" if ongoing else "N",
            RESPONSE=line.judged,
            REASON=line.stopped,
        )
    _scores(chart, lines)
    _laboratory(chart, lines)
    _events(chart, lines)
    return chart.rows


def generate(patients: int, seed: int) -> dict[str, pd.DataFrame]:
    """Every form with the records of all patients."""
    charts = [patient(number, seed) for number in range(1, patients + 1)]
    return {form: pd.DataFrame([row for chart in charts for row in chart[form]], dtype=object) for form in FORMS}


def write(forms: dict[str, pd.DataFrame], out: Path, arguments: dict[str, int]) -> None:
    """Write one CSV per form, the manifest and a note that says what the folder is."""
    out.mkdir(parents=True, exist_ok=True)
    files = []
    for form, frame in forms.items():
        content = frame.to_csv(index=False, sep=";", lineterminator="\n").encode()
        (out / f"{form.lower()}.csv").write_bytes(content)
        files.append(
            {
                "name": f"{form.lower()}.csv",
                "form": form,
                "sha256": hashlib.sha256(content).hexdigest(),
                "encoding": "UTF-8",
                "locale": "zh-CN",
                "rows": len(frame),
                "delimiter": "semicolon",
                "decimal": ".",
            }
        )
    manifest = {
        "note": NOTE,
        "synthetic": True,
        "study": "PPP-CASE-01",
        "generator": {"program": "python -m synthetic.case", "arguments": arguments},
        "files": files,
    }
    (out / "manifest.yaml").write_bytes(
        yaml.safe_dump(manifest, sort_keys=False, allow_unicode=True, width=200).encode()
    )
    command = " ".join(f"--{name} {value}" for name, value in arguments.items())
    (out / "README.md").write_text(
        f"# SYNTHETIC chart\n\n**Every value and every date in this folder is SYNTHETIC.** {NOTE}\n"
        f"The names of the drugs, what each did in words, and the list of what was measured are told in {FACTS};\n"
        f"its abstract holds no value and no date.\n\nMade with `python -m synthetic.case {command}`.\n",
        encoding="utf-8",
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m synthetic.case", description="Make a SYNTHETIC chart.")
    parser.add_argument("--patients", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1476584)
    parser.add_argument("--out", type=Path, default=Path("studies/upadacitinib-case/data/raw"))
    given = parser.parse_args()
    if given.patients < 1:
        parser.error("--patients must be 1 or more")
    forms = generate(given.patients, given.seed)
    write(forms, given.out, {"patients": given.patients, "seed": given.seed})
    print(f"{given.out}: {len(forms)} forms, {sum(map(len, forms.values()))} records")


if __name__ == "__main__":
    main()
