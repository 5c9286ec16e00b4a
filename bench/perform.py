"""Do pickled jobs, each through its door: ``python bench/perform.py FILE``, as ``bench/peers.py`` does."""

import pickle
import sys
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow/scripts"))

for door, job in pickle.loads(Path(sys.argv[1]).read_bytes()):
    floor, verb = door.split(".")
    getattr(import_module(floor), verb)(job)
