"""Whoever changes anything is caught: every tamper ends with a code other than 0 and a line that says what was done."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path

import pytest

from crf2csr.sealed import identity
from lock import __main__, manifest
from tests import tiny
from tests.lock.locked import allow, commit, git

pytestmark = pytest.mark.req("URS-LCK-02")


def verified(folder: Path, *arguments: str) -> tuple[int, str]:
    """Code and words of a verification that does not run again (what it would find is found before)."""
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), redirect_stderr(said):
        # The code of the checkout is that of this process; what is hashed is the checkout.
        for module in ("crf2csr.sealed", "lock.checkout", "lock.study", "lock.verify"):
            patch.setattr(sys.modules[module], "ROOT", folder)
        patch.chdir(folder)
        code = __main__.main(["verify", "--no-run", "--brief", *arguments])
    return code, said.getvalue()


def edit(file: Path, old: bytes, new: bytes) -> None:
    """Replace the first ``old``, which must be there."""
    content = file.read_bytes()
    assert old in content
    file.write_bytes(content.replace(old, new, 1))


def resealed(folder: Path, path: str, kind: str) -> manifest.Manifest:
    """The manifest with the hash of a changed file put right, and the id with it."""
    found = manifest.read(folder)
    content = (folder / path).read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    found.artefacts = [
        replace(a, sha256=sha256, bytes=len(content)) if (a.kind, a.path) == (kind, path) else a
        for a in found.artefacts
    ]
    found.id = identity(found.artefacts, found.study)
    (folder / "lock/manifest.json").write_text(manifest.text_of(found), encoding="utf-8")
    return found


def swap(a: Path, b: Path) -> None:
    """Exchange the contents of two files."""
    one, two = a.read_bytes(), b.read_bytes()
    a.write_bytes(two)
    b.write_bytes(one)


# What somebody does and commits: a clean tree, so that git has no objection.


def raw_files_exchanged(c: Path) -> None:
    swap(c / "data/raw/AE.csv", c / "data/raw/CM.csv")


def raw_file_truncated(c: Path) -> None:
    file = c / "data/raw/VS.csv"
    file.write_bytes(file.read_bytes()[:-200])


def raw_lines_in_another_order(c: Path) -> None:
    file = c / "data/raw/VS.csv"
    head, first, second, *rest = file.read_bytes().split(b"\n")
    file.write_bytes(b"\n".join([head, second, first, *rest]))


def raw_value_changed_and_the_manifest_of_raw_files_with_it(c: Path) -> None:
    edit(c / "data/raw/VS.csv", b",37.0", b",36.9")
    tiny.seal(c, "VS.csv")


def raw_file_that_no_manifest_names(c: Path) -> None:
    (c / "data/raw/AE2.csv").write_text("SUBJID\n", encoding="utf-8")


def line_ends_of_windows(c: Path) -> None:
    file = c / "config/csr.yaml"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))


def mark_of_byte_order(c: Path) -> None:
    file = c / "config/config.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())


def blank_at_the_end_of_a_line(c: Path) -> None:
    edit(c / "workflow/scripts/crf2csr/numbers.py", b"\n", b" \n")


def comment_of_the_code(c: Path) -> None:
    with (c / "workflow/scripts/crf2csr/numbers.py").open("a", encoding="utf-8") as file:
        file.write("# a comment\n")


def mode_of_a_file(c: Path) -> None:
    (c / "workflow/scripts/crf2csr/numbers.py").chmod(0o755)


def link_to_the_same_bytes(c: Path) -> None:
    file = c / "data/raw/VS.csv"
    shutil.move(file, c.parent / "VS.csv")
    file.symlink_to(c.parent / "VS.csv")


def linked_folder_of_the_same_bytes(c: Path) -> None:
    shutil.move(c / "config/adam", c.parent / "adam")
    (c / "config/adam").symlink_to(c.parent / "adam")


def configuration_removed(c: Path) -> None:
    (c / "config/aesi.yaml").unlink()


def case_of_a_name(c: Path) -> None:
    (c / "config/adam/adae.yaml").rename(c / "config/adam/ADAE.yaml")


def name_of_a_module(c: Path) -> None:
    (c / "workflow/scripts/crf2csr/numbers.py").rename(c / "workflow/scripts/crf2csr/figures.py")


def module_that_the_lock_does_not_know(c: Path) -> None:
    (c / "workflow/scripts/crf2csr/sitecustomize.py").write_text("x = 1\n", encoding="utf-8")


def cutoff_moved(c: Path) -> None:
    edit(c / "config/config.yaml", b"cutoff: 2026-10-15", b"cutoff: 2026-10-16")


def dependency_bumped(c: Path) -> None:
    edit(c / "requirements.lock", b"jinja2==3.1.6", b"jinja2==3.1.5")


def file_of_a_dependency_exchanged(c: Path) -> None:
    text = (c / "requirements.lock").read_text(encoding="utf-8")
    at = text.index("jinja2==")
    found = re.compile(r"sha256:[0-9a-f]{64}").search(text, at)
    (c / "requirements.lock").write_text(text.replace(found[0], "sha256:" + "0" * 64, 1), encoding="utf-8")


def agreement_of_r_that_was_not_there(c: Path) -> None:
    (c / "qc").mkdir()
    (c / "qc/agreement.csv").write_text("id,hash,python,r,digits,method\n", encoding="utf-8")


def program_that_verifies(c: Path) -> None:
    edit(c / "Makefile", b"make verify", b"make certain")


def old_lock_beside_new_configuration(c: Path) -> None:
    edit(c / "config/tlf/disposition.yaml", b"title: ", b"title: New ")


def values_beside_the_lock(c: Path) -> None:
    edit(c / "lock/facts.csv", b",1.0,", b",2.0,")


INPUTS = {
    raw_files_exchanged: r"differs +raw +AE\.csv   has the content of CM\.csv",
    raw_file_truncated: r"differs +raw +VS\.csv   \d+ -> \d+ bytes",
    raw_lines_in_another_order: r"differs +raw +VS\.csv   same size",
    raw_value_changed_and_the_manifest_of_raw_files_with_it: r"differs +raw +VS\.csv(.|\n)* +raw +manifest\.yaml",
    raw_file_that_no_manifest_names: r"extra +raw +AE2\.csv",
    line_ends_of_windows: r"differs +configuration +config/csr\.yaml   line ends are CRLF",
    mark_of_byte_order: r"differs +configuration +config/config\.yaml   a byte order mark was put before it",
    blank_at_the_end_of_a_line: r"differs +code +\S+numbers\.py   blanks were put at the ends of lines",
    comment_of_the_code: r"differs +code +\S+numbers\.py   \d+ -> \d+ bytes",
    mode_of_a_file: r"differs +code +\S+numbers\.py   mode file -> executable",
    link_to_the_same_bytes: r"differs +raw +VS\.csv   mode file -> symlink",
    linked_folder_of_the_same_bytes: r"differs +configuration +config/adam/adae\.yaml   mode file -> symlink",
    configuration_removed: r"missing +configuration +config/aesi\.yaml",
    case_of_a_name: r"missing +configuration +config/adam/adae\.yaml   .*upper and lower case",
    name_of_a_module: r"missing +code +\S+/numbers\.py   its content is at \S+/figures\.py: renamed",
    module_that_the_lock_does_not_know: r"extra +code +\S+sitecustomize\.py",
    cutoff_moved: r"differs +study +\S+   data cut-off 2026-10-16",
    dependency_bumped: r"missing +package +jinja2 3\.1\.6",
    file_of_a_dependency_exchanged: r"differs +package +jinja2 3\.1\.6   other files are allowed for it",
    agreement_of_r_that_was_not_there: r"extra +agreement +qc/agreement\.csv",
    program_that_verifies: r"differs +beside +Makefile",
    old_lock_beside_new_configuration: r"differs +configuration +config/tlf/disposition\.yaml",
    values_beside_the_lock: r"differs +values +lock/facts\.csv",
}


@pytest.mark.parametrize("tamper", INPUTS, ids=lambda t: t.__name__)
def test_a_committed_change_of_an_input_is_named(clone, tamper):
    tamper(clone)
    commit(clone)
    code, said = verified(clone)
    assert code == 1, said
    assert re.search(INPUTS[tamper], said), said
    assert "so nothing was run" in said


def test_nothing_done_is_nothing_said_even_when_every_time_is_another(clone):
    for file in clone.rglob("*.yaml"):
        os.utime(file, (946_684_800, 946_684_800))
    code, said = verified(clone)
    assert code == 0, said
    assert re.search(r"-- (\d+) artefacts: \1 identical", said), said


def test_what_python_compiled_and_what_tools_keep_is_no_input(clone):
    for name in ("__pycache__", ".some_cache"):
        (clone / "workflow/scripts" / name).mkdir()
        (clone / "workflow/scripts" / name / "x").write_text("x", encoding="utf-8")
    (clone / ".git/info/exclude").write_text(".some_cache/\n", encoding="utf-8")
    code, said = verified(clone)
    assert code == 0, said


# What is done so that git does not see it.


def not_committed(c: Path) -> None:
    edit(c / "config/tlf/disposition.yaml", b"title: ", b"title: New ")


def not_tracked(c: Path) -> None:
    (c / "config/sdtm/zz.yaml").write_text("name: ZZ\n", encoding="utf-8")


def same_size_and_time(c: Path) -> None:
    file = c / "config/config.yaml"
    was = file.stat()
    edit(file, b"2026-10-15", b"2026-10-16")
    os.utime(file, ns=(was.st_atime_ns, was.st_mtime_ns))


@pytest.mark.parametrize("tamper", [not_committed, not_tracked, same_size_and_time], ids=lambda t: t.__name__)
def test_a_dirty_tree_is_refused_and_the_file_is_named(clone, tamper):
    tamper(clone)
    code, said = verified(clone)
    assert code == 2 and "the tree is dirty" in said
    assert re.search(r"(disposition|zz|config)\.yaml \((changed|not tracked)\)", said), said


def test_a_change_that_git_was_told_not_to_see_is_seen(clone):
    git(clone, "update-index", "--assume-unchanged", "workflow/scripts/crf2csr/numbers.py")
    comment_of_the_code(clone)
    assert git(clone, "status", "--porcelain") == ""
    code, said = verified(clone)
    assert code == 1 and re.search(r"differs +code +\S+numbers\.py", said)


def test_a_file_that_git_was_told_to_ignore_is_seen(clone):
    (clone / ".git/info/exclude").write_text("zz.yaml\n", encoding="utf-8")
    not_tracked(clone)
    assert git(clone, "status", "--porcelain") == ""
    code, said = verified(clone)
    assert code == 1 and re.search(r"extra +configuration +config/sdtm/zz\.yaml", said)


def test_another_version_than_the_locked_one_that_is_installed_is_named(clone, tmp_path, monkeypatch):
    about = tmp_path / "other/pandas-9.9.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: pandas\nVersion: 9.9\n", encoding="utf-8")
    monkeypatch.syspath_prepend(about.parent)
    code, said = verified(clone)
    assert code == 1 and re.search(r"differs +package +pandas \S+   installed: 9\.9", said)


# What is done to the lock.


def a_hash_of_a_result(c: Path) -> None:
    found = manifest.read(c)
    sha256 = next(a.sha256 for a in found.artefacts if a.path == "reports/csr-appendix.html")
    edit(c / "lock/manifest.json", sha256.encode(), b"0" * 64)


def another_spelling(c: Path) -> None:
    file = c / "lock/manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8"))), encoding="utf-8")


def another_id(c: Path) -> None:
    edit(c / "lock/manifest.json", manifest.read(c).id.encode(), b"0" * 64)


def an_artefact_left_out(c: Path) -> None:
    lines = (c / "lock/manifest.json").read_bytes().split(b"\n")
    at = next(n for n, line in enumerate(lines) if b'"config/aesi.yaml"' in line)
    (c / "lock/manifest.json").write_bytes(b"\n".join(lines[:at] + lines[at + 1 :]))


def an_artefact_twice(c: Path) -> None:
    lines = (c / "lock/manifest.json").read_bytes().split(b"\n")
    at = next(n for n, line in enumerate(lines) if b'"config/aesi.yaml"' in line)
    (c / "lock/manifest.json").write_bytes(b"\n".join([*lines[:at], lines[at], *lines[at:]]))


def no_lock(c: Path) -> None:
    (c / "lock/manifest.json").unlink()


def no_signature(c: Path) -> None:
    (c / "lock/manifest.json.sig").unlink()


def configuration_and_its_hash(c: Path) -> None:
    old_lock_beside_new_configuration(c)
    resealed(c, "config/tlf/disposition.yaml", "configuration")


def signer_taken_out(c: Path) -> None:
    found = manifest.read(c)
    found.signer = ""
    (c / "lock/manifest.json").write_text(manifest.text_of(found), encoding="utf-8")


def results_of_another_study(c: Path) -> None:
    found = manifest.read(c)
    found.study = {"id": "ANOTHER", "cutoff": found.study["cutoff"]}
    (c / "lock/manifest.json").write_text(manifest.text_of(found), encoding="utf-8")


LOCKS = {
    a_hash_of_a_result: "is not a good signature",
    another_spelling: "is not spelled as make lock spells it",
    another_id: "the id is not that of the inputs below it",
    an_artefact_left_out: "the id is not that of the inputs below it",
    an_artefact_twice: "this artefact stands twice",
    no_lock: "there is no lock here",
    no_signature: "this signature is missing",
    configuration_and_its_hash: "is not a good signature",
    signer_taken_out: "is a signature of a lock that names no signer",
    results_of_another_study: "the id is not that of the inputs below it",
}


@pytest.mark.parametrize("tamper", LOCKS, ids=lambda t: t.__name__)
def test_a_committed_change_of_the_lock_is_refused(clone, tamper):
    tamper(clone)
    commit(clone)
    code, said = verified(clone)
    assert code == 2 and LOCKS[tamper] in said, said


def resigned(clone: Path, sealed: Path, namespace: str = "csr-lock") -> None:
    """Sign with another key, and let the manifest name that."""
    other = sealed / "keys/other"
    found = manifest.read(clone)
    words = subprocess.run(["ssh-keygen", "-lf", str(other)], check=True, capture_output=True, text=True).stdout.split()
    found.signer = words[1]
    file = clone / "lock/manifest.json"
    file.write_text(manifest.text_of(found), encoding="utf-8")
    file.with_name("manifest.json.sig").unlink()
    command = ["ssh-keygen", "-Y", "sign", "-f", str(other), "-n", namespace, str(file)]
    subprocess.run(command, check=True, capture_output=True)


def test_a_lock_that_another_key_signed_again_is_refused(clone, sealed):
    resigned(clone, sealed)
    commit(clone)
    code, said = verified(clone)
    assert code == 2 and "is not the signature of an allowed signer" in said, said


def test_allowed_signers_of_ones_own_find_those_of_the_checkout_exchanged(clone, sealed, tmp_path):
    own = allow(tmp_path / "signers", sealed / "keys/own")
    resigned(clone, sealed)
    allow(clone / "lock/allowed_signers", sealed / "keys/other")
    commit(clone)
    code, said = verified(clone, "--signers", str(own))
    assert code == 2 and "is not the signature of an allowed signer" in said, said


def test_a_signature_for_another_purpose_is_refused(clone, sealed, tmp_path):
    resigned(clone, sealed, namespace="file")
    commit(clone)
    both = tmp_path / "signers"
    both.write_text(f"x@example.org {(sealed / 'keys/other.pub').read_text()}", encoding="utf-8")
    code, said = verified(clone, "--signers", str(both))
    assert code == 2 and "is not" in said, said


def test_an_unsigned_lock_does_not_pass_where_a_signature_is_asked_for(clone, sealed):
    signer_taken_out(clone)
    (clone / "lock/manifest.json.sig").unlink()
    commit(clone)
    code, said = verified(clone, "--signers", str(clone / "lock/allowed_signers"))
    assert code == 2 and "a signature was asked for" in said, said


def test_an_older_lock_with_all_that_belongs_to_it_is_not_the_one_that_was_asked_for(clone):
    known = "f" * 64
    code, said = verified(clone, "--lock", known)
    assert code == 2 and f"is another lock than the one asked for ({known})" in said, said


# What is done to what was delivered with the checkout.


def digit_of_the_report(c: Path) -> None:
    edit(c / "reports/csr-appendix.html", b"Disposition", b"disposition")


def result_of_another_run(c: Path) -> None:
    swap(c / "results/adam/adsl.parquet", c / "results/adam/adae.parquet")


def result_removed(c: Path) -> None:
    (c / "results/gate.txt").unlink()


def result_added(c: Path) -> None:
    (c / "results/ard/zz.parquet").write_bytes(b"PAR1")


def result_renamed(c: Path) -> None:
    (c / "results/adam/adsl.parquet").rename(c / "results/adam/adsl2.parquet")


def result_that_is_a_link(c: Path) -> None:
    shutil.move(c / "results/adam/adsl.parquet", c.parent / "adsl.parquet")
    (c / "results/adam/adsl.parquet").symlink_to(c.parent / "adsl.parquet")


OUTPUTS = {
    digit_of_the_report: r"differs +report +reports/csr-appendix\.html   same size",
    result_of_another_run: r"differs +result +\S+/adae\.parquet   has the content of \S+/adsl\.parquet",
    result_removed: r"missing +result +results/gate\.txt",
    result_added: r"extra +result +results/ard/zz\.parquet",
    result_renamed: r"missing +result +results/adam/adsl\.parquet   its content is at results/adam/adsl2\.parquet",
    result_that_is_a_link: r"differs +result +results/adam/adsl\.parquet   mode file -> symlink",
}


@pytest.mark.parametrize("tamper", OUTPUTS, ids=lambda t: t.__name__)
def test_a_change_of_what_was_delivered_is_named(delivered, tamper):
    tamper(delivered)
    code, said = verified(delivered)
    assert code == 1, said
    assert re.search(OUTPUTS[tamper], said), said


def test_what_was_delivered_untouched_is_identical(delivered):
    code, said = verified(delivered)
    assert code == 0 and said.count(" identical") == 2, said
    assert "Not of the lock" not in said


def test_what_is_on_paper_and_in_the_package_is_not_of_the_lock_and_that_is_said(delivered):
    for name in ("reports/rtf/t-1.rtf", "reports/csr-appendix.pdf", "package/m5/a.xpt", "package/m5/b.xpt"):
        (delivered / name).parent.mkdir(parents=True, exist_ok=True)
        (delivered / name).write_bytes(b"whatever")
    code, said = verified(delivered)
    assert code == 0, said
    made = "reports/rtf/ (1 files), reports/csr-appendix.pdf, package/ (2 files)"
    assert f"Not of the lock, so nothing is said of them; make them again: {made}" in said


def test_there_are_at_least_twenty_tampers():
    assert len(INPUTS) + len(LOCKS) + len(OUTPUTS) >= 39
