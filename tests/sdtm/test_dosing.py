"""EC and DA: what contradicts itself is asked (P30) and kept."""

import pytest

from crf2csr.sdtm import da, ec
from tests.sdtm.rooms import asked, context, records

pytestmark = pytest.mark.req("URS-SDT-07")


def dosing(*intervals, last="2026-04-28"):
    usual = {"EXOCCUR": "Y", "EXDOSE": "4", "EXDOSFRQ": "QD"}
    rows = [usual | {"EXSTDAT": start, "EXENDAT": end} | more for start, end, more in intervals]
    return ec.tabulate(context("ec", {"EX": records("EX", *rows), "DS": records("DS", {"LSTDOSDT": last})}))


def test_an_interval_without_a_gap_that_ends_on_the_last_dose_date_asks_nothing():
    made = dosing(("2026-02-03", "2026-03-01", {}), ("2026-03-02", "2026-04-28", {}))
    assert asked(made) == []
    assert made.data["ECDOSE"].tolist() == [4, 4]


@pytest.mark.parametrize(
    ("intervals", "query"),
    [
        ([("2026-02-03", "2026-03-01", {}), ("2026-03-01", "2026-04-28", {})], ["P30", "EX:3", "EXSTDAT"]),
        ([("2026-02-03", "2026-03-01", {}), ("2026-03-05", "2026-04-28", {})], ["P30", "EX:3", "EXSTDAT"]),
        ([("2026-02-03", "2026-04-28", {"EXDOSE": "0"})], ["P30", "EX:2", "EXDOSE"]),
        ([("2026-02-03", "2026-04-28", {"EXDOSE": ""})], ["P30", "EX:2", "EXDOSE"]),
        ([("2026-02-03", "2026-05-01", {})], ["P30", "EX:2", "EXENDAT"]),
        ([("2026-02-03", "2026-04-20", {})], ["P30", "EX:2", "EXENDAT"]),
    ],
)
def test_overlap_gap_strange_doses_and_another_last_dose_are_asked_and_kept(intervals, query):
    made = dosing(*intervals)
    assert asked(made) == [query]
    assert len(made.data) == len(intervals)


def test_an_interval_inside_a_longer_earlier_one_overlaps_it():
    made = dosing(("2026-02-03", "2026-04-28", {}), ("2026-02-10", "2026-02-12", {}), ("2026-03-01", "2026-03-02", {}))
    assert {query[1] for query in asked(made)} == {"EX:3", "EX:4"}


def test_the_dose_of_a_placebo_is_0_and_nobody_asks():
    rows = [{"EXOCCUR": "Y", "EXDOSE": "0", "EXSTDAT": "2026-02-03", "EXENDAT": "2026-04-28"}]
    made = context("ec", {"EX": records("EX", *rows), "DS": records("DS", {"LSTDOSDT": "2026-04-28"})})
    made.spec = made.spec | {
        "records": [
            block | {"set": block["set"] | {"ECTRT": {"hardcode": "PLACEBO"}}} for block in made.spec["records"]
        ]
    }
    assert asked(ec.tabulate(made)) == []


def tablets(*visits):
    rows = [{"DADAT": day, "DISPAMT": out, "RETAMT": back, "DAREFID": "0010221"} for day, out, back in visits]
    return da.tabulate(context("da", {"DA": records("DA", *rows)}))


def test_tablets_are_two_rows_a_visit_and_the_number_of_the_bottle_keeps_its_zeros():
    made = tablets(("2026-02-03", "28", "0"), ("2026-02-17", "28", "14"))
    assert made.data[["DATESTCD", "DASTRESN"]].values.tolist() == [
        ["DISPAMT", 28],
        ["RETAMT", 0],
        ["DISPAMT", 28],
        ["RETAMT", 14],
    ]
    assert set(made.data["DAREFID"]) == {"0010221"}
    assert asked(made) == []


def test_more_returned_than_was_dispensed_before_is_asked():
    assert asked(tablets(("2026-02-03", "28", "0"), ("2026-02-17", "28", "29"))) == [["P30", "DA:3", "RETAMT"]]


def test_the_bottle_of_the_same_day_cannot_have_come_back():
    assert asked(tablets(("2026-02-03", "28", "5"))) == [["P30", "DA:2", "RETAMT"]]


def test_an_amount_that_is_no_whole_number_has_no_number_and_is_asked():
    made = tablets(("2026-02-03", "28", "2.5"))
    assert made.data["DASTRESN"].isna().sum() == 1 and made.data["DAORRES"].tolist() == ["28", "2.5"]
    assert asked(made) == [["P30", "DA:2", "RETAMT"]]
