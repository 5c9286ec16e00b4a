"""Write SAS data sets and catalogues of formats by the C library inside pyreadstat, whose Python side does not."""

from __future__ import annotations

import ctypes
from pathlib import Path

import pyreadstat

STRING, DOUBLE = 0, 5
TEXT, HANDLE, NUMBER = ctypes.c_char_p, ctypes.c_void_p, ctypes.c_double
WRITER = ctypes.CFUNCTYPE(ctypes.c_ssize_t, HANDLE, ctypes.c_size_t, HANDLE)
SIGNATURES = {
    "readstat_writer_init": [],
    "readstat_writer_free": [HANDLE],
    "readstat_set_data_writer": [HANDLE, WRITER],
    "readstat_add_variable": [HANDLE, TEXT, ctypes.c_int, ctypes.c_size_t],
    "readstat_variable_set_format": [HANDLE, TEXT],
    "readstat_begin_writing_sas7bdat": [HANDLE, HANDLE, ctypes.c_long],
    "readstat_begin_writing_sas7bcat": [HANDLE, HANDLE],
    "readstat_begin_row": [HANDLE],
    "readstat_end_row": [HANDLE],
    "readstat_end_writing": [HANDLE],
    "readstat_insert_string_value": [HANDLE, HANDLE, TEXT],
    "readstat_insert_double_value": [HANDLE, HANDLE, NUMBER],
    "readstat_insert_missing_value": [HANDLE, HANDLE],
    "readstat_insert_tagged_missing_value": [HANDLE, HANDLE, ctypes.c_char],
    "readstat_add_label_set": [HANDLE, ctypes.c_int, TEXT],
    "readstat_label_double_value": [HANDLE, NUMBER, TEXT],
    "readstat_label_string_value": [HANDLE, TEXT, TEXT],
}
HANDLES = {"readstat_writer_init", "readstat_add_variable", "readstat_add_label_set"}


class _Library:
    def __init__(self) -> None:
        (path,) = Path(pyreadstat.__file__).parent.glob("_readstat_writer.*.so")
        library = ctypes.CDLL(str(path))
        for name, arguments in SIGNATURES.items():
            function = getattr(library, name)
            function.argtypes = arguments
            function.restype = HANDLE if name in HANDLES else ctypes.c_int
            setattr(self, name.removeprefix("readstat_"), function)


def _written(fill) -> bytes:
    library, made = _Library(), bytearray()

    @WRITER
    def take(data, size, _):
        made.extend(ctypes.string_at(data, size))
        return size

    writer = library.writer_init()
    library.set_data_writer(writer, take)
    try:
        fill(library, writer)
        assert library.end_writing(writer) == 0
    finally:
        library.writer_free(writer)
    return bytes(made)


def sas7bdat(columns: dict[str, tuple[str, list]]) -> bytes:
    """A data set in UTF-8: name -> (format, values); a float is a number, None missing, ``.A`` special missing.

    A column whose values are all text is a character variable.
    """

    def fill(library, writer) -> None:
        variables = {}
        for name, (form, values) in columns.items():
            character = all(isinstance(value, str) and not value.startswith(".") for value in values)
            width = max([1, *(len(v.encode()) for v in values)]) if character else 0
            variables[name] = library.add_variable(writer, name.encode(), STRING if character else DOUBLE, width)
            if form:
                library.variable_set_format(variables[name], form.encode())
        size = len(next(iter(columns.values()))[1])
        assert library.begin_writing_sas7bdat(writer, None, size) == 0
        for row in range(size):
            library.begin_row(writer)
            for name, (_, values) in columns.items():
                _insert(library, writer, variables[name], values[row])
            assert library.end_row(writer) == 0

    return _written(fill)


def _insert(library, writer, variable, value) -> None:
    if value is None:
        error = library.insert_missing_value(writer, variable)
    elif isinstance(value, float):
        error = library.insert_double_value(writer, variable, value)
    elif value.startswith("."):
        error = library.insert_tagged_missing_value(writer, variable, value[1].encode())
    else:
        error = library.insert_string_value(writer, variable, value.encode())
    assert error == 0, value


def sas7bcat(formats: dict[str, dict[float | str, str]]) -> bytes:
    """A catalogue: format -> code -> decode; the name of a format of text begins with ``$``."""

    def fill(library, writer) -> None:
        for name, labels in formats.items():
            text = name.startswith("$")
            known = library.add_label_set(writer, STRING if text else DOUBLE, name.encode())
            for code, label in labels.items():
                if text:
                    library.label_string_value(known, code.encode(), label.encode())
                else:
                    library.label_double_value(known, float(code), label.encode())
        assert library.begin_writing_sas7bcat(writer, None) == 0

    return _written(fill)
