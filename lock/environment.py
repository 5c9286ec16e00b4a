"""The libraries as the requirements lock them and as they are installed, and the tools that ran a lock."""

from __future__ import annotations

import hashlib
import platform
import re
import sys
from importlib import metadata
from pathlib import Path

from packaging.markers import Marker

from crf2csr import io

PIN = re.compile(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)\s*(?:;([^\\\n]*))?", re.MULTILINE)
HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})")


def packages(requirements: Path) -> list[dict[str, str]]:
    """One line per locked package: name, version, marker, and one hash over all files that the lock allows for it."""
    found = []
    for entry in re.split(r"\n(?=\S)", io.read_bytes(requirements).decode("utf-8")):
        pin = PIN.match(entry)
        if pin is None:
            continue
        allowed = "\n".join(sorted(HASH.findall(entry)))
        found.append(
            {
                "name": re.sub(r"[-_.]+", "-", pin[1]).lower(),
                "version": pin[2],
                "marker": (pin[3] or "").strip(),
                "sha256": hashlib.sha256(allowed.encode()).hexdigest(),
            }
        )
    return found


def installed(locked: list[dict[str, str]]) -> list[tuple[str, str, str]]:
    """Name, locked version and installed version (blank: none) of each package that this machine needs."""
    found = []
    for package in locked:
        if package["marker"] and not Marker(package["marker"]).evaluate():
            continue
        try:
            here = metadata.version(package["name"])
        except metadata.PackageNotFoundError:
            here = ""
        found.append((package["name"], package["version"], here))
    return found


def tools() -> list[dict[str, str]]:
    """What ran it, by version: nothing that tells one machine from another of its kind."""
    return [
        {"name": "python", "version": f"{platform.python_implementation()} {platform.python_version()}"},
        {"name": "platform", "version": f"{sys.platform} {platform.machine()}"},
    ]
