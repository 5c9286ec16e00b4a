"""Text of more than 200 bytes: split into pieces that give the text again when they are put together.

Comments and trial summary values go on in ``COVAL1``, ``TSVAL1``, ... (SDTMIG 3.4, 4.5.3.2); a qualifier of SDTM
in supplemental qualifiers of its record; a variable of ADaM in variables beside it. What fits none is refused later.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from crf2csr.errors import Cause

if TYPE_CHECKING:
    from submission.frames import Dataset, Variable

SIZE = 200
BESIDE = {"COVAL", "TSVAL"}


def pieces(text: str, size: int = SIZE) -> list[str]:
    """Split before a blank where there is one: the blank leads the next piece, since trailing blanks are lost."""
    found = []
    while len(text) > size:
        cut = next((n for n in range(size, 0, -1) if text[n] == " " and text[n - 1] != " "), 0)
        cut = cut or next((n for n in range(size, 0, -1) if text[n - 1] != " "), 0)
        if not cut:
            raise Cause(f"more than {size} blanks in a row cannot be split", value=text.strip()[:40])
        found.append(text[:cut])
        text = text[cut:]
    return [*found, text]


def spread(datasets: list[Dataset]) -> tuple[list[Dataset], pd.DataFrame]:
    """Split every long text of one floor; return the data sets and the cells that were split."""
    from submission.frames import empty_changes

    made = {one.name: one for one in datasets}
    changes = [empty_changes()]
    for one in datasets:
        for variable in one.variables:
            if variable.kind != "text":
                continue
            column = made[one.name].frame[variable.name]
            long = column[column.str.len() > SIZE]
            if long.empty:
                continue
            parts = pd.DataFrame([pieces(text) for text in long], index=long.index).fillna("")
            if one.floor == "adam" or variable.name in BESIDE:
                where = _beside(made, one, variable, parts)
            elif f"{one.name}SEQ" in one.frame and f"SUPP{one.name}" in made:
                where = _supplement(made, one, variable, parts)
            else:
                continue
            changes.append(
                pd.DataFrame(
                    {
                        "dataset": one.name,
                        "record": long.index + 1,
                        "variable": variable.name,
                        "transformation": f"split: goes on in {where}",
                        "from": long.to_numpy(),
                        "to": parts[0].to_numpy(),
                    },
                    dtype="object",
                )
            )
    return list(made.values()), pd.concat(changes, ignore_index=True)


def _beside(made: dict[str, Dataset], one: Dataset, variable: Variable, parts: pd.DataFrame) -> str:
    """Put the further pieces into variables that follow the first."""
    now = made[one.name]
    frame, variables = now.frame.copy(), list(now.variables)
    frame.loc[parts.index, variable.name] = parts[0]
    names = []
    for n in range(1, parts.shape[1]):
        name = f"{variable.name[: 8 - len(str(n))]}{n}"
        if name in frame:
            raise Cause("the name for a split text is taken", file=f"{one.floor}/{one.stem}", field=name)
        frame[name] = parts[n].reindex(frame.index).fillna("").astype("object")
        label = f"{variable.label[: 36 - len(str(n))]} ({n})"
        text = f"Continues {variable.name} where its text has more than {SIZE} bytes"
        place = next(i for i, v in enumerate(variables) if v.name == variable.name) + n
        variables.insert(place, replace(variable, name=name, label=label, about=variable.about | {"text": text}))
        names.append(name)
    made[one.name] = replace(now, variables=tuple(variables), frame=frame)
    return ", ".join(names)


def _supplement(made: dict[str, Dataset], one: Dataset, variable: Variable, parts: pd.DataFrame) -> str:
    """Put the further pieces into supplemental qualifiers of the record."""
    now, supp = made[one.name], made[f"SUPP{one.name}"]
    frame = now.frame.copy()
    frame.loc[parts.index, variable.name] = parts[0]
    sequence, names, rows = f"{one.name}SEQ", [], [supp.frame]
    for n in range(1, parts.shape[1]):
        name = f"{variable.name[: 8 - len(str(n))]}{n}"
        if (supp.frame["QNAM"] == name).any():
            raise Cause("the name for a split text is taken", file=f"{one.floor}/{supp.stem}", field=name)
        held = parts[n][parts[n] != ""]
        about = frame.loc[held.index]
        rows.append(
            pd.DataFrame(
                {
                    "STUDYID": about["STUDYID"],
                    "RDOMAIN": one.name,
                    "USUBJID": about["USUBJID"],
                    "IDVAR": sequence,
                    "IDVARVAL": about[sequence].astype("int64").astype("str"),
                    "QNAM": name,
                    "QLABEL": variable.label,
                    "QVAL": held,
                    "QORIG": str(variable.about.get("origin", "Collected")),
                    "QEVAL": "",
                },
                dtype="object",
            )
        )
        names.append(f"{supp.name}.{name}")
    more = pd.concat(rows, ignore_index=True)[list(supp.frame.columns)]
    more = more.sort_values([k for k in supp.spec["sort"] if k in more], kind="stable", ignore_index=True)
    made[one.name], made[supp.name] = replace(now, frame=frame), replace(supp, frame=more)
    return ", ".join(names)
