"""Analyze: every number of one chapter.

Reads   results/adam/
Writes  results/ard/<chapter>.parquet, its sets of members in _trace/, its listings in a folder.
"""

for job in PLAN.ard.values():

    rule:
        name:
            f"analyze_{job.name}"
        input:
            **job.inputs,
        output:
            **job.outputs,
        log:
            f"logs/ard/{job.name}.log",
        group:
            "chapter"
        resources:
            mem_mb=NEEDS.memory("ard"),
            runtime=NEEDS.minutes("ard"),
        params:
            digest=job.digest,
        run:
            causes.guarded("ard.analyze", PLAN.ard[rule.removeprefix("analyze_")], log[0])
