"""Every display of the case report found again in its raw CSV files, in plain Python without the house."""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from tests.case.world import day, display, from_onset, printed, raw

pytestmark = pytest.mark.req("URS-STU-04")

MILESTONES = {
    "PPPASI-50": lambda now, base: 2 * now <= base,
    "PPPASI-75": lambda now, base: 4 * now <= base,
    "PPPASI-90": lambda now, base: 10 * now <= base,
    "PPPASI-100": lambda now, base: now == 0,
}


def rounded(value: Decimal) -> str:
    found = value.quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
    return str(abs(found) if found == 0 else found)


def lines(folder: Path) -> list[dict]:
    """Lines of treatment with first and last day; one that goes on ends at the last follow-up."""
    patient = raw(folder, "pat")[0]
    made = []
    for row in raw(folder, "tx"):
        last = row["STOP"] or patient["LAST_SEEN"]
        made.append(row | {"first": day(row["START"]), "last": day(last), "LAST": last})
    return made


def scores(folder: Path, line: dict, name: str) -> tuple[Decimal, list[tuple]]:
    """The value at the start of a line (at most 14 days old), and later values of the line, by date."""
    rows = sorted((day(r["DATE"]), Decimal(r[name])) for r in raw(folder, "score") if r[name])
    start = line["first"]
    base = [v for at, v in rows if start - timedelta(days=14) <= at <= start][-1]
    dated = [at for at, _ in rows if start - timedelta(days=14) <= at <= start][-1]
    return base, [(at, v) for at, v in rows if dated < at and start <= at <= line["last"]]


def test_lines_of_treatment(one: Path):
    onset = day(raw(one, "pat")[0]["ONSET"])
    found = printed(display(one, "t-2"))
    assert [head for head, _ in found] == [line["DRUG"] for line in lines(one)] and len(found) == 6
    for line, (_, cells) in zip(lines(one), found, strict=True):
        base, later = scores(one, line, "PPPASI")
        lowest = min(value for _, value in later)
        first, last = from_onset(line["START"], onset), from_onset(line["LAST"], onset)
        met = [name for name, rule in MILESTONES.items() if rule(lowest, base)]
        days = (line["last"] - line["first"]).days + 1
        assert cells == [
            " ".join(filter(None, (line["DOSE"], line["UNIT"], line["FREQUENCY"]))),
            (f"from {first}" if line["ONGOING"] == "Y" else f"{first} to {last}") + f" ({days})",
            f"{rounded(base)} to {rounded(lowest)}",
            rounded(100 * (lowest - base) / base),
            met[-1] if met else "None",
            line["RESPONSE"],
            line["REASON"] or "ongoing",
        ]


def test_days_to_response_and_time_in_response(one: Path):
    found = dict(printed(display(one, "t-3")))
    assert len(found) == 6
    rules = {name: ("PPPASI", rule) for name, rule in MILESTONES.items()}
    rules |= {
        "PPP-PGA 0 or 1": ("PGA", lambda now, base: now <= 1),
        "No pustules (P = 0)": ("PUS", lambda now, base: now == 0),
    }
    seen = 0
    for name, (score, rule) in rules.items():
        for line, cell in zip(lines(one), found[name], strict=True):
            base, later = scores(one, line, score)
            met = [at for at, value in later if rule(value, base)]
            if not met:
                assert cell == f"not seen ({len(later)})"
                continue
            seen += 1
            days = 0
            for n, (at, value) in enumerate(later):
                if rule(value, base):
                    days += (later[n + 1][0] - at).days if n + 1 < len(later) else 1
            assert cell == f"day {(met[0] - line['first']).days + 1}; {days} d"
    assert seen == 6  # on the last line of treatment only


def test_biomarkers_before_and_after(one: Path):
    onset, index = day(raw(one, "pat")[0]["ONSET"]), lines(one)[-1]
    found = [(head, cells) for head, cells in printed(display(one, "t-4"))]
    by_test: dict[str, list[dict[str, str]]] = {}
    for row in raw(one, "lab"):
        by_test.setdefault(row["TEST"], []).append(row)
    assert len(found) == len(by_test) == 14
    below = 0
    for rows, (_, cells) in zip(by_test.values(), found, strict=True):
        rows.sort(key=lambda row: day(row["DATE"]))
        before = [r for r in rows if day(r["DATE"]) <= index["first"]][-1]
        last = rows[-1]
        limited = last["RESULT"].startswith("<")
        below += limited
        base, value = Decimal(before["RESULT"]), Decimal(last["RESULT"].lstrip("<"))
        high = Decimal(last["HI"])
        assert cells[0] == rounded(high) and cells[1] == rounded(Decimal(last["LOQ"]))
        assert Decimal(cells[2]) == base and cells[3] == str(from_onset(before["DATE"], onset))
        assert cells[4] == ("HIGH" if base > high else "NORMAL")
        assert cells[5].startswith("<") == limited and Decimal(cells[5].lstrip("<")) == value
        assert cells[6] == str(from_onset(last["DATE"], onset))
        assert cells[7] == ("HIGH" if value > high else "NORMAL")
        assert cells[8] == ("<" if limited else "") + rounded(100 * (value - base) / base)
    assert below == 2


def test_the_figure_draws_every_assessment(one: Path):
    onset = day(raw(one, "pat")[0]["ONSET"])
    shown = display(one, "f-1")
    blocks: dict[str, list[tuple[str, list[str]]]] = {}
    for row in shown["rows"]:
        if row.get("section"):
            head = row["head"]
            blocks[head] = []
        else:
            blocks[head].append((row["head"], ["".join(p["t"] for p in parts) for parts in row["cells"]]))
    for label, name in (("PPPASI", "PPPASI"), ("PPP-PGA", "PGA"), ("DLQI", "DLQI")):
        wanted = [(str(from_onset(r["DATE"], onset)), r[name]) for r in raw(one, "score") if r[name]]
        assert [(head, cells[0]) for head, cells in blocks[label]] == wanted
    assert [c[1] for _, c in blocks["Phases (first day, last day)"]] == [line["DRUG"] for line in lines(one)]
    results = raw(one, "lab")
    assert sum(len(rows) for head, rows in blocks.items() if head.endswith("mL)")) == len(results)
    open_circles = [c for head, rows in blocks.items() if head.endswith("mL)") for _, c in rows if c[1] == "HALFLLOQ"]
    assert len(open_circles) == sum(row["RESULT"].startswith("<") for row in results) > 0
    assert shown["svg"].startswith("<svg")


def test_adverse_events(one: Path):
    index, rows = lines(one)[-1]["first"], raw(one, "ae")
    on = [row for row in rows if day(row["START"]) >= index]
    found = dict(printed(display(one, "t-5")))

    def counted(some: list) -> str:
        return f"{len({r['CASE_ID'] for r in some})} ({len(some)})"

    assert found["Any"] == [counted(on)] and len(on) == 3
    assert found["Serious"] == [counted([r for r in on if r["SERIOUS"] == "Y"])]
    assert found["Grade 3 or higher"] == [counted([r for r in on if int(r["GRADE"]) >= 3])]
    assert found["Possibly or probably related"] == [counted([r for r in on if r["RELATED"] != "NONE"])]
    assert found["Treatment stopped"] == ["0 (0)"]


def column(shown: dict, name: str) -> list[str | None]:
    names = [c["name"] for c in shown["columns"]]
    return shown["listing"]["values"][names.index(name)]


def test_listings(one: Path):
    onset = day(raw(one, "pat")[0]["ONSET"])
    events = display(one, "l-5")
    assert column(events, "ADECOD") == [r["DECOD"] for r in raw(one, "ae")]
    assert column(events, "ASTDT") == [day(r["START"]).isoformat() for r in raw(one, "ae")]
    assert sorted(column(display(one, "l-6"), "CMTRT")) == sorted(r["NAME"] for r in raw(one, "cm"))
    values = [
        v for r in raw(one, "score") for v in (r["PPPASI"], r["PGA"], r["DLQI"], r["ERY"], r["PUS"], r["DES"]) if v
    ]
    assert sorted(Decimal(v) for v in column(display(one, "l-3"), "AVALC")) == sorted(Decimal(v) for v in values)
    assert len(column(display(one, "l-4"), "AVALC")) == len(raw(one, "lab"))
    timeline = dict(zip(column(display(one, "l-1"), "TLTEXT"), column(display(one, "l-1"), "ADYON"), strict=True))
    for line in lines(one):
        begun = next(at for text, at in timeline.items() if text.startswith(f"Start of {line['DRUG']}"))
        assert begun == str(from_onset(line["START"], onset))
    assert timeline["COVID-19 vaccination"] == str(from_onset(raw(one, "hx")[0]["START"], onset)) == "-9"
    assert column(display(one, "l-2"), "TLTEXT") == [
        "COVID-19 vaccination",
        "First symptoms",
        "Diagnosis: Palmoplantar pustulosis",
    ]


def test_the_patient_and_the_statement(one: Path):
    index = lines(one)[-1]
    days = str((index["last"] - index["first"]).days + 1)
    assert printed(display(one, "t-1")) == [("C01", [">=65", "F", "ASIAN", "Upadacitinib 15 mg QD", days, "ONGOING"])]
    base, later = scores(one, index, "PPPASI")
    said = "".join(part["t"] for part in display(one, "front-result")["sentences"][0])
    assert said.startswith(f"PPPASI {base} at the start, {min(v for _, v in later)} at the lowest (PPPASI-100)")


def test_the_checklist_answers_every_item_and_its_links_lead_somewhere(one: Path):
    shown = display(one, "t-6")
    assert len(printed(shown)) == 30
    links = [part["href"] for row in shown["rows"] for parts in row["cells"] for part in parts if "href" in part]
    html = (one / "reports/csr-appendix.html").read_text(encoding="utf-8")
    assert len(links) > 20
    assert all(f'id="{link}"' in html and f'href="#{link}"' in html for link in links)
    assert all(cells[1] for _, cells in printed(shown))


def test_the_gate_is_open(one: Path):
    assert "every ledger balances" in (one / "results/gate.txt").read_text(encoding="utf-8")
