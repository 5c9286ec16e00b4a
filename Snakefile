"""crf2csr: a clinical trial from raw CRF exports to the appendix of its study report.

    raw  ->  sdtm  ->  adam  ->  ard  ->  tlf  ->  csr

A study is a folder with ``config/`` and raw data; run one with ``snakemake --cores 4`` (the study at hand)
or ``snakemake --cores 4 --directory studies/<name>``.
"""


include: "workflow/rules/common.smk"
include: "workflow/rules/raw.smk"
include: "workflow/rules/sdtm.smk"
include: "workflow/rules/adam.smk"
include: "workflow/rules/ard.smk"
include: "workflow/rules/tlf.smk"
include: "workflow/rules/csr.smk"


rule all:
    default_target: True
    input:
        PLAN.csr.outputs.values(),
        "reports/queries.csv",
        "results/gate.txt",
