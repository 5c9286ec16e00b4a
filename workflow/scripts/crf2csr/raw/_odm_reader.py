"""A CDISC ODM 1.3 document read as a stream: every transaction is applied in the order of the document.

Elements of other namespaces are passed over.
Source: CDISC Operational Data Model 1.3.2, section 2 (keys and transactions).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crf2csr.errors import Cause
from crf2csr.raw import _xml
from crf2csr.raw._odm import GONE, KEYS, LEVELS, TRANSACTIONS, UNIT, VENDOR, Element, Reading, leaves
from crf2csr.raw._staged import Told

# Where an element of each level may stand.
PARENTS = {1: ("ClinicalData",), 2: ("SubjectData",), 3: ("StudyEventData", "SubjectData"), 4: ("FormData",)}


@dataclass
class Place:
    """The element that is open at one level, and the transaction that governs it."""

    element: Element
    transaction: str
    live: bool


def read(content: bytes, encoding: str, file: str) -> Reading:
    """Read a document; the result does not depend on what of it is asked for."""
    reader = Reader(file)
    _xml.parse(content, encoding, file, reader.start, reader.end)
    return reader.reading


class Reader:
    """Follows the stream of elements and keeps the state of the data."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.reading = Reading()
        self.path: list[str] = []
        self.snapshot = True
        self.places: dict[int, Place] = {}
        self.item: dict[str, Any] = {}
        self.words: dict[str, str] = {}
        self.local: dict[str, str] = {}
        self.audit = ""

    # -- the stream ---------------------------------------------------------------------------------------------

    def start(self, name: str, attributes: dict[str, str], line: int) -> None:
        """An element opens."""
        local = self._local(name)
        if not self.path:
            self._root(name, local, attributes, line)
        self.path.append(local)
        if local in LEVELS:
            if "ClinicalData" in self.path:
                self._open(local, attributes, line)
        elif local.startswith("ItemData"):
            if "ClinicalData" in self.path:
                if self.path[-2] != "ItemGroupData" or 4 not in self.places:
                    raise Cause(f"{local} stands outside an item group", file=self.file, line=line)
                self.item = {"line": line, "attributes": attributes, "kind": local}
        elif local == "ClinicalData":
            if self.path != ["ODM", local]:
                raise Cause("ClinicalData stands inside another element", file=self.file, line=line)
            key = (attributes.get("StudyOID", ""), "")
            study = self.reading.data.inside.setdefault(key, Element(line, key))
            self.places = {0: Place(study, "", True)}
        elif local == "MeasurementUnitRef":
            if self.item:
                self.item["unit"] = attributes.get("MeasurementUnitOID", "")
        elif local == "SiteRef":
            if self.path[-2] == "SubjectData" and 1 in self.places:
                self._say(self.places[1].element, {"SITEID": attributes.get("LocationOID", "")})
        elif local == "AuditRecord":
            self.audit = attributes.get("ID", "")
        elif local == "vendor AuditLog":
            self._stamp(attributes.get("DateTimeStamp", ""))
        elif not self.places:
            self.reading.define(local, self.path[-2] if len(self.path) > 1 else "", attributes)

    def end(self, name: str, text: str) -> None:
        """An element closes; ``text`` stood in it."""
        local = self.path.pop()
        if local.startswith("ItemData"):
            if self.item:
                self._close_item(text)
        elif local in LEVELS:
            if LEVELS[local] in self.places:
                self._close(LEVELS[local])
        elif local == "DateTimeStamp":
            if self.path and self.path[-1] == "AuditRecord":
                self._stamp(text.strip())
        elif local == "Comment":
            self._comment(text)
        elif local == "TranslatedText" and self.path[-2:] == ["MeasurementUnit", "Symbol"]:
            self.reading.symbol(text.strip())
        elif local == "ClinicalData":
            self.places = {}

    def _local(self, name: str) -> str:
        """The name of an element of ODM; those of other namespaces are marked, so that none is taken for ODM's."""
        if name not in self.local:
            space, _, local = name.rpartition(" ")
            self.local[name] = local if not space or "cdisc.org/ns/odm" in space else f"vendor {local}"
        return self.local[name]

    def _root(self, name: str, local: str, attributes: dict[str, str], line: int) -> None:
        version = attributes.get("ODMVersion", "1.3")
        if local != "ODM" or not version.startswith("1."):
            raise Cause("is not an ODM 1.x document", file=self.file, line=line, value=f"{_xml.bare(name)} {version}")
        kind = attributes.get("FileType", "Snapshot")
        if kind not in ("Snapshot", "Transactional"):
            rule = "is neither Snapshot nor Transactional"
            raise Cause(rule, file=self.file, line=line, field="FileType", value=kind)
        self.snapshot = kind == "Snapshot"

    # -- data ---------------------------------------------------------------------------------------------------

    def _transaction(self, attributes: dict[str, str], inherited: str, line: int) -> tuple[str, bool]:
        """The transaction of an element and whether it is its own word."""
        own = attributes.get("TransactionType")
        if own is not None and own not in TRANSACTIONS:
            raise Cause("is no transaction", file=self.file, line=line, field="TransactionType", value=own)
        return (own, True) if own else (inherited, False)

    def _open(self, local: str, attributes: dict[str, str], line: int) -> None:
        """Enter a subject, event, form or item group: apply its transaction."""
        level = LEVELS[local]
        if self.path[-2] not in PARENTS[level]:
            raise Cause(f"{local} stands in {self.path[-2]}", file=self.file, line=line)
        if self.path[-2] == "SubjectData" and level == 3:
            self.places[2] = self._no_event(line)
        above = self.places[level - 1]
        oid, repeat = KEYS[local]
        key = (attributes.get(oid, ""), attributes.get(repeat, "1") if repeat else "")
        # Some exports leave the identifier of an item group blank; what counts there are the items.
        if not key[0] and level < 4:
            raise Cause("the identifier is missing", file=self.file, line=line, field=oid)
        transaction, own = self._transaction(attributes, above.transaction, line)
        known = above.element.inside
        found = known.get(key)
        if above.live:
            self._check(transaction, own, found, key, line, level)
        elif own and above.transaction == "Remove" and transaction != "Remove" and not self.snapshot:
            raise Cause(f"a transaction ({transaction}) inside what is removed", file=self.file, line=line, field=oid)
        if transaction == "Remove" or not above.live or self._gone(attributes):
            self._take_out(known, key, level, transaction, line)
            return
        element = found or Element(line, key)
        known[key] = element
        self._say(element, self._about(local, attributes))
        if "AuditRecordID" in attributes:
            element.audits += (attributes["AuditRecordID"],)
        self.places[level] = Place(element, transaction, True)

    def _take_out(
        self, known: dict[tuple[str, str], Element], key: tuple[str, str], level: int, transaction: str, line: int
    ) -> None:
        """Enter an element that is no longer part of the data; what was there before is set aside."""
        self.places[level] = Place(Element(line, key), transaction, False)
        if transaction == "Remove" and (removed := known.pop(key, None)):
            form = key[0] if level == 3 else self.places[3].element.key[0] if level == 4 else ""
            for name, leaf in leaves(removed, level, form):
                self._set_aside(leaf, "A transaction took the record out.", name)

    @staticmethod
    def _say(element: Element, about: dict[str, str]) -> None:
        if about:
            element.about = (element.about or {}) | about

    def _no_event(self, line: int) -> Place:
        """The place of forms that belong to no event."""
        subject = self.places[1]
        key = ("", "1")
        event = subject.element.inside.setdefault(key, Element(line, key))
        return Place(event, subject.transaction, subject.live)

    def _check(
        self, transaction: str, own: bool, found: Element | None, key: tuple[str, str], line: int, level: int
    ) -> None:
        """Refuse an Insert of what is there, and an Update or Remove of what is not."""
        name = " ".join(part for part in key if part)
        if self.snapshot:
            return
        if not transaction and level == 4:
            rule = "a transactional document must say the transaction of its data"
            raise Cause(rule, file=self.file, line=line, field="TransactionType", value=name)
        if transaction == "Insert" and found is not None and (own or level == 4):
            raise Cause("inserts what is there already", file=self.file, line=line, value=name)
        if own and transaction in ("Update", "Remove") and found is None:
            raise Cause(f"a transaction ({transaction}) for what is not there", file=self.file, line=line, value=name)

    @staticmethod
    def _gone(attributes: dict[str, str]) -> bool:
        return any(value.lower() in GONE.get(_xml.bare(name), ()) for name, value in attributes.items() if " " in name)

    @staticmethod
    def _about(local: str, attributes: dict[str, str]) -> dict[str, str]:
        """What a vendor's attributes say of an element, under the names of the contract's keys."""
        keys = VENDOR.get(local, {})
        vendor = {_xml.bare(name): value for name, value in attributes.items() if " " in name and value}
        return {keys[name]: value for name, value in vendor.items() if name in keys}

    def _close(self, level: int) -> None:
        place = self.places.pop(level)
        for deeper in range(level + 1, 5):
            self.places.pop(deeper, None)
        if level == 4 and not place.live and place.element.inside and place.transaction != "Remove":
            form = self.places[3].element.key[0]
            self._set_aside(place.element, "The export says that the record was removed.", form)

    def _close_item(self, text: str) -> None:
        """One item is complete: apply it to the open item group."""
        item, self.item = self.item, {}
        place, attributes, line = self.places[4], item["attributes"], item["line"]
        oid = attributes.get("ItemOID", "")
        if not oid:
            raise Cause("the identifier is missing", file=self.file, line=line, field="ItemOID")
        value, null = self._value(item, text), attributes.get("IsNull") == "Yes"
        document = next((v for n, v in attributes.items() if n.endswith(" DocName")), "")
        if document and item["kind"].endswith("Binary") and place.live:
            self._tell(Told(line, "R-FILE", oid, document, "A file stands in the export; its name is staged."))
            value = document
        if null and value:
            raise Cause("is null and has a value", file=self.file, line=line, field=oid, value=value)
        transaction, own = self._transaction(attributes, place.transaction, line)
        cells = place.element.inside
        if self.snapshot and oid in cells:
            raise Cause("this item stands twice in its group", file=self.file, line=line, field=oid, value=value)
        if place.live and own and not self.snapshot:
            self._check_item(transaction, oid in cells, oid, line)
        if transaction == "Context" and place.live:
            self._compare(cells, oid, value, line)
            return
        if transaction == "Remove" and place.live:
            for name in (oid, oid + UNIT):
                cells.pop(name, None)
            return
        cells[self._word(oid)] = self._word(value)
        if "unit" in item:
            cells[self._word(oid + UNIT)] = item["unit"]
        if "AuditRecordID" in attributes:
            place.element.audits += (attributes["AuditRecordID"],)
        reason = "; ".join(v for name, v in attributes.items() if null and " " in name)
        if reason and place.live:
            self._tell(Told(line, "R-NULL", oid, reason, "The item is null in the export."))

    def _check_item(self, transaction: str, there: bool, oid: str, line: int) -> None:
        if transaction == "Insert" and there:
            raise Cause("inserts what is there already", file=self.file, line=line, field=oid)
        if transaction in ("Update", "Remove") and not there:
            raise Cause(f"a transaction ({transaction}) for what is not there", file=self.file, line=line, field=oid)

    def _compare(self, cells: dict[str, str], oid: str, value: str, line: int) -> None:
        """What is sent for context changes nothing; where it contradicts the data, somebody must look."""
        if cells.get(oid, value) != value:
            message = "The value sent for context differs from the data; the data stand."
            self._tell(Told(line, "R-CONTEXT", oid, value, message, "major"))

    @staticmethod
    def _value(item: dict[str, Any], text: str) -> str:
        if item["kind"] == "ItemData":
            return str(item["attributes"].get("Value", ""))
        # Space around a number or a date belongs to the document and not to the value.
        return text if item["kind"] in ("ItemDataString", "ItemDataAny") else text.strip()

    def _word(self, text: str) -> str:
        """Short texts come again and again: each is kept once."""
        return self.words.setdefault(text, text) if len(text) <= 24 else text

    def _stamp(self, time: str) -> None:
        """Note when the innermost form or item group was changed."""
        if self.audit and (not self.places or "AuditRecords" in self.path):
            self.reading.stamps[self.audit] = time
            return
        place = self.places.get(4) or self.places.get(3)
        if place:
            place.element.stamp = max(place.element.stamp, time)

    def _comment(self, text: str) -> None:
        if self.places and text.strip():
            oid = self.item["attributes"].get("ItemOID", "*") if self.item else "*"
            place = self.places[max(self.places)]
            line = self.item["line"] if self.item else place.element.line
            self._tell(Told(line, "R-COMMENT", oid, text.strip(), "A comment stands in the export; it is not staged."))

    def _set_aside(self, group: Element, message: str, form: str) -> None:
        value = "; ".join(f"{name}={cell}" for name, cell in group.inside.items() if cell)
        self.reading.told.append((form, Told(group.line, "R-REMOVED", "*", value, message)))

    def _tell(self, told: Told) -> None:
        form = self.places[3].element.key[0] if 3 in self.places else ""
        self.reading.told.append((form, told))
