"""define.xml 2.1 of one floor, built with odmlib from the specifications and measured on the submission frames."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import lxml.etree
import odmlib.arm_1_0.model as arm_model
import odmlib.define_2_1.model as define_model
from odmlib import schema_manager

from crf2csr.errors import Cause
from submission import acrf, origins
from submission.codelists import Codelists
from submission.frames import Dataset, Submission, Variable
from submission.measures import measured
from submission.values import value_list

NAMES = {"sdtm": ("SDTMIG", "sdtmig", "SDTM"), "adam": ("ADaMIG", "adamig", "ADaM")}
SINGLE = "One record per subject"


@dataclass
class Parts:
    """What the data sets of one floor need in one metadata version; ``m`` is odmlib's model."""

    m: ModuleType
    submission: Submission
    floor: str
    codelists: Codelists
    groups: list[Any] = field(default_factory=list)
    items: list[Any] = field(default_factory=list)
    methods: dict[str, Any] = field(default_factory=dict)
    comments: list[Any] = field(default_factory=list)
    value_lists: list[Any] = field(default_factory=list)
    where: dict[str, Any] = field(default_factory=dict)
    pages: acrf.Pages | None = None

    def words(self, text: str) -> Any:
        """A description in English."""
        return self.m.Description(TranslatedText=[self.m.TranslatedText(lang="en", _content=text)])

    def origin(self, found: origins.Origin, dataset: str, variable: str) -> Any:
        """Where values come from; of what the CRF holds, its pages."""
        made = self.m.Origin(Type=found.type)
        if found.source:
            made.Source = found.source
        if found.predecessor:
            made.Description = self.words(found.predecessor)
        pages = acrf.pages_of(self.pages or {}, dataset, variable)
        if pages and found.type == "Collected":
            reference = self.m.PDFPageRef(Type="PhysicalRef", PageRefs=" ".join(map(str, pages)))
            made.DocumentRef = [self.m.DocumentRef(leafID=acrf.LEAF, PDFPageRef=[reference])]
        return made

    def method(self, oid: str, name: str, text: str) -> str:
        """Enter a derivation once and return its OID."""
        if oid not in self.methods:
            made = self.m.MethodDef(OID=oid, Name=name, Type="Computation")
            made.Description = self.words(text)
            self.methods[oid] = made
        return oid


def item_oid(dataset: str, variable: str) -> str:
    """The OID of a variable, the same in define.xml and in Dataset-JSON."""
    return f"IT.{dataset}.{variable}"


def xml(
    submission: Submission,
    floor: str,
    terms: list[dict[str, str]],
    displays: Any = None,
    pages: acrf.Pages | None = None,
) -> bytes:
    """Return define.xml of ``floor``.

    ``displays`` (``arm.displays``) adds the metadata of analysis results, ``pages`` (``acrf.Acrf.pages``) the
    annotated CRF with the pages of each variable that was collected.
    """
    m = arm_model if displays else define_model
    study, day = submission.page["study"], f"{submission.page['study']['cutoff']}T00:00:00"
    parts = Parts(m, submission, floor, Codelists(m, terms), pages=pages)
    for dataset in submission.of(floor):
        _dataset(parts, dataset)
    oid, (guide, key, name) = f"MDV.{study['id']}.{floor.upper()}", NAMES[floor]
    standards, published = submission.page["standards"], name.upper() if floor == "sdtm" else name
    version = m.MetaDataVersion(OID=oid, Name=f"{study['id']}, {name}", DefineVersion="2.1.0")
    version.Description = f"{study['title']}. {study['notice']}".strip()
    ig = m.Standard(OID="STD.IG", Name=guide, Type="IG", Version=str(standards[key]), Status="Final")
    ct = m.Standard(
        OID="STD.CT", Name="CDISC/NCI", Type="CT", PublishingSet=published, Version=str(standards["ct"]), Status="Final"
    )
    version.Standards = m.Standards(Standard=[ig, ct])
    if pages is not None:
        version.AnnotatedCRF = m.AnnotatedCRF(DocumentRef=m.DocumentRef(leafID=acrf.LEAF))
        title = m.title(_content="Annotated case report form")
        version.leaf = [m.leaf(ID=acrf.LEAF, href=acrf.FILE, title=title)]
    shown = displays(parts) if displays else None
    if parts.value_lists:
        version.ValueListDef = parts.value_lists
    if parts.where:
        version.WhereClauseDef = list(parts.where.values())
    version.ItemGroupDef, version.ItemDef = parts.groups, parts.items
    if parts.codelists.made:
        version.CodeList = list(parts.codelists.made.values())
    version.MethodDef = list(parts.methods.values())
    if parts.comments:
        version.CommentDef = parts.comments
    if shown:
        version.AnalysisResultDisplays = shown
    names = m.GlobalVariables(
        StudyName=m.StudyName(_content=study["id"]),
        StudyDescription=m.StudyDescription(_content=study["title"]),
        ProtocolName=m.ProtocolName(_content=study["id"]),
    )
    root = m.ODM(
        FileType="Snapshot",
        FileOID=f"{study['id']}.define.{floor}",
        CreationDateTime=day,
        AsOfDateTime=day,
        ODMVersion="1.3.2",
        Originator="crf2csr",
        Context="Submission",
        Study=m.Study(OID=f"ODM.{study['id']}", GlobalVariables=names, MetaDataVersion=version),
    )
    tree = lxml.etree.fromstring(root.to_xml_string(xml_declaration=True).encode())
    lxml.etree.indent(tree)
    return lxml.etree.tostring(tree, xml_declaration=True, encoding="UTF-8") + b"\n"


def _dataset(parts: Parts, dataset: Dataset) -> None:
    m, keys = parts.m, dataset.keys()
    reference = "USUBJID" not in dataset.frame and "RDEVID" not in dataset.frame
    group = m.ItemGroupDef(
        OID=f"IG.{dataset.name}",
        Name=dataset.name,
        Repeating="No"
        if dataset.spec["structure"].startswith(SINGLE) and set(keys) <= {"STUDYID", "USUBJID"}
        else "Yes",
        IsReferenceData="Yes" if reference else "No",
        SASDatasetName=dataset.name,
        Purpose="Tabulation" if dataset.floor == "sdtm" else "Analysis",
        Structure=dataset.spec["structure"],
        ArchiveLocationID=f"LF.{dataset.name}",
        StandardOID="STD.IG",
    )
    if dataset.floor == "sdtm":
        group.Domain = dataset.name
    group.Description = parts.words(dataset.label)
    for number, variable in enumerate(dataset.variables, 1):
        oid, key = item_oid(dataset.name, variable.name), keys.get(variable.name)
        reference_to = m.ItemRef(ItemOID=oid, OrderNumber=number, Mandatory="Yes" if key else "No")
        if key:
            reference_to.KeySequence = key
        origin = origins.of(parts.submission, dataset, variable)
        if origin.method:
            name = f"{dataset.name}.{variable.name}"
            reference_to.MethodOID = parts.method(f"MT.{name}", f"Derivation of {name}", origin.method)
        group.ItemRef.append(reference_to)
        parts.items.append(_item(parts, dataset, variable, oid, origin))
    group.Class = m.Class(Name=dataset.spec["class"])
    file = f"{dataset.stem}.xpt"
    group.leaf = m.leaf(ID=f"LF.{dataset.name}", href=file, title=m.title(_content=file))
    parts.groups.append(group)


def _item(parts: Parts, dataset: Dataset, variable: Variable, oid: str, origin: origins.Origin) -> Any:
    m, column = parts.m, dataset.frame[variable.name]
    item = m.ItemDef(OID=oid, Name=variable.name, SASFieldName=variable.name, **measured(variable, column))
    if variable.kind == "date":
        item.DisplayFormat = "DATE9."
    comment = _comment(parts, dataset, variable, origin)
    if comment:
        item.CommentOID = comment
    item.Description = parts.words(variable.label)
    codelist = parts.codelists.of(dataset, variable)
    if codelist:
        item.CodeListRef = m.CodeListRef(CodeListOID=codelist)
    item.Origin = [parts.origin(origin, dataset.name, variable.name)]
    values = value_list(parts, dataset, variable)
    if values:
        item.ValueListRef = m.ValueListRef(ValueListOID=values)
    return item


def _comment(parts: Parts, dataset: Dataset, variable: Variable, origin: origins.Origin) -> str | None:
    """What a reader should know beside the derivation: the specification's words, and how cells were changed."""
    changed = parts.submission.changed.get((dataset.name, variable.name), {})
    told = [] if origin.method else [variable.about.get("text", "")]
    told += [f"{n} of {len(dataset.frame)} values {kind} (transformations.csv)" for kind, n in changed.items()]
    text = ". ".join(part for part in told if part)
    if not text:
        return None
    oid = f"COM.{dataset.name}.{variable.name}"
    made = parts.m.CommentDef(OID=oid)
    made.Description = parts.words(text)
    parts.comments.append(made)
    return oid


def faults(made: bytes) -> list[str]:
    """What breaks the published schema (with that of analysis results), and references that lead nowhere."""
    tree = lxml.etree.fromstring(made)
    arm = "arm" in tree.nsmap
    path = schema_manager.get_schema_path(*(("arm", "1.0-define2.1") if arm else ("define", "2.1")))
    schema = lxml.etree.XMLSchema(lxml.etree.parse(str(Path(path))))
    schema.validate(tree)
    found = [f"line {error.line}: {error.message}" for error in schema.error_log]
    ids: list[str] = [e.get("OID") or e.get("ID") for e in tree.iter("{*}*") if e.get("OID") or e.get("ID")]
    found += [f"the OID {oid} stands twice" for oid in sorted({oid for oid in ids if ids.count(oid) > 1})]
    used = set()
    for element in tree.iter("{*}*"):
        for name, value in element.attrib.items():
            local = lxml.etree.QName(name).localname
            if (local.endswith("OID") and local not in ("OID", "FileOID")) or local in ("ArchiveLocationID", "leafID"):
                used.add(value)
                if value not in ids:
                    found.append(f"{lxml.etree.QName(element).localname} names {value}, which is not defined")
    kinds = ("ItemDef", "CodeList", "MethodDef", "CommentDef", "WhereClauseDef", "ValueListDef")
    for kind in kinds:
        found += [
            f"{e.get('OID')} is defined and never used" for e in tree.iter(f"{{*}}{kind}") if e.get("OID") not in used
        ]
    return found


def checked(made: bytes, file: str) -> bytes:
    """Hand on define.xml, or raise every fault."""
    found = faults(made)
    if found:
        raise Cause(f"breaks Define-XML 2.1 in {len(found)} places, first: {found[0]}", file=file)
    return made
