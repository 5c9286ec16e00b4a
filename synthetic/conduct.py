"""How the study went: visits, disposition, protocol deviations, comments."""

from __future__ import annotations

import numpy as np

from .disease import OCCASIONS
from .ground import NO_DAY, frame, iso, lines_within, pick, stream, where
from .schedule import HIGH, LOW, VISITS

WORDS = {
    "COMPLETED": ["完成12周治疗及访视", "Completed week 12"],
    "ADVERSE EVENT": ["因不良事件停药", "Discontinued due to adverse event"],
    "LACK OF EFFICACY": ["疗效不佳，患者要求停药", "Lack of efficacy"],
    "WITHDRAWAL BY SUBJECT": ["受试者撤回知情同意", "受试者因工作原因退出"],
    "LOST TO FOLLOW-UP": ["失访，多次电话联系未果", "Lost to follow-up"],
    "PHYSICIAN DECISION": ["研究者判断不宜继续", "Physician decision"],
    "SCREEN FAILURE": ["筛选失败", "Screen failure"],
}
MISSED = ["出差", "外地，交通不便", "工作繁忙", "忘记访视日期", "感冒未到院"]
EXTRA = ["不良事件随访", "复查血常规及肝功能", "皮疹加重就诊", "补领药物"]
COMMENTS = [
    "患者诉双足底皮疹较前减轻，但行走时仍有疼痛。",
    "受试者本次访视前一日漏服研究药物一片，已再次宣教按时服药。",
    "双手掌新发小脓疱，主要分布于大鱼际处；已拍照存档。",
    "受试者因工作原因推迟访视，已电话确认安全性情况良好。",
    "血常规、肝功能结果均已由研究者阅读并签字，无临床意义。",
    "患者自行外用尿素乳膏保湿，未使用激素类药膏。",
    "关节症状较前缓解，晨僵约10分钟。",
    "Patient reported poor sleep because of itch during the last week.",
    "吸烟量由每日20支减至每日10支，继续戒烟宣教。",
    "受试者诉近期饮食不规律，偶有胃部不适，未用药，继续观察。",
    '1. 皮疹照片已上传；\n2. 患者称"足底"疼痛明显, 影响行走。',
    "本次访视研究者与受试者详细沟通："
    + "皮疹较基线明显好转，双足仍有少量脱屑；建议继续按方案每日一次服药，避免接触洗涤剂等刺激物，注意手足保湿；" * 5
    + "如有不适随时联系。",
]


def forms(study) -> dict:
    """The forms on conduct."""
    return {"DS": _ds(study), "PD": _pd(study), "SV": _sv(study), "CO": _co(study)}


def _sv(study):
    rng = stream(study.seed, "sv")
    size = study.size
    rows = [(np.arange(size), "SCR", study.screened_on, True, "")]
    for k, name in enumerate(VISITS):
        done = np.flatnonzero(study.visit_done[:, k])
        rows.append((done, name, study.visit_day[:, k], True, ""))
        missed = np.flatnonzero(study.visit_missed[:, k])
        rows.append((missed, name, None, False, pick(rng, MISSED, len(missed))))
    for who in np.flatnonzero(study.left_for == "LOST TO FOLLOW-UP"):
        gone = np.flatnonzero(study.visit_gone[who])
        if len(gone):
            rows.append((np.array([who]), VISITS[gone[0]], None, False, "失访"))
    extra = np.flatnonzero(study.extra_visit != NO_DAY)
    rows.append((extra, "UNS", study.extra_visit, True, pick(rng, EXTRA, len(extra))))
    ended = np.flatnonzero(study.end_visit != NO_DAY)
    rows.append((ended, "ET", study.end_visit, True, ""))
    number = [np.ones(len(r[0]), int) for r in rows]
    sampled, k = np.nonzero(study.sample_day != NO_DAY)
    dates = [np.full(len(r[0]), NO_DAY) if r[2] is None else r[2][r[0]] for r in rows]
    if len(sampled):
        rows.append((sampled, "UNS", None, True, EXTRA[0]))
        dates.append(study.sample_day[sampled, k])
        number.append(study.sample_number[sampled, k])
    who = np.concatenate([r[0] for r in rows])
    event = np.concatenate([np.full(len(r[0]), r[1], dtype=object) for r in rows])
    date = np.concatenate(dates)
    done = np.concatenate([np.full(len(r[0]), r[3]) for r in rows])
    reason = np.concatenate([np.broadcast_to(np.asarray(r[4], dtype=object), len(r[0])) for r in rows])
    fields = {"VISYN": where(done, "Y", "N"), "VISDAT": iso(date), "VISTYP": where(done, "SITE"), "VISREAS": reason}
    entered = np.where(done, date, study.last_contact[who])
    return frame(study, "SV", who, event, entered, fields, eventrep=np.concatenate(number))


def _ds(study):
    rng = stream(study.seed, "ds")
    size = study.size
    code = where(study.treated, where(study.left_for != "", study.left_for, "COMPLETED"), "SCREEN FAILURE")
    term = np.empty(size, dtype=object)
    for name, words in WORDS.items():
        here = code == name
        term[here] = pick(rng, words, int(here.sum()))
    cause = study.failure
    named = where(
        cause == "WITHDREW",
        "筛选失败：受试者在首次给药前撤回同意",
        "筛选失败：" + where(cause == "WITHDREW", "", cause),
    )
    term = where(study.treated, term, named)
    left = study.left_on != NO_DAY
    event = where(study.treated, where(left & ~study.stays, "ET", "W12"), "SCR")
    fields = {
        "DSTERM": term,
        "DSDECOD": code,
        "DSSTDAT": iso(study.ended_on),
        "LSTDOSDT": iso(study.last_dose),
        "LSTCNTDT": iso(study.last_contact),
        "WDCONS": study.scope,
    }
    return frame(study, "DS", np.arange(size), event, study.last_contact, fields)


def _pd(study):
    parts = []
    for k, name in enumerate(VISITS):
        days = study.visit_day[:, k] - study.first_dose + 1
        out = np.flatnonzero(study.visit_done[:, k] & ((days > HIGH[k]) | (days < LOW[k])))
        parts.append((out, f"{name}访视超窗", "VISIT", study.visit_day[out, k], "MAJOR" if name == "W12" else "MINOR"))
        lost = np.flatnonzero(study.visit_missed[:, k])
        grade = "MAJOR" if name == "W12" else "MINOR"
        parts.append((lost, f"{name}访视缺失", "VISIT", study.visit_day[lost, k], grade))
    rescued = np.flatnonzero(study.rescue != "")
    parts.append((rescued, "使用方案禁止的治疗", "PROHIBITED", study.rescue_on[rescued], "MAJOR"))
    length = np.maximum(study.last_dose - study.first_dose + 1, 1)
    poor = np.flatnonzero(study.treated & (study.taken.sum(axis=1) < 0.8 * length))
    parts.append((poor, "服药依从性低于80%", "DOSING", study.last_dose[poor], "MAJOR"))
    who = np.concatenate([p[0] for p in parts])
    spread = lambda j: np.concatenate([np.full(len(p[0]), p[j], dtype=object) for p in parts])  # noqa: E731
    date = np.concatenate([p[3] for p in parts])
    term, category, grade = spread(1), spread(2), spread(4)
    order = np.lexsort((date, who))
    fields = {"DVTERM": term[order], "DVCAT": category[order], "DVSTDAT": iso(date[order]), "DVMAJ": grade[order]}
    return frame(study, "PD", who[order], "LOG", date[order], fields, grprep=lines_within(who[order]))


def _co(study):
    rng = stream(study.seed, "co")
    said = study.seen & study.treated[:, None] & (rng.random(study.seen.shape) < 0.06)
    said[:, :2] = False  # what they tell of is seen under treatment
    who, when = np.nonzero(said)
    event = np.array(OCCASIONS, dtype=object)[when]
    fields = {"COVAL": pick(rng, COMMENTS, len(who))}
    return frame(study, "CO", who, event, study.occasion_day[who, when], fields)
