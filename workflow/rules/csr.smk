"""Assemble: the appendix, the queries for the sites, and the gate that fails alone when something was lost or left open.

Reads   results/ of every floor, to show where each number comes from; qc/agreement.csv of the study, if it has one.
Writes  results/csr/content.json, reports/csr-appendix.html (and, of a report in many files, reports/csr-appendix/), reports/queries.csv, reports/queries/<site>.csv, results/gate.txt; when asked for,
        reports/rtf/ and reports/csr-appendix.pdf
"""

# Not of a report that one job makes whole.
for job in PLAN.embed.values():

    rule:
        name:
            job.name
        input:
            **{role: ancient(path) if role.startswith("qc/") else path for role, path in job.inputs.items()},
        output:
            **job.outputs,
        log:
            f"logs/csr/{job.name}.log",
        group:
            "page"
        resources:
            mem_mb=NEEDS.memory("csr"),
            runtime=NEEDS.minutes("csr"),
        params:
            digest=job.digest,
        run:
            causes.guarded("csr.embed", PLAN.embed[rule], log[0])


rule assemble:
    input:
        **{role: ancient(path) if role.startswith("qc/") else path for role, path in PLAN.csr.inputs.items()},
    output:
        **{role: directory(path) if role == "sections" else path for role, path in PLAN.csr.outputs.items()},
    log:
        "logs/csr/assemble.log",
    group:
        "page"
    resources:
        mem_mb=NEEDS.memory("csr"),
        runtime=NEEDS.minutes("csr"),
    params:
        digest=PLAN.csr.digest,
    run:
        causes.guarded("csr.assemble", PLAN.csr, log[0])


# Only of a report in many files.
for job in PLAN.subjects.values():

    rule:
        name:
            f"assemble_{job.name}"
        input:
            **{role: ancient(path) if role.startswith("qc/") else path for role, path in job.inputs.items()},
        output:
            folder=directory(job.outputs["folder"]),
        log:
            f"logs/csr/{job.name}.log",
        resources:
            mem_mb=NEEDS.memory("csr"),
            runtime=NEEDS.minutes("csr"),
        params:
            digest=job.digest,
        run:
            causes.guarded("csr.assemble_subjects", PLAN.subjects[rule.removeprefix("assemble_")], log[0])


rule ask:
    input:
        **PLAN.ask.inputs,
    output:
        whole=PLAN.ask.outputs["whole"],
        sites=directory(PLAN.ask.outputs["sites"]),
    log:
        "logs/csr/ask.log",
    resources:
        mem_mb=NEEDS.memory("csr"),
        runtime=NEEDS.minutes("csr"),
    params:
        digest=PLAN.ask.digest,
    run:
        causes.guarded("csr.ask", PLAN.ask, log[0])


rule gate:
    input:
        **PLAN.gate.inputs,
        **PLAN.gate.after,
    output:
        **PLAN.gate.outputs,
    log:
        "logs/csr/gate.log",
    resources:
        mem_mb=NEEDS.memory("csr"),
        runtime=NEEDS.minutes("csr"),
    params:
        digest=PLAN.gate.digest,
    run:
        causes.guarded("csr.gate", PLAN.gate, log[0])


# On paper: no part of `all`, since the drawing engine is an extra of the installation.
for job in PLAN.paper.values():

    rule:
        name:
            f"print_{job.name}"
        input:
            **job.inputs,
        output:
            **job.outputs,
        log:
            f"logs/csr/print_{job.name}.log",
        resources:
            mem_mb=NEEDS.memory("csr"),
            runtime=NEEDS.minutes("csr"),
        params:
            digest=job.digest,
        run:
            causes.guarded("csr.print_paper", PLAN.paper[rule.removeprefix("print_")], log[0])
