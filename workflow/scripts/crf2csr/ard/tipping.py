"""Exact tipping point: how many of the missing responses must be responses before the verdict turns.

For k = 0 .. m, m the number of subjects whose response is missing and whom no rule makes a non-responder, k of the
missing count as responses and the others as non-responses. k = 0 is non-responder imputation, k = m the best that the
data allow.

References: Yan, Lee and Li, J Biopharm Stat 2009;19:1085. Clopper and Pearson, Biometrika 1934;26:404.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.ard._binomial import at_least, clopper_pearson
from crf2csr.ard._card import Card
from crf2csr.ard._facts import Analysis, Facts
from crf2csr.ard._subjects import known_options, responses
from crf2csr.errors import Cause
from crf2csr.populations import matches

CARD = Card(
    name="Exact tipping point of a proportion",
    formulas={
        "": "x + k responders of n, k = 0 .. m of the m missing responses",
        "p": "(x + k) / n",
        "clopper_pearson_low": "Beta quantile a of (x + k, n - x - k + 1); 0 where x + k = 0; a = (1 - level) / 2",
        "clopper_pearson_high": "Beta quantile 1 - a of (x + k + 1, n - x - k); 1 where x + k = n",
        "p_value": "P(X >= x + k) under p0, X binomial (n, p0)",
        "tipping": "Smallest k whose one-sided p-value is at most alpha; none where even k = m does not reject",
    },
    references=("Yan, Lee and Li, J Biopharm Stat 2009;19:1085", "Clopper and Pearson, Biometrika 1934;26:404"),
    r={
        "clopper_pearson": "binom.test(x + k, n)$conf.int",
        "p_value": "binom.test(x + k, n, p0, alternative = 'greater')$p.value",
        "tipping": "which(sapply(0:m, function(k) binom.test(x + k, n, p0, 'greater')$p.value) <= alpha)[1] - 1",
    },
)

OPTIONS = {"open", "level", "null_rates", "alpha_one_sided"}


def analyze(analysis: Analysis, facts: Facts) -> None:
    """Add for each k: n, N, p, interval, and p-value and verdict at each of ``null_rates``; then the tipping points.

    ``open`` is the condition on a row of the response that tells a missing one without a composite event.
    """
    o = known_options(analysis, OPTIONS)
    for name in ("open", "null_rates", "alpha_one_sided"):
        if name not in o:
            raise Cause("this method needs the option", file=analysis.place, field=name)
    for where, rows, people in analysis.groups():
        about = analysis.common() | {"variable": analysis.variables[0]} | where
        found = responses(analysis, rows, people)
        absent = rows.index[matches(rows, o["open"], source=analysis.place)]
        _group(facts, about, people, found, found["ROW"].isin(absent), o)


def _group(
    facts: Facts, about: dict[str, Any], people: pd.DataFrame, found: pd.DataFrame, gaps: pd.Series, o: dict[str, Any]
) -> None:
    if (found["Y"][gaps] == 1).any():
        first = people.loc[gaps & (found["Y"] == 1), "USUBJID"].iloc[0]
        raise Cause("a missing response is a response", file=f"analysis {about['analysis']}", field=first)
    n, x, missing = len(people), int((found["Y"] == 1).sum()), int(gaps.sum())
    everyone, open_set = facts.set_of("adsl", people.index), facts.set_of("adsl", people.index[gaps])
    facts.add("n_missing", missing, "count", open_set, **about)
    facts.add("entered", n, "count", everyone, **about)
    turned: dict[float, int] = {}
    for k in range(missing + 1):
        share = "all" if k == missing else "some" if k else "none"
        at = about | {"group2": "Missing counted as response", "group2_level": str(k)}
        at |= {"group3": "Share of missing", "group3_level": share}
        none = {} if n else {"warning": "no subject in the denominator"}
        facts.add("k", k, "d0", open_set, **at)
        facts.add("n", x + k, "d0", everyone, **at)
        facts.add("N", n, "count", everyone, **at)
        facts.add("p", (x + k) / n if n else None, "percent", everyone, **at, **none)
        ends = clopper_pearson(x + k, n, o.get("level", 0.95)) if n else (None, None)
        for name, end in zip(("clopper_pearson_low", "clopper_pearson_high"), ends, strict=True):
            facts.add(name, end, "percent_bound", everyone, **at, **none)
        for p0 in o["null_rates"]:
            tested = at | {"variable_level": f"{p0:g}"} | none
            p_value = at_least(x + k, n, p0) if n else None
            rejected = p_value is not None and p_value <= o["alpha_one_sided"]
            if rejected:
                turned.setdefault(p0, k)
            facts.add("p_value", p_value, "p", everyone, **tested)
            words = "rejected" if rejected else "not rejected"
            facts.add("verdict", float(rejected), "text", everyone, **tested, stat_text=words)
    for p0 in o["null_rates"]:
        tested = about | {"variable_level": f"{p0:g}"}
        facts.add("p0", p0, "percent", None, **tested)
        turn = turned.get(p0)
        facts.add("tipping", turn, "text", open_set, **tested, stat_text="none" if turn is None else str(turn))
