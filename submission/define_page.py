"""define.html: define.xml for the eye, read from the document itself, since browsers apply no XSLT from disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
import lxml.etree

HERE = Path(__file__).parent
ODM, DEF, ARM = (
    "{http://www.cdisc.org/ns/odm/v1.3}",
    "{http://www.cdisc.org/ns/def/v2.1}",
    "{http://www.cdisc.org/ns/arm/v1.0}",
)
XLINK = "{http://www.w3.org/1999/xlink}"


def render(made: bytes) -> str:
    """The page of one define.xml."""
    version = lxml.etree.fromstring(made).find(f"{ODM}Study/{ODM}MetaDataVersion")
    page = Page(version)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    return environment.get_template("define.html.j2").render(
        name=version.get("Name"),
        crf=page.crf(version),
        description=version.get("Description"),
        version=version.get(f"{DEF}DefineVersion"),
        standards=[f"{s.get('Name')} {s.get('Version')}" for s in version.iter(f"{DEF}Standard")],
        groups=[page.group(e) for e in version.iter(f"{ODM}ItemGroupDef")],
        displays=[page.display(e) for e in version.iter(f"{ARM}ResultDisplay")],
        lists=[page.values(e) for e in version.iter(f"{DEF}ValueListDef")],
        codelists=[page.codelist(e) for e in version.iter(f"{ODM}CodeList")],
        methods=[{"oid": e.get("OID"), "text": words(e)} for e in version.iter(f"{ODM}MethodDef")],
        comments=[{"oid": e.get("OID"), "text": words(e)} for e in version.iter(f"{DEF}CommentDef")],
        names={e.get("OID"): e.get("Name") for e in version.iter(f"{ODM}CodeList")},
        documents=[page.document(e.get("leafID")) for e in version.findall(f"{DEF}SupplementalDoc/{DEF}DocumentRef")],
    )


def words(element: Any) -> str:
    """The description of an element."""
    return element.findtext(f"{ODM}Description/{ODM}TranslatedText") or ""


class Page:
    """Looks up what the elements of one metadata version refer to."""

    def __init__(self, version: Any) -> None:
        self.by_oid = {e.get("OID"): e for e in version.iter("{*}*") if e.get("OID")}
        self.leaves = {e.get("ID"): e for e in version.iter(f"{DEF}leaf")}
        self.holder = {e.get("ValueListOID"): e.getparent() for e in version.iter(f"{DEF}ValueListRef")}

    def crf(self, version: Any) -> dict[str, str] | None:
        """The annotated CRF, where there is one."""
        named = version.find(f"{DEF}AnnotatedCRF/{DEF}DocumentRef")
        if named is None:
            return None
        return self.document(named.get("leafID"))

    def group(self, element: Any) -> dict[str, Any]:
        """One data set with its variables."""
        references = element.findall(f"{ODM}ItemRef")
        keyed = sorted((r for r in references if r.get("KeySequence")), key=lambda r: int(r.get("KeySequence")))
        return {
            "oid": element.get("OID"),
            "name": element.get("Name"),
            "label": words(element),
            "cls": element.find(f"{DEF}Class").get("Name"),
            "structure": element.get(f"{DEF}Structure"),
            "key": [self.by_oid[r.get("ItemOID")].get("Name") for r in keyed],
            "file": element.find(f"{DEF}leaf").get(f"{XLINK}href"),
            "variables": [self.variable(r) for r in references],
        }

    def variable(self, reference: Any) -> dict[str, Any]:
        """One variable or value."""
        item = self.by_oid[reference.get("ItemOID")]
        origin = item.find(f"{DEF}Origin")
        codelist, values = item.find(f"{ODM}CodeListRef"), item.find(f"{DEF}ValueListRef")
        length = item.get("Length") or ""
        if item.get("SignificantDigits"):
            length += f", {item.get('SignificantDigits')} decimals"
        clause = reference.find(f"{DEF}WhereClauseRef")
        return {
            "oid": item.get("OID"),
            "name": item.get("Name"),
            "label": words(item),
            "type": item.get("DataType"),
            "length": length,
            "codelist": codelist.get("CodeListOID") if codelist is not None else None,
            "by_value": values.get("ValueListOID") if values is not None else None,
            "origin": " by ".join(filter(None, [origin.get("Type"), origin.get("Source")])),
            "from": words(origin),
            "pages": self.pages(origin),
            "method": self.text(reference.get("MethodOID")),
            "comment": self.text(item.get(f"{DEF}CommentOID")),
            "where": self.clause(clause.get("WhereClauseOID")) if clause is not None else "",
        }

    def document(self, leaf: str) -> dict[str, str]:
        """Address and title of a document."""
        found = self.leaves[leaf]
        return {"href": found.get(f"{XLINK}href"), "title": found.findtext(f"{DEF}title")}

    def pages(self, origin: Any) -> list[tuple[str, str]]:
        """Pages of the annotated CRF, each with its address."""
        return [
            (page, f"{self.leaves[document.get('leafID')].get(f'{XLINK}href')}#page={page}")
            for document in origin.findall(f"{DEF}DocumentRef")
            for page in document.find(f"{DEF}PDFPageRef").get("PageRefs").split()
        ]

    def text(self, oid: str | None) -> str:
        """Words of a method or comment, or nothing."""
        return words(self.by_oid[oid]) if oid else ""

    def clause(self, oid: str) -> str:
        """A where clause as a sentence."""
        told = []
        for check in self.by_oid[oid].findall(f"{ODM}RangeCheck"):
            name = self.by_oid[check.get(f"{DEF}ItemOID")].get("Name")
            held = [value.text or "" for value in check.findall(f"{ODM}CheckValue")]
            told.append(f"{name} = {held[0]}" if check.get("Comparator") == "EQ" else f"{name} in ({', '.join(held)})")
        return " and ".join(told)

    def values(self, element: Any) -> dict[str, Any]:
        """A value list under the name of its variable."""
        oid = element.get("OID")
        name = self.holder[oid].get("OID").removeprefix("IT.")
        return {"oid": oid, "name": name, "variables": [self.variable(r) for r in element.findall(f"{ODM}ItemRef")]}

    def codelist(self, element: Any) -> dict[str, Any]:
        """A code list with terms, codes and decodes."""
        terms = []
        for item in element.findall(f"{ODM}EnumeratedItem") + element.findall(f"{ODM}CodeListItem"):
            alias = item.find(f"{ODM}Alias")
            decode = item.findtext(f"{ODM}Decode/{ODM}TranslatedText")
            code = alias.get("Name") if alias is not None else None
            terms.append({"term": item.get("CodedValue"), "code": code, "decode": decode})
        own = element.find(f"{ODM}Alias")
        decoded = element.find(f"{ODM}CodeListItem") is not None
        code = own.get("Name") if own is not None else None
        return {
            "oid": element.get("OID"),
            "name": element.get("Name"),
            "code": code,
            "decoded": decoded,
            "terms": terms,
        }

    def display(self, element: Any) -> dict[str, Any]:
        """A display of results."""
        results = [self.result(e) for e in element.findall(f"{ARM}AnalysisResult")]
        named = [self.document(e.get("leafID")) for e in element.findall(f"{DEF}DocumentRef")]
        about = {"oid": element.get("OID"), "name": element.get("Name"), "title": words(element)}
        return about | {"results": results, "documents": named}

    def result(self, element: Any) -> dict[str, Any]:
        """One analysis of a display."""
        data = []
        for one in element.iter(f"{ARM}AnalysisDataset"):
            clause = one.find(f"{DEF}WhereClauseRef")
            used = [self.by_oid[v.get("ItemOID")].get("Name") for v in one.findall(f"{ARM}AnalysisVariable")]
            where = self.clause(clause.get("WhereClauseOID")) if clause is not None else ""
            group = one.get("ItemGroupOID")
            name = self.by_oid[group].get("Name")
            data.append({"group": group, "name": name, "where": where, "variables": used})
        return {
            "label": words(element),
            "purpose": element.get("AnalysisPurpose").capitalize(),
            "reason": element.get("AnalysisReason").lower().replace("sap", "SAP"),
            "data": data,
            "documentation": words(element.find(f"{ARM}Documentation")),
            "code": element.findtext(f"{ARM}ProgrammingCode/{ARM}Code"),
        }
