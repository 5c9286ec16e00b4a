"""One hash over all files of a checkout: a run of the tests and its validation must be of the same tree."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from crf2csr import io
from lock.checkout import git


def digest(root: Path) -> str:
    """SHA-256 over path, mode and content of every file that git does not ignore, committed or not."""
    listed = git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    names = sorted(set(filter(None, map(os.fsdecode, listed.split(b"\0")))))
    whole = hashlib.sha256()
    for name in names:
        file = root / name
        if file.is_file():
            mode = "x" if file.stat().st_mode & 0o100 else "-"
            whole.update(f"{name}\0{mode}\0{io.sha256(file)}\n".encode("utf-8", "surrogateescape"))
    return whole.hexdigest()
