"""Words around the numbers: conditions and statistics said in plain English."""

from __future__ import annotations

import json
from typing import Any

STATISTICS = {
    "n": "number counted",
    "N": "number in the denominator",
    "n_not": "number not counted",
    "n_missing": "number without a value",
    "p": "proportion",
    "mean": "mean",
    "sd": "standard deviation",
    "se": "standard error",
    "median": "median",
    "q1": "first quartile",
    "q3": "third quartile",
    "min": "minimum",
    "max": "maximum",
    "p_value": "p-value",
    "p0": "null value",
    "events": "number of events",
    "n_left_out": "subjects left out by the analysis",
    "entered": "subjects who entered",
    "left_out": "left out",
    "n_first": "subjects for whom it is the first event",
    "n_by": "subjects with the first such event by the visit",
    "n_after": "subjects with the first such event after the visit",
    "n_none": "subjects without an event",
    "p_first": "proportion for whom it is the first event",
    "p_by": "proportion with the first such event by the visit",
    "p_after": "proportion with the first such event after the visit",
    "p_none": "proportion without an event",
    "too_few": "subjects, too few to be analysed",
    "or": "odds ratio",
    "or_low": "lower limit of the odds ratio",
    "or_high": "upper limit of the odds ratio",
    "coef": "coefficient (log odds ratio)",
    "epv": "events per variable",
    "rarer": "responders or non-responders, the fewer",
    "joint_p": "p-value of all levels together",
    "overall_p": "p-value of all covariates together",
    "looks": "number of looks",
    "k": "missing responses counted as response",
    "tipping": "smallest number of missing responses that rejects",
    "m": "number of imputations",
    "iterations": "iterations of each chain",
    "n_observed": "subjects with an observed response",
    "n_imputed": "subjects whose response is imputed",
    "n_kept": "subjects who stay non-responders",
    "imputed_mean": "mean imputed score",
    "p_imputed": "responses among the imputed scores",
    "outside": "imputed scores held to a limit",
    "within": "variance within imputations",
    "between": "variance between imputations",
    "total": "total variance",
    "increase": "relative increase in variance by what is missing",
    "share": "share of the variance by what is missing",
    "missing_information": "fraction of missing information",
    "efficiency": "relative efficiency",
    "mcse": "Monte-Carlo standard error of the estimate",
    "mcse_low": "Monte-Carlo standard error of the lower limit",
    "mcse_high": "Monte-Carlo standard error of the upper limit",
    "r_hat": "R-hat (convergence)",
    "r_hat_max": "largest R-hat (convergence)",
    "interval": "method of the interval",
    "lsmean": "least-squares mean",
    "lsmean_low": "lower limit, least-squares mean",
    "lsmean_high": "upper limit, least-squares mean",
    "df": "degrees of freedom",
    "diff": "difference of least-squares means",
    "neg2_reml": "-2 restricted log-likelihood",
    "structure": "covariance structure used",
    "earlier": "covariance structures that failed before",
    "errors": "standard errors by",
    "t": "t of the paired test",
    "t_df": "degrees of freedom, paired t",
    "t_p": "p-value, paired t",
    "n_zero": "differences that are 0",
    "n_ranked": "differences with a rank",
    "signed_rank": "signed rank sum",
    "signed_rank_p": "p-value, signed rank test",
    "signed_rank_method": "how the signed rank test was done",
    "signed_rank_ties": "ties and zeros of the signed rank test",
    "hl": "Hodges-Lehmann estimate",
    "hl_method": "how the Hodges-Lehmann interval was found",
    "difference": "difference from the reference arm",
    "fisher_p": "p-value, Fisher's exact test",
    "cmh_p": "p-value, Cochran-Mantel-Haenszel test",
}
ENDS = {"_low": "lower limit", "_high": "upper limit", "_se": "standard error"}
COMPARISONS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


def statistic(name: str) -> str:
    """The name of a statistic in words."""
    if name in STATISTICS:
        return STATISTICS[name]
    for end, words in ENDS.items():
        if name.endswith(end) and len(name) > len(end):
            return f"{words}, {statistic(name.removesuffix(end))}"
    return name.replace("_", " ")


def condition(where: dict[str, Any] | None) -> str:
    """A condition on rows in words; all rows for none."""
    said = [
        " or ".join(condition(one) for one in wanted) if variable == "any" else f"{variable} {_wanted(wanted)}"
        for variable, wanted in (where or {}).items()
    ]
    return "; ".join(said) or "all"


def _wanted(wanted: Any) -> str:
    if isinstance(wanted, list):
        return "is one of " + ", ".join(map(str, wanted))
    if not isinstance(wanted, dict):
        return f"= {wanted}"
    said = [f"{COMPARISONS[k]} {v}" for k, v in wanted.items() if k in COMPARISONS]
    if "present" in wanted:
        said.append("is present" if wanted["present"] else "is missing")
    if "not" in wanted:
        said.append(
            "is not " + ", ".join(map(str, wanted["not"] if isinstance(wanted["not"], list) else [wanted["not"]]))
        )
    return " and ".join(said)


def settings(options: str | dict[str, Any] | None) -> str:
    """Options of a method (JSON or mapping) as ``key: value`` in one line."""
    given = json.loads(options) if isinstance(options, str) and options else options or {}
    return "; ".join(f"{key.replace('_', ' ')}: {_flat(value)}" for key, value in sorted(given.items()))


def _flat(value: Any) -> str:
    return (
        ", ".join(str(v) for v in value)
        if isinstance(value, list)
        else json.dumps(value, ensure_ascii=False)
        if isinstance(value, dict)
        else str(value)
    )
