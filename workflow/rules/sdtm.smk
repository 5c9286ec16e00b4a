"""Tabulate: one domain per rule, from staged forms.

Reads   results/raw/, the register of subjects and named neighbours on this floor.
Writes  results/sdtm/<domain>.parquet with _ledger/ and _queries/ beside it, and the ledger of forms.
"""

for job in PLAN.sdtm.values():

    rule:
        name:
            f"tabulate_{job.name}"
        input:
            **job.inputs,
        output:
            **job.outputs,
        log:
            f"logs/sdtm/{job.name}.log",
        group:
            "collected"
        resources:
            mem_mb=NEEDS.memory("sdtm"),
            runtime=NEEDS.minutes("sdtm"),
        params:
            digest=job.digest,
        run:
            causes.guarded("sdtm.tabulate", PLAN.sdtm[rule.removeprefix("tabulate_")], log[0])


rule account:
    input:
        **PLAN.forms.inputs,
    output:
        **PLAN.forms.outputs,
    log:
        "logs/sdtm/_forms.log",
    group:
        "collected"
    resources:
        mem_mb=NEEDS.memory("sdtm"),
        runtime=NEEDS.minutes("sdtm"),
    params:
        digest=PLAN.forms.digest,
    run:
        causes.guarded("sdtm.account", PLAN.forms, log[0])
