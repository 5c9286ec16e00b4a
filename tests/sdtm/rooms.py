"""Small studies for the rooms of the sdtm floor: staged-like records in, the specification of the study at hand."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from crf2csr import specs
from crf2csr.sdtm import _timing
from crf2csr.sdtm._verbs import Context

ROOT = Path(__file__).parents[2]
NAMES = ["USUBJID", "RFSTDTC", "RFXSTDTC", "RFXENDTC", "RFICDTC", "RFPENDTC", "ACTARMCD", "_REC"]


def read(name):
    """One file of the study's configuration."""
    return specs.read_yaml(ROOT / "config" / name)


def people(*rows):
    """DM: by default one treated subject, dosed 2026-02-03 to 2026-04-28, last contact 2026-05-20."""
    values = ["S-1", "2026-02-03", "2026-02-03", "2026-04-28", "2026-01-15", "2026-05-20", "IVA4", "DM:2"]
    usual = dict(zip(NAMES, values, strict=True))
    return pd.DataFrame([usual | row for row in rows or ({},)], dtype="str")


def records(form, *rows):
    """Records of one form with every field of its contract; what is not given is blank."""
    contract = read(f"crf/{form.lower()}.yaml")
    blank = dict.fromkeys(contract["fields"], "")
    keys = {"STUDYID": "S", "SITEID": "01", "SUBJID": "1", "USUBJID": "S-1", "EVENT": "LOG", "EVENTREP": "1"}
    return pd.DataFrame(
        [blank | keys | {"REC": f"{form}:{n}"} | row for n, row in enumerate(rows, start=2)], dtype="str"
    )


def context(domain, forms, *, visits=None, domains=None, lists=(), tables=None, derivations=None):
    """Context of one domain with the study's own specification, page and codelists."""
    page = read("config.yaml")
    return Context(
        spec=read(f"sdtm/{domain}.yaml"),
        page=page,
        crf={name.lower(): read(f"crf/{name.lower()}.yaml") for name in forms},
        codelists=read("codelists.yaml"),
        lists={name: read(f"{name}.yaml") for name in lists},
        forms=dict(forms),
        domains={"dm": people()} | (domains or {}),
        tables=tables or {},
        calendar=_timing.calendar(page, visits),
        derivations=derivations or {},
    )


def asked(made):
    """Rule, record and field of each query."""
    return made.query_table()[["RULE", "REC", "FIELD"]].values.tolist()
