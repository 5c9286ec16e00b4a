"""What all floors share: the study and its plan.

Reads   config/ of the study, the modules of the house and the raw files (for their digests).
Writes  nothing.
"""

import os
import sys
from pathlib import Path

HOUSE = Path(workflow.basedir) / "workflow"
# One thread per linear algebra call: jobs run side by side already, and the order of sums must not vary.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

sys.path.insert(0, str(HOUSE / "scripts"))

# Snakemake limits how fast jobs are submitted to a cluster, and for that looks again a second after every look: with a
# hundred short local jobs the looks multiply and cost more than the jobs. On this machine there is nothing to limit.
if workflow.local_exec and workflow.scheduling_settings is not None:
    workflow.scheduling_settings.max_jobs_per_timespan = None

import crf2csr.report_cause as causes
import raw, sdtm, adam, ard, tlf, csr
from crf2csr.plan import Plan
from crf2csr.specs import Study

with causes.shown():
    PLAN = Plan(Study(".", HOUSE / "schemas", config))
