"""Write the export folder and the truth beside it: same arguments, same bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd
import yaml

from .ground import EXTRACT, STUDYID, iso, table

ENCODING = {"CO": "gb18030"}
DICTIONARY = ["forms", "fields", "codelists", "visits"]
NOTE = "SYNTHETIC data, made by a program from a statistical model. No person, no patient, no real trial record stands behind any value."

README = """# SYNTHETIC raw export of {study}

**Every value in this folder is SYNTHETIC.** A seeded program (`synthetic/`) made it from a statistical model;
no real patient, no real rater and no real record stands behind any line. It has the shape of the case report forms of a
single-arm, open-label, one-hospital trial of 12 weeks in palmoplantar pustulosis, and it may be used for nothing but testing software.

Made with:

```
python -m synthetic {arguments}
```

## What is here
- one CSV per form, as entered, all values text; `CO.csv` is in GB18030, the others in UTF-8;
- `dictionary/`: forms, fields, codelists and visits of this export;
- `coding.csv`: verbatim terms to dictionary terms (MedDRA-like, illustrative, no MedDRA codes; ATC classes are public);
- `labranges.csv`: reference ranges of the hospital's laboratory (L01) and of outside laboratories (L02);
- `manifest.yaml`: sha256, encoding, locale and number of records of every file. Data cut-off: {extract}.

## The model, in short
Each person has a latent burden of disease, a severity of erythema, pustules and scales and an area for each palm and sole,
and a course of response: a class (good 55 %, partial 26 %, none 19 %), a final share of improvement and a speed. Every visit draws
item scores, area, pustule count, PPP-PGA, DLQI, itch, pain, sleep, joints and work from that one latent state, so that they agree with each other.
About 17 % leave early, some take prohibited treatment (more often where the drug does little), visits are missed or late.
Creatine kinase and lipids rise and neutrophils fall under the drug; what the blood shows becomes an adverse event.
After that, known kinds of data problems are planted on purpose{problems}.
The truth, and the list of planted problems, are kept outside this folder.
"""


def csv_bytes(frame: pd.DataFrame, encoding: str = "utf-8") -> bytes:
    """RFC 4180 with LF line ends."""
    return frame.to_csv(index=False, lineterminator="\n").encode(encoding)


def lines_of(frame: pd.DataFrame) -> list[int]:
    """Physical line on which each record starts; the header is line 1."""
    height = pd.Series(1, index=range(len(frame)))
    for name in frame:
        height += frame[name].reset_index(drop=True).str.count("\n").astype(int)
    return (height.cumsum() - height + 2).tolist()


def dictionary(name: str) -> pd.DataFrame:
    return pd.DataFrame(list(table(name)), dtype=object)


def _fingerprint(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def write(forms: dict, truth: dict, out, truth_dir=None, arguments: dict | None = None) -> None:
    """Write `out` (the raw export) and, where given, `truth_dir`."""
    out = Path(out)
    (out / "dictionary").mkdir(parents=True, exist_ok=True)
    files = []

    def put(name: str, form: str, frame: pd.DataFrame, locale: str, encoding: str = "utf-8") -> None:
        content = csv_bytes(frame, encoding)
        (out / name).write_bytes(content)
        files.append(
            {
                "name": name,
                "form": form,
                "sha256": _fingerprint(content),
                "encoding": "GB18030" if encoding == "gb18030" else "UTF-8",
                "locale": locale,
                "rows": len(frame),
                "delimiter": ",",
                "decimal": ".",
            }
        )

    for form, frame in forms.items():
        put(f"{form}.csv", form, frame, "zh-CN", ENCODING.get(form, "utf-8"))
    for name in DICTIONARY:
        put(f"dictionary/{name}.csv", "dictionary", dictionary(name), "en-US")
    put("coding.csv", "coding", truth["coding"], "zh-CN")
    put("labranges.csv", "labranges", truth["labranges"], "zh-CN")
    arguments = arguments or {}
    manifest = {
        "note": NOTE,
        "synthetic": True,
        "study": STUDYID,
        "extract_date": str(iso([EXTRACT])[0]),
        "generator": {"program": "python -m synthetic", "arguments": arguments},
        "files": files,
    }
    (out / "manifest.yaml").write_bytes(
        yaml.safe_dump(manifest, sort_keys=False, allow_unicode=True, width=200).encode()
    )
    shown = " ".join(f"--{k} {v}" for k, v in arguments.items() if k != "problems")
    shown += "" if arguments.get("problems", True) else " --no-problems"
    planted = "" if arguments.get("problems", True) else " (not in this copy)"
    readme = README.format(study=STUDYID, arguments=shown.strip(), extract=manifest["extract_date"], problems=planted)
    (out / "README.md").write_bytes(readme.encode())
    if truth_dir is not None:
        _write_truth(truth, Path(truth_dir))


TRUTH_README = """# The truth behind the SYNTHETIC export

SYNTHETIC, like the export itself. Not an input of any analysis: it is what a test compares results with.

- `subjects.csv`: one row per person, from the model's own state before any problem is planted. PPPASI totals are in tenths.
  `RESPONSE` is PPPASI-50 at week 12 where a composite event (leaving for an adverse event or lack of efficacy, prohibited treatment)
  on or before the week-12 date, or a missing week 12, counts as no response. `CLEAN` is N where a planted problem can change that result;
  `REMARK` then names the problem.
- `ae.csv`: exact first and last day of every adverse event, also where the form shows only a month.
- `planted.csv`: every planted problem: its number in the catalogue, form, subject, event, line in the file (header = 1), field,
  value as planted and before, the reaction expected, a rule code, severity and class (D: data that must be handled, Q: data that must raise a query).
  A field of `*` means the whole record; line 0 means a record that was taken out.
"""


def _write_truth(truth: dict, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("subjects", "ae", "planted"):
        (folder / f"{name}.csv").write_bytes(csv_bytes(truth[name]))
    (folder / "README.md").write_bytes(TRUTH_README.encode())
