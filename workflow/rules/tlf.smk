"""Display: the tables, listings and figures of one chapter.

Reads   results/ard/
Writes  results/tlf/<chapter>.json, and results/tlf/_bound/<chapter>.json without their words
"""

for job in PLAN.tlf.values():

    rule:
        name:
            f"display_{job.name}"
        input:
            **job.inputs,
        output:
            **job.outputs,
        log:
            f"logs/tlf/{job.name}.log",
        group:
            "chapter"
        resources:
            mem_mb=NEEDS.memory("tlf"),
            runtime=NEEDS.minutes("tlf"),
        params:
            digest=job.digest,
        run:
            causes.guarded("tlf.display", PLAN.tlf[rule.removeprefix("display_")], log[0])
