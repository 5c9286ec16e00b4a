"""Stage: every cell of every export, without loss.

Reads   the raw files that the manifest names.
Writes  results/raw/<form>.parquet, results/raw/_queries/<form>.parquet
"""

for job in PLAN.raw.values():

    rule:
        name:
            f"stage_{job.name}"
        input:
            **{role: ancient(path) for role, path in job.inputs.items()},
        output:
            **job.outputs,
        log:
            f"logs/raw/{job.name}.log",
        group:
            "collected"
        resources:
            mem_mb=NEEDS.memory("raw"),
            runtime=NEEDS.minutes("raw"),
        params:
            digest=job.digest,
        run:
            causes.guarded("raw.stage", PLAN.raw[rule.removeprefix("stage_")], log[0])
