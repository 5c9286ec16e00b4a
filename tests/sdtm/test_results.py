"""Results as printed: what is a number, a limit, a category, a span, nothing, or cannot be read."""

import numpy as np
import pandas as pd
import pytest

from crf2csr.sdtm import _results

pytestmark = pytest.mark.req("URS-SDT-05")


@pytest.mark.parametrize(
    ("printed", "kind", "text", "number"),
    [
        ("<0.5", "limit", "<0.5", 0.5),
        (">1000", "limit", ">1000", 1000),
        ("≤ 0.80", "limit", "<=0.8", 0.8),
        ("＜0.5", "limit", "<0.5", 0.5),
        ("2.1H", "number", "2.1", 2.1),
        ("0.5 ↑", "number", "0.5", 0.5),
        ("↓3", "number", "3", 3),
        ("７３．５", "number", "73.5", 73.5),
        ("阴性", "word", "NEGATIVE", None),
        ("±", "word", "TRACE", None),
        ("+", "word", "1+", None),
        ("-", "word", "NEGATIVE", None),
        ("1+", "word", "1+", None),
        ("0-2/HP", "span", "0-2", None),
        ("1,234", "comma", "1,234", None),
        ("<LLOQ", "limit", "<LLOQ", None),
        ("未查", "none", "未查", None),
        ("1_000", "foreign", "1_000", None),
        ("1e5", "foreign", "1e5", None),
        ("inf", "foreign", "inf", None),
        ("٣", "foreign", "٣", None),
        ("NaN", "unreadable", "NaN", None),
        ("120/80", "unreadable", "120/80", None),
        ("19 but poor collection", "unreadable", "19 but poor collection", None),
        (" ", "blank", "", None),
    ],
)
def test_a_printed_result_is_read_for_what_it_says(printed, kind, text, number):
    words = {"阴性": "NEGATIVE", "±": "TRACE", "+": "1+", "-": "NEGATIVE", "1+": "1+"}
    got = _results.read_all(pd.Series([printed]), words, {"未查": "NOT DONE"}, ["H", "L", "↑", "↓"]).iloc[0]
    assert (got["kind"], got["text"]) == (kind, text)
    assert got["number"] == number if number is not None else np.isnan(got["number"])
