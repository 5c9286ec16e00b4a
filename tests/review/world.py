"""The shipped study as made, with what a check of one planted problem asks of it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

OF_FORM = {
    "AE": ["ae"],
    "CM": ["cm"],
    "PRTX": ["cm", "pr"],
    "MH": ["mh"],
    "PPPHX": ["mh"],
    "DM": ["dm"],
    "VS": ["vs"],
    "LB": ["lb"],
    "UA": ["lb"],
    "PPPASI": ["rs"],
    "PGA": ["rs"],
    "DLQI": ["qs"],
    "NRS": ["qs"],
    "JOINT": ["qs", "mk"],
    "SERO": ["mb", "is"],
    "DA": ["da"],
    "EX": ["ec"],
    "CXR": ["pr"],
    "SU": ["su"],
    "SV": ["sv"],
    "CO": ["co"],
    "DS": ["ds"],
    "ICF": ["ds"],
}
DATE_OF = {
    "AESTDAT": "AESTDTC",
    "AEENDAT": "AEENDTC",
    "CMSTDAT": "CMSTDTC",
    "CMENDAT": "CMENDTC",
    "MHSTDAT": "MHSTDTC",
    "MHENDAT": "MHENDTC",
    "PPDIADAT": "MHSTDTC",
    "BRTHDAT": "BRTHDTC",
    "VSDAT": "VSDTC",
    "DLDAT": "QSDTC",
    "DADAT": "DADTC",
    "PGADAT": "RSDTC",
    "CXRDAT": "PRSTDTC",
    "LBDAT": "LBDTC",
    "LBTIM": "LBDTC",
    "PPDAT": "RSDTC",
}
VISIT = {"W1": 3.0, "W2": 4.0, "W4": 5.0, "W8": 6.0, "W12": 7.0}


class World:
    """The study as made: its tables, its queries, its ledgers, and the truth behind it."""

    def __init__(self, folder: Path, truth: Path) -> None:
        self.folder = folder
        files = sorted(folder.glob("results/*/_queries/*.parquet"))
        self.queries = pd.concat([pd.read_parquet(f) for f in files], ignore_index=True).drop_duplicates()
        ledgers = sorted(folder.glob("results/sdtm/_ledger/*.parquet"))
        self.ledger = pd.concat([pd.read_parquet(f) for f in ledgers], ignore_index=True)
        self.truth = pd.read_csv(truth / "subjects.csv", dtype=str, keep_default_na=False).set_index("SUBJID")
        self._read: dict[str, pd.DataFrame] = {}

    def table(self, name: str, floor: str = "sdtm") -> pd.DataFrame:
        """One table of a floor."""
        path = self.folder / f"results/{floor}/{name}.parquet"
        return self._read.setdefault(f"{floor}/{name}", pd.read_parquet(path))

    def asked(
        self, row, field: str | None = None, severity: str | None = None, record: str | None = None
    ) -> pd.DataFrame:
        """Queries of the row's rule at its cell; there must be one, of its severity and with the text as entered."""
        here = self.queries[(self.queries["RULE"] == row.rule) & (self.queries["REC"] == (record or rec(row)))]
        here = here[here["FIELD"] == (field or row.field)]
        assert len(here), f"no query {row.rule} at {record or rec(row)} {field or row.field}"
        assert (severity or row.severity) in set(here["SEVERITY"]), set(here["SEVERITY"])
        if field is None and record is None:
            assert row.value in set(here["VALUE"])
        return here

    def rows(self, row, field: str | None = None, floor_row: bool = True) -> pd.DataFrame:
        """Rows of SDTM whose own record is the planted one (and that hold this field's result)."""
        found = []
        for name in OF_FORM[row.form]:
            table = self.table(name)
            mine = table[table["_REC"].str.split(" ").str[0] == rec(row)]
            if field is not None and mine["_FLD"].notna().any():
                mine = mine[mine["_FLD"] == field]
            found.append(mine)
        some = pd.concat([f for f in found if len(f)]) if any(len(f) for f in found) else pd.DataFrame()
        assert not floor_row or len(some), f"{rec(row)} reached no row"
        return some

    def result(self, row, suffix: str) -> pd.Series:
        """One variable (``ORRES``, ``STRESN``, ...) of the rows that hold the planted field."""
        some = self.rows(row, row.field)
        return some[next(c for c in some if (c.endswith(suffix) and some[c].notna().any()) or c[2:] == suffix)]

    def person(self, row) -> pd.Series:
        """The subject's row in ADSL."""
        return self.table("adsl", "adam").set_index("USUBJID").loc[self.who(row.subjid)]

    def who(self, subjid: str) -> str:
        """USUBJID of a subject number."""
        return self.table("register").set_index("SUBJID")["USUBJID"][subjid]

    def analysed(self, name: str, row, **where: object) -> pd.DataFrame:
        """Rows of an analysis data set of the row's subject."""
        table = self.table(name, "adam")
        some = table[table["USUBJID"] == self.who(row.subjid)]
        for variable, value in where.items():
            some = some[some[variable] == value]
        return some

    def derived_from(self, name: str, row, domain: str) -> pd.DataFrame:
        """Rows of an analysis data set that name the planted record's row as their source."""
        seqs = self.rows(row)[f"{domain}SEQ"].tolist()
        some = self.analysed(name, row)
        return some[some["SRCSEQ"].isin(seqs)]


def rec(row) -> str:
    """Id of the planted record."""
    return f"{row.form}:{row.line}"


def dates(world: World, row) -> pd.Series:
    """The ISO text that the planted date became."""
    some = world.rows(row)
    if row.field == "PPDIADAT":
        some = some[(some["MHEVDTYP"] == "DIAGNOSIS")]
        assert len(some)
    return some[DATE_OF[row.field]]


def all_missing(values: pd.Series) -> None:
    """No value at all, and at least one row that could have one."""
    assert len(values) and values.isna().all(), values.tolist()


def all_equal(values: pd.Series, wanted: object) -> None:
    """Every row has this value, and there is a row."""
    assert len(values) and (values == wanted).fillna(False).all(), values.tolist()
