"""Blood values, urinalysis, infection screening, chest film, pregnancy test, vital signs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from . import ranges
from .disease import OCCASIONS
from .ground import NO_DAY, day, decimals, frame, iso, pick, stream, table, text, where

TIMES = ["SCR", "W4", "W12", "UNS"]
COLUMN = {"SCR": 0, "W4": 4, "W12": 6, "UNS": 7}  # the occasion of each laboratory time
CENSORED = {"CRP": 0.5, "DDIMER": 0.19}
URINE = [
    "pH",
    "比重 SG",
    "蛋白 PRO",
    "葡萄糖 GLU",
    "酮体 KET",
    "潜血 BLD",
    "白细胞 LEU",
    "亚硝酸盐 NIT",
    "尿胆原 UBG",
    "胆红素 BIL",
    "沉渣 RBC/HP",
    "沉渣 WBC/HP",
]


def bloods(study) -> None:
    """Fill `study.lab[key]` (n, 4: SCR, W4, W12, UNS) in the hospital's units, and `study.lab_day` (n, 4)."""
    rng = stream(study.seed, "bloods")
    size = study.size
    days = study.occasion_day[:, [COLUMN[t] for t in TIMES]].copy()
    days[:, 1][rng.random(size) > 0.15] = NO_DAY
    days[:, 2:][~study.treated] = NO_DAY
    study.lab_day = days
    study.sample_day = study.sample_number = np.empty((size, 0), int)
    on_drug = np.where(days == NO_DAY, 0, np.clip((days - study.first_dose[:, None]) / 40, 0, 1))
    on_drug[:, 0] = 0
    on_drug[~study.treated] = 0
    values = {}
    for row in table("labs"):
        number = {k: float(row[k]) for k in ("mean", "cv", "drug", "drug_sd", "min_ok", "max_ok")}
        ratio = float(row["hi_m"]) / float(row["hi_f"]) if row["hi_m"] and row["hi_f"] else 1.0
        if row["key"] == "HGB":
            ratio = 1.12
        person = (
            number["mean"] * np.where(study.female, 1, ratio**0.7) * np.exp(number["cv"] * 0.8 * rng.normal(0, 1, size))
        )
        person = np.clip(person, number["min_ok"] * 1.12, number["max_ok"] * 0.85)[study.person]
        own = number["drug"] + number["drug_sd"] * rng.normal(0, 1, size)
        value = person[:, None] * np.exp(number["cv"] * 0.3 * rng.normal(0, 1, (size, 4)) + own[:, None] * on_drug)
        value[:, 0] = np.clip(value[:, 0], number["min_ok"], number["max_ok"])
        values[row["key"]] = value
    _failed_bloods(study, rng, values)
    study.lab = values
    compose(study, rng.uniform(0.35, 0.85, (size, 4)))


def compose(study, rest) -> None:
    """Fill in the values that follow from others; `rest` holds the leukocytes that are not told apart (n, samples)."""
    values = study.lab
    values["WBC"] = values["NEUT"] + values["LYM"] + rest
    values["TC"] = values["LDL"] + values["HDL"] + 0.4 * np.minimum(values["TG"], 4)
    values["EGFR"] = _egfr(values["CREAT"], study.female, study.age_years)


def _failed_bloods(study, rng, values) -> None:
    bad = study.failure == "IN09"
    rise = rng.uniform(2.2, 3.6, bad.sum()) * np.where(study.female[bad], 40, 50)
    values["ALT"][bad, 0], values["AST"][bad, 0] = rise, rise * 0.6
    bad = study.failure == "IN06"
    values["NEUT"][bad, 0] = rng.uniform(0.7, 0.96, bad.sum())
    bad = study.failure == "IN08"
    values["CREAT"][bad, 0] = rng.uniform(138, 190, bad.sum())


def _egfr(creatinine, female, age) -> np.ndarray:
    """CKD-EPI 2009 from creatinine in umol/L."""
    knee = np.where(female, 0.7, 0.9)[:, None]
    power = np.where(female, -0.329, -0.411)[:, None]
    scaled = creatinine / 88.4 / knee
    level = 141 * np.minimum(scaled, 1) ** power * np.maximum(scaled, 1) ** -1.209 * 0.993 ** age[:, None]
    return level * np.where(female, 1.018, 1)[:, None]


def forms(study) -> dict:
    """The laboratory and examination forms."""
    return {
        "VS": _vs(study),
        "LB": _lb(study),
        "UA": _ua(study),
        "SERO": _sero(study),
        "CXR": _cxr(study),
        "PREG": _preg(study),
    }


def _lb(study):
    rng = stream(study.seed, "lb")
    rows = table("labs")
    drawn = study.lab_day != NO_DAY
    shape = drawn.shape
    more = shape[1] - len(TIMES)  # samples beyond those of the protocol, each at a visit of its own
    outside = rng.random(shape) < 0.07
    printed = rng.random(study.size) < 0.3
    hour = rng.integers(7, 10, shape)
    minute = rng.integers(0, 60, shape)
    fasting = pick(rng, ["Y", "N", "U"], shape, [0.9, 0.07, 0.03])
    parts = []
    for number, row in enumerate(rows, start=1):
        wanted = drawn & (np.array([True, False, True, False] + [True] * more) | (row["uns"] == "Y"))
        who, when = np.nonzero(wanted)
        value = study.lab[row["key"]][who, when]
        other = outside[who, when]
        sex = np.where(study.female[who], "F", "M")
        result = np.where(other, value * float(row["factor2"]), value)
        places = np.where(other, int(row["dec2"]), int(row["dec1"]))
        shown = decimals(result, places)
        if row["key"] in CENSORED:
            limit = CENSORED[row["key"]]
            low = value < limit
            shown = where(low, where(other, f"<{limit * float(row['factor2']):g}", f"<{limit:g}"), shown)
        lo, hi = _limits(study, row, who, when, sex, other)
        above = np.array([float(h) if h else np.inf for h in hi])
        below = np.array([float(v) if v else -np.inf for v in lo])
        out_of = (result > above) | (result < below)
        gross = (result > 2.5 * above) | (result < 0.7 * below)
        print_range = printed[who] | other
        not_done = (rng.random(len(who)) < 0.003) & (when > 0)
        parts.append(
            pd.DataFrame(
                {
                    "who": who,
                    "when": when,
                    "GRPREP": number,
                    "LBTEST": where(other, row["name2"], row["name1"]),
                    "LBORRES": where(not_done, "", shown),
                    "LBORRESU": where(other, row["unit2"], row["unit1"]),
                    "LBORNRLO": where(print_range, lo),
                    "LBORNRHI": where(print_range, hi),
                    "LBCLSIG": where(out_of & ~not_done, where(gross, "Y", "N")),
                    "LBREASND": where(not_done, pick(rng, ["标本溶血", "标本量不足", "未查"], len(who))),
                }
            )
        )
    all_rows = pd.concat(parts, ignore_index=True).sort_values(["who", "when", "GRPREP"], kind="stable")
    who, when = all_rows.pop("who").to_numpy(), all_rows.pop("when").to_numpy()
    lines = all_rows.pop("GRPREP").to_numpy()
    days = study.lab_day[who, when]
    fields = {name: all_rows[name].to_numpy() for name in all_rows}
    fields["LBDAT"] = iso(days)
    clock = np.array(
        [[f"{h:02d}:{m:02d}" for h, m in zip(*pair, strict=False)] for pair in zip(hour, minute, strict=False)],
        dtype=object,
    )
    fields["LBTIM"] = clock[who, when]
    fields["LBFAST"] = fasting[who, when]
    events = np.array(TIMES + ["UNS"] * more, dtype=object)[when]
    repeats = np.ones(shape, int)
    repeats[:, len(TIMES) :] = study.sample_number
    return frame(study, "LB", who, events, days, fields, eventrep=repeats[who, when], grprep=lines)


def _limits(study, row, who, when, sex, other):
    """Printed limits, looked up once for each of the few distinct situations."""
    fresh = study.lab_day[who, when] >= day(ranges.NEW_FROM)
    old = study.age_years[who] >= 60
    lo, hi = np.empty(len(who), dtype=object), np.empty(len(who), dtype=object)
    for s in "MF":
        for aged in (False, True):
            for new in (False, True):
                here = (sex == s) & (old == aged) & (fresh == new)
                a = ranges.inside(row["key"], s, 65 if aged else 40, ranges.NEW_FROM if new else "2026-01-01")
                b = ranges.outside(row, s)
                lo[here & ~other], hi[here & ~other] = a
                lo[here & other], hi[here & other] = b
    return lo, hi


def _ua(study):
    rng = stream(study.seed, "ua")
    who = np.repeat(np.arange(study.size), len(URINE))
    line = np.tile(np.arange(1, len(URINE) + 1), study.size)
    dips = pick(rng, ["NEG", "TRACE", "1+", "2+"], len(who), [0.9, 0.06, 0.03, 0.01])
    acid = decimals(5 + 0.5 * rng.integers(0, 6, len(who)), 1)
    gravity = decimals(1.005 + 0.005 * rng.integers(0, 5, len(who)), 3)
    sediment = pick(rng, ["0-2/HP", "0-3/HP", "1-3/HP", "3-5/HP"], len(who), [0.6, 0.2, 0.15, 0.05])
    always = where(line == 8, "NEG", where(line == 9, "NEG", dips))
    result = where(line == 1, acid, where(line == 2, gravity, where(line >= 11, sediment, always)))
    fields = {"UATEST": np.array(URINE, dtype=object)[line - 1], "UAORRES": result}
    return frame(study, "UA", who, "SCR", study.screened_on[who], fields, grprep=line)


def _sero(study):
    rng = stream(study.seed, "sero")
    size = study.size
    carrier = study.failure == "EX02"
    past = (rng.random(size) < 0.1) & ~carrier
    immune = rng.random(size) < 0.55
    titre = decimals(np.exp(rng.normal(4.2, 1.2, size)) + 10, 1)
    fields = {
        "HBSAG": where(carrier, "POS", "NEG"),
        "HBSAB": where(carrier, "NEG", where(past | immune, where(rng.random(size) < 0.5, titre, "POS"), "NEG")),
        "HBEAG": where(carrier & (rng.random(size) < 0.3), "POS", "NEG"),
        "HBEAB": where(carrier | (past & (rng.random(size) < 0.4)), "POS", "NEG"),
        "HBCAB": where(carrier | past, "POS", "NEG"),
        "HBVDNA": where(
            carrier, text(np.exp(rng.normal(8, 1.5, size))), where(past, pick(rng, ["<20", "<LLOQ"], size))
        ),
        "HCVAB": "NEG",
        "HIVAB": "NEG",
        "TPPA": "NEG",
        "TSPOT": where(study.failure == "EX01", "POS", pick(rng, ["NEG", "INDET"], size, [0.98, 0.02])),
        "CANDSYS": "N",
    }
    return frame(study, "SERO", np.arange(size), "SCR", study.screened_on, fields)


def _cxr(study):
    rng = stream(study.seed, "cxr")
    size = study.size
    active = study.failure == "EX01"
    result = where(active, "ABN_CS", pick(rng, ["NORMAL", "ABN_NCS"], size, [0.8, 0.2]))
    mild = [
        "双肺纹理增多",
        "右肺上叶微小结节，建议年度复查",
        "双肺散在纤维条索影",
        "主动脉硬化",
        "左侧胸锁关节骨质增生",
    ]
    active_text = ["右肺上叶斑片影，伴小空洞，考虑活动性结核", "左肺上叶斑片结节影，考虑结核，建议专科就诊"]
    description = where(result == "ABN_NCS", pick(rng, mild, size), where(active, pick(rng, active_text, size)))
    fields = {
        "CXRPERF": "Y",
        "CXRDAT": iso(study.screened_on),
        "CXRMETH": pick(rng, ["XRAY", "CT"], size, [0.25, 0.75]),
        "CXRRES": result,
        "CXRDESC": description,
    }
    return frame(study, "CXR", np.arange(size), "SCR", study.screened_on, fields)


def _preg(study):
    rng = stream(study.seed, "preg")
    after = np.clip(rng.normal(50, 2.5, study.size), 45, 55)
    old = study.female & (study.age_years >= after[study.person])
    sterile = (study.female & ~old & (rng.random(study.size) < 0.04))[study.person]
    reason = where(~study.female, "MALE", where(old, "POSTMENO", where(sterile, "STERIL")))
    who = np.concatenate([np.arange(study.size), np.flatnonzero(study.seen[:, 6] & study.treated)])
    event = np.repeat(np.array(["SCR", "W12"], dtype=object), [study.size, len(who) - study.size])
    fields = {"PREGNR": reason[who], "PREGRES": where(reason[who] == "", "NEG")}
    entered = np.where(event == "SCR", study.screened_on[who], study.occasion_day[who, 6])
    return frame(study, "PREG", who, event, entered, fields)


def _vs(study):
    rng = stream(study.seed, "vs")
    size = study.size
    at = [0, 2, 3, 4, 5, 6, 7]
    seen = (study.occasion_day != NO_DAY) & (study.treated[:, None] | (np.arange(9) == 0))
    mask = np.zeros(9, bool)
    mask[at] = True
    who, when = np.nonzero(seen & mask)
    count = len(who)
    height = np.where(study.female, rng.normal(160, 5.5, size), rng.normal(171.5, 6, size))[study.person]
    index = np.clip(rng.normal(24.3, 3.1, size), 17.8, 36)[study.person]
    weight = index * (height / 100) ** 2
    tense = study.history[:, 0] * 11
    upper = (rng.normal(121, 9, size) + tense)[who] + rng.normal(0, 6, count)
    lower = 0.55 * upper + 11 + rng.normal(0, 4, count)
    weeks = np.clip(study.occasion_day[who, when] - np.where(study.treated, study.first_dose, 0)[who], 0, 90) / 84
    gain = rng.normal(0.6, 1.2, size)[who] * weeks * study.treated[who]
    done = rng.random(count) > 0.006
    give = lambda values: where(done, values)  # noqa: E731
    fields = {
        "VSPERF": where(done, "Y", "N"),
        "VSDAT": give(iso(study.occasion_day[who, when])),
        "SYSBP": give(text(np.clip(np.rint(upper), 88, 178))),
        "DIABP": give(text(np.clip(np.rint(lower), 50, 108))),
        "PULSE": give(text(np.clip(np.rint(rng.normal(76, 8, size)[who] + rng.normal(0, 4, count)), 52, 112))),
        "TEMP": give(decimals(np.clip(rng.normal(36.5, 0.2, count), 35.9, 37.3), 1)),
        "RESP": give(text(rng.integers(16, 21, count))),
        "HEIGHT": where(done & (when == 0), decimals(height[who], 1)),
        "WEIGHT": give(decimals(weight[who] + gain + rng.normal(0, 0.35, count), 1)),
    }
    return frame(study, "VS", who, np.array(OCCASIONS, dtype=object)[when], study.occasion_day[who, when], fields)
