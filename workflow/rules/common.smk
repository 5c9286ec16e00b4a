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
from crf2csr.kept import KEPT
from crf2csr.needs import Needs
from crf2csr.plan import Plan
from crf2csr.specs import Study
from crf2csr.workers import CREW

with causes.shown():
    PLAN = Plan(Study(".", HOUSE / "schemas", config))
NEEDS = Needs(PLAN.study)
ELSEWHERE = causes.Elsewhere()

if workflow.remote_exec:
    # This process is a job of a cluster, and does the group of jobs that it was given. Snakemake would split the group into
    # parts that share no job, and give each part and each job a process of its own; what a small job costs is its imports.
    # So they are done in one, like those of a run on one machine, and side by side only as many as there are processors
    # in what was asked for, not in the machine.
    from snakemake.executors.local import Executor
    from snakemake.settings.types import GroupSettings

    WHOLE = {group: sys.maxsize for group in ("collected", "adam", "chapter", "page")}
    GroupSettings.group_components = property(lambda settings: WHOLE, lambda settings, given: None)
    Executor.use_threads = property(lambda executor: True, lambda executor, given: None)
    workflow.global_resources["_cores"] = int(os.environ.get("SLURM_CPUS_PER_TASK", "1"))


# The verdict is a small job, and what it says belongs on the screen: on a cluster too it is done where the run was started.
localrules:
    gate,


onstart:
    # Snakemake limits how fast jobs are submitted to a cluster: a second after every look for jobs it looks again, and
    # with a hundred short local jobs these looks multiply until they cost more than the jobs. Here is nothing to limit.
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None
        todo = list(workflow.dag.needrun_jobs())
        # Snakemake removes the outputs of a job before it is done; those of a job that would read the same are given back.
        unforced = [
            job
            for job in todo
            if job.log
            and job.rule not in workflow.dag.forcerules
            and workflow.dag.forcefiles.isdisjoint(job.output)
        ]
        KEPT.remember((str(job.log[0]), [str(path) for path in job.output]) for job in unforced)
        CREW.gather(workflow.cores, jobs=len(todo), raw_mb=NEEDS.raw_mb)


onsuccess:
    CREW.dismiss()
    KEPT.forget()


onerror:
    CREW.dismiss()
    KEPT.forget()
    if not workflow.local_exec:
        ELSEWHERE.repeat()
