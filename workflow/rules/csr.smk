"""Assemble: the appendix, and the gate that fails alone when something was lost or asked and not answered.

Reads   results/ of every floor, to show where each number comes from.
Writes  reports/csr-appendix.html, results/gate.txt
"""


rule assemble:
    input:
        **PLAN.csr.inputs,
    output:
        **PLAN.csr.outputs,
    log:
        "logs/csr/assemble.log",
    params:
        digest=PLAN.csr.digest,
    run:
        causes.guarded(csr.assemble, PLAN.csr, log[0])


rule gate:
    input:
        **PLAN.gate.inputs,
    output:
        **PLAN.gate.outputs,
    log:
        "logs/csr/gate.log",
    params:
        digest=PLAN.gate.digest,
    run:
        causes.guarded(csr.gate, PLAN.gate, log[0])
