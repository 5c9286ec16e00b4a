"""The rows behind the numbers: closed, coded, walkable."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json

import numpy as np
import pandas as pd
import pytest

from crf2csr.csr import _payload
from crf2csr.errors import Cause
from tests.csr import small

pytestmark = pytest.mark.req("URS-CSR-02")


def graph() -> _payload.Graph:
    read = small.read()
    return _payload.Graph(read["tables"], read["traces"])


def decoded(column: dict, rows: int) -> list:
    codes = _payload.codes_of(column, rows)
    return [None if c < 0 else column["d"][c] for c in codes]


def test_closing_one_response_keeps_its_finding_and_its_line_and_nothing_else():
    kept = graph().close({"adam/adrs": np.array([1])})
    assert {name: rows.tolist() for name, rows in kept.items()} == {"adam/adrs": [1], "sdtm/rs": [1], "raw/rs1": [1]}


def test_a_row_made_from_another_row_of_its_own_data_set_keeps_that_too():
    read = small.read()
    own = pd.DataFrame({"ROW": [0], "SRCDOM": small.text("ADRS"), "USUBJID": small.text("S-3"), "SRCSEQ": [1]})
    traces = {"adam/adrs": pd.concat([read["traces"]["adam/adrs"], own])}
    kept = _payload.Graph(read["tables"], traces).close({"adam/adrs": np.array([0])})
    assert kept["adam/adrs"].tolist() == [0, 2]
    assert kept["raw/rs1"].tolist() == [0, 2]


def test_edges_of_the_packed_tables_lead_to_the_positions_of_the_kept_rows():
    made = graph()
    tables = _payload.encode(made, made.close({"adam/adrs": np.array([1, 2])}), {})
    (edge,) = tables[0]["edges"]
    assert (tables[edge["t"]]["name"], edge["n"], np.cumsum(edge["r"]).tolist()) == ("sdtm/rs", [1, 1], [0, 1])
    assert np.cumsum(tables[0]["rows"]).tolist() == [1, 2]


def test_a_record_of_several_lines_has_an_edge_to_each():
    read = small.read()
    read["tables"]["sdtm/rs"]["_REC"] = small.text("RS1:2 RS1:4", "RS1:3", "RS1:4")
    edges = _payload.Graph(read["tables"], read["traces"]).edges["sdtm/rs"]
    assert list(zip(edges.row, edges.to, strict=True)) == [(0, 0), (0, 2), (1, 1), (2, 2)]


@pytest.mark.parametrize(
    "record, message", [("RS1:9", "line that its form does not have"), ("XX:2", "form that this run")]
)
def test_a_record_that_does_not_exist_stops_the_report(record, message):
    read = small.read()
    read["tables"]["sdtm/rs"]["_REC"] = small.text(record, "RS1:3", "RS1:4")
    with pytest.raises(Cause, match=message):
        _payload.Graph(read["tables"], read["traces"])


def test_a_trace_to_a_row_that_does_not_exist_stops_the_report():
    read = small.read()
    read["traces"]["adam/adrs"]["SRCSEQ"] = [1, 1, 7]
    with pytest.raises(Cause, match="does not exist"):
        _payload.Graph(read["tables"], read["traces"])


@pytest.mark.parametrize(
    "values",
    [
        pd.Series(["b", None, "a", "b"], dtype="str"),
        pd.Series([1.5, None, 2.0, -1.0]),
        pd.Series([3, None, 1, 3], dtype="Int64"),
        pd.Series(["x", "y", "z"], dtype="str"),
        pd.Series([], dtype="str"),
        pd.Series(["a"] * 5 + [None] * 4 + ["b"] * 3, dtype="str"),
        pd.Series([1.0, 1.0, 1.0, 2.0, 2.0]),
        pd.Series([None, None], dtype="str"),
        ["t", 1, None],
    ],
)
def test_a_coded_column_holds_the_same_values(values):
    plain = [None if pd.isna(v) else v for v in values]
    coded = json.loads(json.dumps(_payload.column(values)))
    assert decoded(coded, len(plain)) == plain


def test_codes_are_left_out_where_they_would_only_count():
    assert "i" not in _payload.column(pd.Series(["a", "b", "c"], dtype="str"))
    assert _payload.column(pd.Series(["b", "a"], dtype="str"))["i"] == [1, 0]


def test_a_code_that_stays_the_same_is_written_once_with_its_length():
    assert _payload.column(pd.Series(["a"] * 6 + ["b"] * 3, dtype="str")) == {"d": ["a", "b"], "i": [0, 1], "r": [6, 3]}


def test_numbers_keep_their_full_precision():
    third = 1 / 3
    assert json.loads(json.dumps(_payload.column(pd.Series([third]))))["d"] == [third]


def test_the_pack_is_gzip_of_json_without_a_clock_and_names_its_hash():
    text, digest = _payload.pack({"a": ["</script>", "é"]})
    packed = base64.b64decode(text)
    assert json.loads(gzip.decompress(packed)) == {"a": ["</script>", "é"]}
    assert packed[4:8] == b"\0\0\0\0"
    assert hashlib.sha256(packed).hexdigest() == digest
    assert (text, digest) == _payload.pack({"a": ["</script>", "é"]})


@pytest.mark.req("URS-SCL-01")
def test_many_rows_are_packed_without_a_loop_over_rows():
    rows = 200_000
    adrs = pd.DataFrame({"USUBJID": [f"S-{n // 20}" for n in range(rows)], "ASEQ": np.arange(rows) % 20}).astype(
        {"USUBJID": "str"}
    )
    rs = pd.DataFrame(
        {
            "USUBJID": adrs["USUBJID"],
            "RSSEQ": adrs["ASEQ"],
            "_REC": "RS1:" + pd.Series(range(2, rows + 2)).astype("str"),
        }
    )
    raw = pd.DataFrame({"LINE": np.arange(2, rows + 2)})
    trace = pd.DataFrame({"ROW": np.arange(rows), "SRCDOM": "RS", "USUBJID": adrs["USUBJID"], "SRCSEQ": adrs["ASEQ"]})
    made = _payload.Graph({"adam/adrs": adrs, "sdtm/rs": rs, "raw/rs1": raw}, {"adam/adrs": trace})
    kept = made.close({"adam/adrs": np.arange(rows)})
    tables = _payload.encode(made, kept, {})
    assert [t["n"] for t in tables] == [rows, rows, rows]
    assert tables[1]["edges"][0]["r"][:3] == [0, 1, 1]
