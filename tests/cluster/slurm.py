"""A real Slurm on this one machine, for as long as a test lasts: munged, slurmctld, slurmd, started and stopped here.

Without a service manager, control groups or accounting, so it runs in a container too. It needs root, since slurmd
starts the jobs, and the programs of Debian's packages ``slurm-wlm`` and ``munge``; nothing is installed. Outside its
own folder it writes one link, /etc/slurm/slurm.conf (Snakemake's executor takes every SLURM_* variable from a job's
environment, so the jobs find the configuration only at its default place), and, only where the machine can not resolve
its own name, one line of /etc/hosts. Both are taken back.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

PLACE = Path("/etc/slurm/slurm.conf")
HOSTS = Path("/etc/hosts")
DAEMONS = ("munged", "slurmctld", "slurmd")
CLIENTS = ("sbatch", "srun", "squeue", "scancel", "scontrol", "sinfo")
# Away from the usual ports 6817 and 6818.
PORTS = (16817, 16818)
PATIENCE_SECONDS = 60

CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=2
ReturnToService=2
MinJobAge=3600
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs={processors} RealMemory={megabytes} State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO
"""


class Unfit(Exception):
    """This machine can not be the cluster of the test; the message says why and what helps."""


def need() -> None:
    """Refuse a machine where the daemons can not be started, or where they would disturb a cluster that is there."""
    if os.geteuid() != 0:
        raise Unfit("only root can start the daemons of Slurm")
    missing = [name for name in (*DAEMONS, *CLIENTS) if shutil.which(name) is None]
    if missing:
        raise Unfit(f"not on this machine: {', '.join(missing)}; on Debian: apt-get install slurm-wlm munge")
    if PLACE.exists() or PLACE.is_symlink():
        raise Unfit(f"{PLACE} exists: this machine belongs to a cluster; run the test on one that does not")
    for port in PORTS:
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                raise Unfit(f"port {port} is taken: does another Slurm run here?") from None


@contextmanager
def cluster(processors: int) -> Iterator[Path]:
    """Start the daemons, yield the folder with their logs, and take everything back.

    Parameters
    ----------
    processors : int
        How many the node has; more than the machine has lets jobs share them.
    """
    need()
    host = socket.gethostname().partition(".")[0]
    with ExitStack() as undo:
        folder = Path(tempfile.mkdtemp(prefix="slurm-"))
        undo.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)
        for name in ("state", "spool"):
            (folder / name).mkdir()
        _resolvable(host, undo)
        _start_munge(folder, undo)
        megabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20 * 9 // 10
        configuration = folder / "slurm.conf"
        configuration.write_text(
            CONFIGURATION.format(host=host, folder=folder, ports=PORTS, processors=processors, megabytes=megabytes),
            encoding="utf-8",
        )
        if not PLACE.parent.exists():
            PLACE.parent.mkdir()
            undo.callback(PLACE.parent.rmdir)
        PLACE.symlink_to(configuration)
        undo.callback(PLACE.unlink)
        for name in ("slurmctld", "slurmd"):
            _start([name], folder / f"{name}.pid", undo)
        undo.callback(_cancel_all)
        _wait(_ready, "the node did not become idle", folder)
        yield folder


def _resolvable(host: str, undo: ExitStack) -> None:
    try:
        socket.gethostbyname(host)
    except OSError:
        before = HOSTS.read_bytes()
        with HOSTS.open("a", encoding="utf-8") as hosts:
            hosts.write(f"127.0.0.1 {host}\n")
        undo.callback(HOSTS.write_bytes, before)


def _start_munge(folder: Path, undo: ExitStack) -> None:
    key = folder / "munge.key"
    key.touch(0o600)
    key.write_bytes(secrets.token_bytes(1024))
    options = {
        "key-file": key,
        "socket": folder / "munge.socket",
        "pid-file": folder / "munged.pid",
        "log-file": folder / "munged.log",
        "seed-file": folder / "munge.seed",
    }
    # --force: the folder of temporary files above ours may be written to by all.
    command = ["munged", "--force", *(f"--{name}={value}" for name, value in options.items())]
    _start(command, folder / "munged.pid", undo)


def _start(command: list[str], pid: Path, undo: ExitStack) -> None:
    """Start a daemon, which goes into the background by itself, and note how to end it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SLURM", "MUNGE"))}
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if run.returncode:
        raise Unfit(f"{command[0]} did not start: {(run.stderr or run.stdout).strip()}")
    _wait(lambda: pid.exists() and pid.read_text().strip(), f"{command[0]} wrote no {pid.name}", pid.parent)
    undo.callback(_end, int(pid.read_text()))


def _end(process: int) -> None:
    """End one daemon, by its number."""
    for order in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(process, order)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + PATIENCE_SECONDS / 4
        while time.monotonic() < deadline:
            state = Path(f"/proc/{process}/stat")
            if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
                return
            time.sleep(0.1)


def _cancel_all() -> None:
    """No job outlives the daemons that would end it."""
    subprocess.run(["scancel", "--user=root"], check=False, capture_output=True)
    deadline = time.monotonic() + PATIENCE_SECONDS / 4
    while time.monotonic() < deadline and jobs(("RUNNING", "COMPLETING", "PENDING")):
        time.sleep(0.5)


def _ready() -> bool:
    said = subprocess.run(["sinfo", "-h", "-o", "%T"], capture_output=True, text=True, check=False).stdout
    return re.match(r"(idle|mixed|allocated)\s*$", said) is not None


def _wait(condition, failure: str, folder: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            logs = "".join(f"\n{log.name}: {log.read_text(errors='replace')[-1500:]}" for log in folder.glob("*.log"))
            raise Unfit(f"{failure} within {PATIENCE_SECONDS} s{logs}")
        time.sleep(0.2)


def jobs(states: tuple[str, ...] = ("all",)) -> dict[int, tuple[str, str]]:
    """State and comment (Snakemake writes the group or rule there) of each job of the cluster, by its number."""
    command = ["squeue", "--noheader", f"--states={','.join(states)}", "--format=%i|%T|%k"]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    rows = (line.split("|", 2) for line in said.splitlines())
    return {int(number): (state, comment) for number, state, comment in rows}


def cancel(number: int) -> None:
    """End one job from outside."""
    subprocess.run(["scancel", str(number)], check=True)
