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

import crf2csr.report_cause as causes
import raw, sdtm, adam, ard, tlf, csr
from crf2csr.plan import Plan
from crf2csr.specs import Study
from crf2csr.workers import CREW

with causes.shown():
    PLAN = Plan(Study(".", HOUSE / "schemas", config))


onstart:
    # Snakemake limits how fast jobs are submitted to a cluster: a second after every look for jobs it looks again, and
    # with a hundred short local jobs these looks multiply until they cost more than the jobs. Here is nothing to limit.
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None
        CREW.gather(workflow.cores, jobs=sum(1 for _ in workflow.dag.needrun_jobs()))


onsuccess:
    CREW.dismiss()


onerror:
    CREW.dismiss()
