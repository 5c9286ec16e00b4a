"""Three tables, or the listing of adverse events, by csrlite: run by a Python that has it, as ``bench/peers.py`` does.

python bench/peer_csrlite.py tables|listing <folder of adsl.parquet and adae.parquet> <folder for the RTF>
"""

from __future__ import annotations

import sys
from pathlib import Path

import csrlite
import polars as pl
from csrlite.disposition.disposition import disposition

SUBJECT, ARM = ("USUBJID", "Subject"), ("TRT01P", "Treatment")
FOOTNOTE = ["Every participant is counted a single time for each applicable row and column."]


def main(what: str, adam: Path, out: Path) -> None:
    """Read both data sets and write what was asked for."""
    adsl, adae = (pl.read_parquet(adam / f"{name}.parquet") for name in ("adsl", "adae"))
    safety = adsl.filter(pl.col("SAFFL") == "Y")
    common = {"source": None, "footnote": FOOTNOTE, "id": SUBJECT, "population_filter": None}
    if what == "listing":
        columns = ["AETERM", "ASTDT", "ASTDY", "AENDT", "ASEV", "AEREL", "AEOUT", "TRTEMFL"]
        csrlite.ae_listing(
            population=safety,
            observation=adae,
            observation_filter=None,
            parameter_filter=None,
            title=["Adverse events"],
            output_file=str(out / "listing.rtf"),
            population_columns=[ARM],
            observation_columns=[(name, name) for name in columns],
            sort_columns=["USUBJID", "ASTDT"],
            **common,
        )
        return
    lines = [
        ("TRTEMFL = 'Y'", "Any"),
        ("AESER = 'Y'", "Serious"),
        ("RELFL = 'Y'", "Related"),
        ("ASEV = 'SEVERE'", "Severe"),
        ("AESDTH = 'Y'", "Death"),
        ("AESLIFE = 'Y'", "Life-threatening"),
        ("AESHOSP = 'Y'", "Hospitalisation"),
        ("CQ01NAM IS NOT NULL", "Dermatologic"),
    ]
    csrlite.ae_summary(
        population=safety,
        observation=adae,
        observation_filter="TRTEMFL = 'Y'",
        group=ARM,
        variables=lines,
        title=["Overview"],
        output_file=str(out / "summary.rtf"),
        **common,
    )
    csrlite.ae_specific(
        population=safety,
        observation=adae,
        observation_filter="TRTEMFL = 'Y'",
        parameter_filter=None,
        group=ARM,
        title=["By term"],
        output_file=str(out / "specific.rtf"),
        ae_term=("ADECOD", "Adverse event"),
        **common,
    )
    # csrlite knows three words for how a study ended, and wants no reason where it was completed.
    ended = adsl.filter(pl.col("ITTFL") == "Y").with_columns(
        pl.col("EOSSTT").str.to_titlecase(),
        pl.when(pl.col("EOSSTT") == "DISCONTINUED").then(pl.col("DCSREAS")).alias("DCSREAS"),
    )
    disposition(
        population=ended,
        group=ARM,
        ds_term=("EOSSTT", "Disposition"),
        dist_reason_term=("DCSREAS", "Reason"),
        title=["Disposition"],
        output_file=str(out / "disposition.rtf"),
        **common,
    )


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
