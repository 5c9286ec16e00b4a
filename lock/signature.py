"""Signatures by OpenSSH: ed25519 keys, namespace ``csr-lock``; who signed is said by a file of allowed signers."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from crf2csr.errors import Cause

NAMESPACE = "csr-lock"
GOOD = re.compile(rf'Good "{NAMESPACE}" signature for (\S+) with ED25519 key (SHA256:\S+)')


def _keygen(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["ssh-keygen", *arguments], input=given, capture_output=True, check=False)
    except FileNotFoundError:
        raise Cause("ssh-keygen is not on this machine: install openssh-client 8.2 or later") from None


def _said(run: subprocess.CompletedProcess[bytes]) -> str:
    text = (run.stderr.strip() or run.stdout.strip()).decode("utf-8", "replace")
    return text.splitlines()[-1].strip() if text else "no message"


def fingerprint(key: Path) -> str:
    """Fingerprint of a key, which must be of ed25519."""
    run = _keygen("-l", "-E", "sha256", "-f", str(key))
    if run.returncode:
        raise Cause(f"is not a key that ssh-keygen can read ({_said(run)})", file=str(key))
    words = run.stdout.decode("utf-8", "replace").split()
    if words[-1] != "(ED25519)":
        raise Cause("a lock is signed with a key of ed25519 (ssh-keygen -t ed25519)", file=str(key), value=words[-1])
    return words[1]


def sign(file: Path, key: Path) -> None:
    """Write ``file.sig``; a passphrase is asked for by ssh-keygen, or the agent holds the key."""
    file.with_name(f"{file.name}.sig").unlink(missing_ok=True)
    run = _keygen("-Y", "sign", "-f", str(key), "-n", NAMESPACE, str(file))
    if run.returncode:
        raise Cause(f"could not be signed ({_said(run)})", file=str(file))


def verified(file: Path, signature: Path, signers: Path, expected: str) -> str:
    """Name of who signed ``file``, with the key ``expected`` (a fingerprint); everything else is a cause."""
    if not signature.is_file():
        raise Cause(f"the lock names the key {expected} and this signature is missing", file=str(signature))
    if not signers.is_file():
        raise Cause(
            "the lock is signed, and no file says whose key it may be (SIGNERS=<file>, ALLOWED SIGNERS of ssh-keygen)",
            file=str(signers),
        )
    found = _keygen("-Y", "find-principals", "-s", str(signature), "-f", str(signers))
    names = found.stdout.decode("utf-8", "replace").split()
    if found.returncode or not names:
        raise Cause(f"is not the signature of an allowed signer ({signers})", file=str(signature))
    run = _keygen(
        *("-Y", "verify", "-f", str(signers), "-I", names[0], "-n", NAMESPACE, "-s", str(signature)),
        given=file.read_bytes(),
    )
    good = GOOD.search(run.stdout.decode("utf-8", "replace"))
    if run.returncode or good is None:
        raise Cause(f"is not a good signature of {file} ({_said(run)})", file=str(signature))
    if good[2] != expected:
        raise Cause(f"signed by another key than the lock names ({expected})", file=str(signature), value=good[2])
    return good[1]
