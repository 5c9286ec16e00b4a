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
# The columns of each form, in the order of the file.
COLUMNS = {
    "PAT": "SEX AGE RACE BIRTH ONSET CONSENT LAST_SEEN",
    "HX": "TERM KIND START ONGOING TEXT",
    "TX": "NUMBER DRUG KIND ROUTE DOSE UNIT FREQUENCY START STOP ONGOING RESPONSE REASON",
    "SCORE": "DATE PPPASI PGA DLQI ERY PUS DES",
    "LAB": "DATE TEST RESULT UNIT LO HI LOQ",
    "AE": "TERM DECOD SOC START END GRADE SERIOUS RELATED SUSPECT ACTION OUTCOME ONGOING",
    "CM": "NAME WHY DOSE UNIT FREQUENCY ROUTE START END ONGOING",
}


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


def _line(text: str, days: int, left: float, pace: float) -> Line:
    name, kind, route, dose, unit, frequency, judged, stopped = text.split("|")
    return Line(name, kind, route, dose, unit, frequency, days, left, pace, judged, stopped)


FAILED = "INEFFECTIVE|LACK OF EFFICACY"
TOPICAL = _line(f"Topical corticosteroid|TOPICAL|TOPICAL|||BID|{FAILED}", 89, 0.92, 30)
CALCIPOTRIOL = _line(f"Calcipotriol|TOPICAL|TOPICAL|||BID|{FAILED}", 84, 0.96, 30)
METHOTREXATE = _line(f"Methotrexate|SYSTEMIC|ORAL|10|mg|QS|{FAILED}", 118, 0.88, 45)
CYCLOSPORINE = _line(f"Cyclosporine|SYSTEMIC|ORAL|200|mg|QD|{FAILED}", 112, 0.85, 30)
OMALIZUMAB = _line("Omalizumab|BIOLOGIC|SUBCUTANEOUS|300|mg|Q4S|PARTIAL|LACK OF EFFICACY", 168, 0.58, 40)
UPADACITINIB = _line("Upadacitinib|INDEX|ORAL|15|mg|QD|COMPLETE|", 392, 0.0, 16)
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
        self.rows: dict[str, list[dict[str, str]]] = {form: [] for form in COLUMNS}

    def put(self, form: str, *cells: object) -> None:
        """Add one record to a form: its cells in the order of ``COLUMNS``."""
        named = zip(COLUMNS[form].split(), map(str, cells), strict=True)
        self.rows[form].append({"CASE_ID": self.case} | dict(named))

    def line(self, form: str, text: str) -> None:
        """Add one record whose cells are written in one line, divided by bars."""
        self.put(form, *text.split("|"))

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
        chart.put("SCORE", chart.on(day), _tenths(pppasi), pga, dlqi, signs[0], signs[1], signs[2])


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
            chart.put("LAB", chart.on(day), name, _printed(value, limit), unit, low, high, limit)
    for day in (index - 2, index + 84, index + 364):
        burden = _burden(day, lines)
        for food, (active, clear) in FOODS.items():
            value = (clear + (active - clear) * burden) * size[food] * float(chart.rng.lognormal(0, 0.08))
            chart.put("LAB", chart.on(day), f"IgG4 {food}", _printed(value, "25"), "U/mL", "", "50", "25")


def _events(chart: Chart, lines: list[tuple[int, int, Line]]) -> None:
    index, end, on = lines[-1][0], lines[-1][1], chart.on
    same, well = "DOSE NOT CHANGED", "RECOVERED/RESOLVED"
    for first in (first for first, _, line in lines if line.name == "Cyclosporine"):
        raised = f"Blood pressure increased|Blood pressure increased|Investigations|{on(first + 33)}|{on(first + 124)}"
        chart.line("AE", f"{raised}|2|N|PROBABLE|Cyclosporine|{same}|{well}|N")
    acne = f"Acne on the face|Acne|Skin and subcutaneous tissue disorders|{on(index + 41)}|{on(index + 128)}"
    chart.line("AE", f"{acne}|1|N|POSSIBLE|Upadacitinib|{same}|{well}|N")
    cold = f"Common cold|Nasopharyngitis|Infections and infestations|{on(index + 203)}|{on(index + 210)}"
    chart.line("AE", f"{cold}|1|N|NONE||{same}|{well}|N")
    fat = f"Cholesterol raised|Blood cholesterol increased|Investigations|{on(end - 28)}|"
    chart.line("AE", f"{fat}|1|N|POSSIBLE|Upadacitinib|{same}|NOT RECOVERED/NOT RESOLVED|Y")
    chart.line("CM", f"Amlodipine|Hypertension|5|mg|QD|ORAL|{chart.origin.year - 6}||Y")
    chart.line("CM", f"Urea cream 10 %|Dry skin|||BID|TOPICAL|{on(40)[:7]}||Y")
    chart.line("CM", f"Folic acid|With methotrexate|5|mg|QS|ORAL|{on(lines[1][0])}|{on(lines[-1][0] - 20)}|N")
    chart.line("CM", f"Paracetamol|Common cold|500|mg|PRN|ORAL|{on(index + 203)}|{on(index + 206)}|N")


def patient(number: int, seed: int) -> dict[str, list[dict[str, str]]]:
    """The chart of one patient; the first follows the published course in words."""
    rng = np.random.default_rng([seed, number])
    chart, lines = Chart(number, rng), _lines(PLANS[(number - 1) % len(PLANS)], 62, rng)
    on, year = chart.on, chart.origin.year
    age = 66 if number == 1 else int(rng.integers(35, 70))
    sex = "M" if number == 3 else "F"
    chart.line("PAT", f"{sex}|{age}|ASIAN|{year + 1 - age}|{on(1)}|{on(lines[-1][0] - 2)}|{on(lines[-1][1])}")
    told = f"Second dose {on(-8)}, pustules from {on(1)} on"
    chart.line("HX", f"COVID-19 vaccination|TRIGGER|{on(-8)}|N|{told}")
    chart.line("HX", f"Palmoplantar pustulosis|DIAGNOSIS|{on(58)}|Y|Clinical diagnosis, supported by biopsy")
    chart.line("HX", f"Hypertension|HISTORY|{year - 6}|Y|")
    for n, (first, end, line) in enumerate(lines, start=1):
        drug = f"{line.name}|{line.kind}|{line.route}|{line.dose}|{line.unit}|{line.frequency}"
        until = f"{on(end)}|N" if line.stopped else "|Y"
        chart.line("TX", f"{n}|{drug}|{on(first)}|{until}|{line.judged}|{line.stopped}")
    _scores(chart, lines)
    _laboratory(chart, lines)
    _events(chart, lines)
    return chart.rows


def generate(patients: int, seed: int) -> dict[str, pd.DataFrame]:
    """Every form with the records of all patients."""
    charts = [patient(number, seed) for number in range(1, patients + 1)]
    return {form: pd.DataFrame([row for chart in charts for row in chart[form]], dtype=object) for form in COLUMNS}


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
