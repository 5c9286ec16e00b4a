"""Which requirement each test proves, and whether every test and every requirement has its other half.

The mark nearest to a test counts: that of one of its cases, else of the test, else of its class, else of its file
(``pytestmark``). So a file says what it proves once, and a test that proves something else says so itself.

The source is read here without importing it, which takes a second; ``make validate`` asks pytest itself.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from crf2csr.errors import Cause, together
from validate.requirements import NAME, ROOT, Catalogue

HOW = 'pytestmark = pytest.mark.req("URS-...") says it for a file, @pytest.mark.req("URS-...") for a test'


@dataclass(frozen=True)
class Mark:
    """One test function: its file within the checkout, its line, its name and the requirements that it proves."""

    file: str
    line: int
    test: str
    requirements: tuple[str, ...]


def of_checkout(root: Path = ROOT) -> list[Mark]:
    """The marks of all tests of the checkout, by file and line."""
    files = sorted((root / "tests").rglob("test_*.py"))
    return [mark for file in files for mark in of_source(file.read_text("utf-8"), file.relative_to(root).as_posix())]


def of_source(text: str, file: str) -> list[Mark]:
    """The marks of one file of tests."""
    try:
        tree = ast.parse(text, file)
    except SyntaxError as error:
        raise Cause(f"is no Python: {error.msg}", file=file, line=error.lineno) from None
    return list(_tests(tree.body, file, _assigned(tree.body, file)))


def _tests(body: list[ast.stmt], file: str, above: tuple[str, ...]) -> Iterator[Mark]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
            yield Mark(file, node.lineno, node.name, _decorated(node, file) or above)
        elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            yield from _tests(node.body, file, _decorated(node, file) or _assigned(node.body, file) or above)


def _assigned(body: list[ast.stmt], file: str) -> tuple[str, ...]:
    """Requirements of the last ``pytestmark`` of a body."""
    found: tuple[str, ...] = ()
    for node in body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "pytestmark" for t in node.targets):
            marks = node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else [node.value]
            found = tuple(id_ for mark in marks for id_ in _named(mark, file))
    return found


def _decorated(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, file: str) -> tuple[str, ...]:
    return tuple(id_ for decorator in node.decorator_list for id_ in _named(decorator, file))


def _named(mark: ast.expr, file: str) -> tuple[str, ...]:
    """The ids of a ``pytest.mark.req(...)``; nothing for another mark."""
    called = mark.func if isinstance(mark, ast.Call) else mark
    if ast.unparse(called) != "pytest.mark.req":
        return ()
    given = mark.args if isinstance(mark, ast.Call) else []
    ids = tuple(a.value for a in given if isinstance(a, ast.Constant) and isinstance(a.value, str))
    if not given or len(ids) != len(given) or (isinstance(mark, ast.Call) and mark.keywords):
        raise Cause("a mark of requirements names each by its id in quotes", file=file, line=mark.lineno)
    return ids


def check(marks: Iterable[Mark], catalogue: Catalogue) -> None:
    """Refuse a test without a requirement, a mark that names none, and a requirement without its tests.

    A class of risk may ask for more than one test of each of its requirements.
    """
    causes, tests = [], dict.fromkeys(sorted(catalogue.ids), 0)
    for mark in marks:
        if not mark.requirements:
            causes.append(Cause(f"no requirement is named: {HOW}", file=mark.file, line=mark.line, field=mark.test))
        for id_ in mark.requirements:
            if id_ in tests:
                tests[id_] += 1
            else:
                causes.append(
                    Cause(f"is no requirement of {NAME}", file=mark.file, line=mark.line, field=mark.test, value=id_)
                )
    for requirement in catalogue.requirements:
        least, proven = catalogue.least[requirement.risk], tests[requirement.id]
        if proven < max(1, least):
            said = "no test proves it" if not proven else f"{proven} of the {least} tests that its risk asks for"
            causes.append(Cause(said, file=NAME, field=requirement.id))
    if causes:
        raise together(causes)
