"""Tests; numerical libraries use one thread, as in a run: the workers of the suite share the cores."""

import os

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
