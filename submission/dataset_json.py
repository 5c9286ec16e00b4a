"""Dataset-JSON 1.1 (CDISC, 2024): the same frames as text, and reading them back."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from crf2csr import io
from crf2csr.specs import read_yaml
from submission.frames import Dataset

SCHEMA = Path(__file__).with_name("dataset_json.schema.yaml")
TYPES = {"text": "string", "integer": "integer", "float": "double", "date": "date"}
ORIGIN = np.datetime64("1960-01-01")


def document(dataset: Dataset, study: str, day: datetime.date) -> dict[str, Any]:
    """Return one data set as a Dataset-JSON document; its time of creation is the cut-off of the data."""
    keys, time = dataset.keys(), f"{day.isoformat()}T00:00:00Z"
    columns = []
    for variable in dataset.variables:
        column: dict[str, Any] = {
            "itemOID": f"IT.{dataset.name}.{variable.name}",
            "name": variable.name,
            "label": variable.label,
            "dataType": TYPES[variable.kind],
        }
        if variable.kind == "text":
            column["length"] = variable.length
        if variable.kind == "date":
            column |= {"targetDataType": "integer", "displayFormat": "DATE9."}
        if variable.name in keys:
            column["keySequence"] = keys[variable.name]
        columns.append(column)
    return {
        "datasetJSONCreationDateTime": time,
        "datasetJSONVersion": "1.1.0",
        "fileOID": f"{study}.{dataset.name}",
        "dbLastModifiedDateTime": time,
        "originator": "crf2csr",
        "studyOID": f"ODM.{study}",
        "metaDataVersionOID": f"MDV.{study}.{dataset.floor.upper()}",
        "metaDataRef": "define.xml",
        "itemGroupOID": f"IG.{dataset.name}",
        "records": len(dataset.frame),
        "name": dataset.name,
        "label": dataset.label,
        "columns": columns,
        "rows": rows(dataset),
    }


def rows(dataset: Dataset) -> list[list[Any]]:
    """Values row by row; ``None`` is missing."""
    columns = []
    for variable in dataset.variables:
        column = dataset.frame[variable.name]
        gone = column.eq("") if variable.kind == "text" else column.isna()
        if variable.kind == "date":
            days = column.fillna(0).to_numpy().astype("timedelta64[D]")
            values = pd.Series(np.datetime_as_string(ORIGIN + days, unit="D"), index=column.index, dtype="object")
        elif variable.kind == "integer":
            values = pd.Series(column.fillna(0).astype("int64").tolist(), index=column.index, dtype="object")
        else:
            values = column.astype("object")
        columns.append(values.mask(gone, None).where(~gone, None).tolist())
    return [list(row) for row in zip(*columns, strict=True)]


def text(made: dict[str, Any]) -> str:
    """The document as text, one record a line."""
    head = {key: value for key, value in made.items() if key != "rows"}
    lines = ",\n".join(json.dumps(row, ensure_ascii=False, allow_nan=False) for row in made["rows"])
    return json.dumps(head, ensure_ascii=False, allow_nan=False)[:-1] + ', "rows": [\n' + lines + "\n]}\n"


def faults(made: dict[str, Any]) -> list[str]:
    """What breaks the schema in the metadata, and the types and lengths in the rows."""
    import jsonschema

    head = made | {"rows": made["rows"][:1]}
    found = [
        f"{'.'.join(map(str, error.absolute_path))}: {error.message}"
        for error in jsonschema.Draft201909Validator(read_yaml(SCHEMA)).iter_errors(head)
    ]
    if found:
        return found
    if made["records"] != len(made["rows"]):
        found.append(f"records: {made['records']} are announced, {len(made['rows'])} there")
    wanted = {"string": str, "integer": int, "double": float, "date": str}
    for column, values in zip(made["columns"], zip(*made["rows"], strict=True), strict=True):
        held = [value for value in values if value is not None]
        if any(type(value) is not wanted[column["dataType"]] for value in held):
            found.append(f"{column['name']}: a value is no {column['dataType']}")
        elif "length" in column and max(map(len, held), default=0) > column["length"]:
            found.append(f"{column['name']}: a value is longer than {column['length']}")
    return found


def read(path: Path) -> pd.DataFrame:
    """Return the submission frame that a document holds."""
    made = io.read_json(path)
    frame = pd.DataFrame(made["rows"], columns=[column["name"] for column in made["columns"]], dtype="object")
    for column in made["columns"]:
        name, kind = column["name"], column["dataType"]
        if kind == "string":
            frame[name] = frame[name].fillna("").astype("object")
        elif kind == "date":
            days = pd.to_datetime(frame[name]).to_numpy().astype("datetime64[D]") - ORIGIN
            frame[name] = pd.Series(days / np.timedelta64(1, "D"), index=frame.index)
        else:
            frame[name] = frame[name].astype("float64")
    return frame
