"""RE: findings of the respiratory system; a long description is cut here and stands in full in CO."""

from __future__ import annotations

from crf2csr.sdtm import _mapping
from crf2csr.sdtm._supp import split_text
from crf2csr.sdtm._verbs import Context
from crf2csr.trace import Made


def tabulate(context: Context) -> Made:
    """Build RE; a result holds at most 200 characters."""
    made = _mapping.tabulate(context)
    for variable in ("REORRES", "RESTRESC"):
        made.data[variable] = made.data[variable].map(lambda text: split_text(text)[0], na_action="ignore")
    return made
