"""What a CDISC ODM 1.3 document says: its metadata, and the tree of its data.

Of a vendor's attributes only those of the tables below are used.
Source: CDISC Operational Data Model 1.3.2, section 2 (keys and transactions) and section 3 (elements).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from crf2csr.raw import _xml
from crf2csr.raw._staged import Told

# Where a vendor keeps what ODM has no attribute for (names without namespace).
VENDOR = {
    "SubjectData": {"StudySubjectID": "SUBJID", "SubjectName": "SUBJID", "RecordIdField": "RecordIdField"},
    "StudyEventData": {"UniqueEventName": "EVENT"},
    "FormData": {"Status": "FORMSTAT"},
    "ItemGroupData": {"Status": "FORMSTAT"},
}
# A vendor's word that an element is no longer part of the data.
GONE = {
    "Removed": {"yes", "true"},
    "Deleted": {"yes", "true"},
    "IsActive": {"no", "false"},
    "Status": {"removed", "auto-removed", "invalid", "deleted"},
}
TRANSACTIONS = ("Insert", "Update", "Remove", "Upsert", "Context")
LEVELS = {"SubjectData": 1, "StudyEventData": 2, "FormData": 3, "ItemGroupData": 4}
KEYS = {
    "SubjectData": ("SubjectKey", ""),
    "StudyEventData": ("StudyEventOID", "StudyEventRepeatKey"),
    "FormData": ("FormOID", "FormRepeatKey"),
    "ItemGroupData": ("ItemGroupOID", "ItemGroupRepeatKey"),
}
# Marks the unit of an item among the cells of its group: a character that no XML document can hold.
UNIT = "\x00"


@dataclass(slots=True)
class Element:
    """One element of the data: its line, its key (identifier, repeat), and what is said of it.

    ``inside`` holds the children by key, and of an item group the cells: item -> text as exported.
    """

    line: int
    key: tuple[str, str]
    inside: dict[Any, Any] = field(default_factory=dict)
    about: dict[str, str] | None = None
    stamp: str = ""
    audits: tuple[str, ...] = ()


@dataclass
class Reading:
    """What a document says.

    Attributes
    ----------
    forms, groups : dict
        Form -> its item groups, item group -> its items, in the order of the metadata.
    items : dict
        Item -> ``Name``, ``SASFieldName``, ``FieldType`` as far as given.
    units : dict
        Measurement unit -> its symbol.
    data : Element
        The tree of studies and subjects.
    stamps : dict
        Audit record -> its time.
    told : list of (form, Told)
        What was set aside, by form ("" where it belongs to none).
    """

    forms: dict[str, list[str]] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)
    items: dict[str, dict[str, str]] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    data: Element = field(default_factory=lambda: Element(1, ("", "")))
    stamps: dict[str, str] = field(default_factory=dict)
    told: list[tuple[str, Told]] = field(default_factory=list)
    _open: dict[str, str] = field(default_factory=dict)

    def define(self, local: str, parent: str, attributes: dict[str, str]) -> None:
        """Take up one element of the metadata."""
        oid = attributes.get("OID", "")
        if local in ("MeasurementUnit", "FormDef", "ItemGroupDef"):
            self._open[local] = oid
        if local == "MeasurementUnit":
            self.units.setdefault(oid, attributes.get("Name", oid))
        elif local == "FormDef":
            self.forms.setdefault(oid, [])
        elif local == "ItemGroupDef":
            self.groups.setdefault(oid, [])
        elif local == "ItemDef":
            self.items.setdefault(oid, {_xml.bare(name): value for name, value in attributes.items()})
        elif local == "ItemGroupRef" and parent == "FormDef":
            self._refer(self.forms[self._open[parent]], attributes.get("ItemGroupOID", ""))
        elif local == "ItemRef" and parent == "ItemGroupDef":
            self._refer(self.groups[self._open[parent]], attributes.get("ItemOID", ""))

    def symbol(self, text: str) -> None:
        """Take up the symbol of the measurement unit that is open."""
        if (oid := self._open.get("MeasurementUnit")) is not None and text:
            self.units[oid] = text

    @staticmethod
    def _refer(known: list[str], oid: str) -> None:
        if oid not in known:
            known.append(oid)


def leaves(element: Element, level: int, form: str) -> list[tuple[str, Element]]:
    """The item groups below an element (itself if it is one), each with its form."""
    if level == 4:
        return [(form, element)]
    below = element.inside.values()
    return [leaf for child in below for leaf in leaves(child, level + 1, child.key[0] if level == 2 else form)]
