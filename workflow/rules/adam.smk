"""Derive: one analysis data set per rule.

Reads   results/sdtm/ and named neighbours on this floor.
Writes  results/adam/<dataset>.parquet with _trace/, _ledger/ and _queries/ beside it.
"""

for job in PLAN.adam.values():

    rule:
        name:
            f"derive_{job.name}"
        input:
            **job.inputs,
        output:
            **job.outputs,
        log:
            f"logs/adam/{job.name}.log",
        group:
            "adam"
        resources:
            mem_mb=NEEDS.memory("adam"),
            runtime=NEEDS.minutes("adam"),
        params:
            digest=job.digest,
        run:
            causes.guarded("adam.derive", PLAN.adam[rule.removeprefix("derive_")], log[0])
