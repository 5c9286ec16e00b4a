"""Code lists of define.xml: published terms with their codes, the sponsor's own terms, parameters with their names."""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType
from typing import Any

from submission.frames import Dataset, Variable

# A list of so many terms is given whole; of a longer one the terms that occur.
SHORT = 20


class Codelists:
    """Makes each list once. ``terms``: rows of the published terminology (LIST, LISTCODE, TERM, CODE)."""

    def __init__(self, m: ModuleType, terms: list[dict[str, str]]) -> None:
        self.m = m
        self.made: dict[str, Any] = {}
        self.lists: dict[str, dict[str, str]] = {}
        self.codes: dict[str, str] = {}
        for row in terms:
            self.lists.setdefault(row["LIST"], {})[row["TERM"]] = row["CODE"]
            self.codes[row["LIST"]] = row["LISTCODE"]

    def of(self, dataset: Dataset, variable: Variable) -> str | None:
        """OID of the list that binds a variable, or None."""
        about, column = variable.about, dataset.frame[variable.name]
        if variable.kind != "text":
            return None
        held = set(column[column != ""])
        if "codelist" in about:
            named = about["codelist"] if isinstance(about["codelist"], list) else [about["codelist"]]
            return self._bound(dataset, variable, named, about.get("sponsor", []), held)
        if dataset.floor == "adam" and variable.name == "PARAMCD" and "PARAM" in dataset.frame:
            return self._parameters(dataset)
        if dataset.floor == "adam" and variable.name.endswith("FL") and held and held <= {"Y", "N"}:
            return self._bound(dataset, variable, ["NY"], [], held, only=("N", "Y"))
        return None

    def _bound(
        self,
        dataset: Dataset,
        variable: Variable,
        named: list[str],
        sponsor: Any,
        held: set[str],
        only: Iterable[str] = (),
    ) -> str | None:
        published = {term: code for name in named for term, code in self.lists.get(name, {}).items()}
        own = [t for listed in sponsor.values() for t in listed] if isinstance(sponsor, dict) else list(sponsor)
        wanted = set(only) or (set(published) if len(published) <= SHORT else held & set(published))
        shared = len(named) == 1 and not own and len(published) <= SHORT
        oid = f"CL.{named[0]}{'.FLAG' if only else ''}" if shared else f"CL.{dataset.name}.{variable.name}"
        if oid in self.made:
            return oid
        items = []
        for term in sorted(wanted | set(own)):
            item = self.m.EnumeratedItem(CodedValue=term)
            if term in published:
                item.Alias = [self.m.Alias(Context="nci:ExtCodeID", Name=published[term])]
            else:
                item.ExtendedValue = "Yes"
            items.append(item)
        title = ", ".join(named) + (f" ({dataset.name}.{variable.name})" if not shared else "")
        if not items:  # a long list of which no term occurs
            return None
        made = self.m.CodeList(OID=oid, Name=title, DataType="text", StandardOID="STD.CT")
        made.EnumeratedItem = items
        if len(named) == 1:
            made.Alias = [self.m.Alias(Context="nci:ExtCodeID", Name=self.codes[named[0]])]
        self.made[oid] = made
        return oid

    def _parameters(self, dataset: Dataset) -> str:
        """PARAMCD with PARAM as its decode."""
        oid = f"CL.{dataset.name}.PARAMCD"
        made = self.m.CodeList(OID=oid, Name=f"Parameters of {dataset.name}", DataType="text", IsNonStandard="Yes")
        pairs = dataset.frame[["PARAMCD", "PARAM"]].drop_duplicates("PARAMCD").sort_values("PARAMCD")
        made.CodeListItem = [
            self.m.CodeListItem(
                CodedValue=code,
                Decode=self.m.Decode(TranslatedText=[self.m.TranslatedText(lang="en", _content=name or code)]),
            )
            for code, name in pairs.itertuples(index=False)
        ]
        self.made[oid] = made
        return oid
