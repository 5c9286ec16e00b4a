# Two commands on a fresh machine with Python 3.11 or later: `make report` and `make test`.
# `make diff OLD=<study folder> NEW=<study folder>` compares two data cuts.
# `make lock` and `make verify`: the same inputs give the same bytes, on another machine too.
# `make programme` runs several studies; `PROFILE=slurm` sends the jobs of either to a cluster.
# Variables: PYTHON=python3.12 (which Python), CORES=4, STUDY=studies/<name> (another study), PROFILE=slurm,
# STUDIES="<folder> <folder>" (of a programme), AT_ONCE=1 (studies side by side).

PYTHON ?= python3
CORES ?= 4
STUDY ?=
PROFILE ?=
STUDIES ?= . $(patsubst %/config/config.yaml,%,$(wildcard studies/*/config/config.yaml))
AT_ONCE ?= 1
export PYTHON CORES STUDY PROFILE STUDIES AT_ONCE

LOCKING = PYTHONPATH=workflow/scripts:. .venv/bin/python -m lock

.PHONY: help report rtf pdf test qc diff package lock verify diff-lock crate simulate mutate validate bench programme cluster-test unlock clean

help:
	@echo "make report    install what is missing into .venv, run the pipeline, name the report"
	@echo "make rtf       each display as a document of its own, in reports/rtf/"
	@echo "make pdf       the appendix on paper, reports/csr-appendix.pdf"
	@echo "make test      the same, then every check and test"
	@echo "make qc        let R compute every result again, and compare (needs R)"
	@echo "make diff      compare two cuts: OLD=<study folder> NEW=<study folder>"
	@echo "make package   run the pipeline, then write the submission package into package/"
	@echo "make lock      run from the raw files in a clean folder, write lock/ (KEY=<file> signs it); needs a clean tree"
	@echo "make verify    do so again and compare each artefact (LOCK=<id>, SIGNERS=<file>, LEVEL=values)"
	@echo "make diff-lock A=<lock> B=<lock>  what moved between two locks: manifests, study folders or revisions"
	@echo "make crate     describe the locked run that lies here as a Workflow Run RO-Crate, ro-crate-metadata.json"
	@echo "make simulate  power, type I error, bias and coverage of the design, into simulation/"
	@echo "make programme several studies, each in its folder, a line for each (STUDIES=\"<folder> ...\", AT_ONCE=<n>)"
	@echo "make cluster-test  the pipeline on a real Slurm of one node (as root; needs Debian's slurm-wlm and munge)"
	@echo "make mutate    plant faults one at a time and name the check that catches each"
	@echo "make bench     how fast it is, alone, growing and against others; an hour (ARGUMENTS=\"--only shipped --repeats 3\")"
	@echo "make validate  requirements with their tests, what is installed, published numbers (JUNIT=<file> of a run of make test)"
	@echo "make unlock    after a run that was killed: let the next one in; it makes again what was half done"
	@echo "make clean     remove what the pipeline made (results, reports, logs, benchmarks)"
	@echo "variables:     PYTHON=$(PYTHON) CORES=$(CORES) STUDY=$(STUDY)"

report:
	@.ci/venv $(PROFILE)
	@.ci/report

programme:
	@.ci/venv $(PROFILE)
	@.ci/programme

rtf pdf:
	@.ci/venv paper
	@.ci/paper $@

test:
	@.ci/venv test
	@.ci/check

qc:
	@.ci/venv
	@.ci/qc

diff:
	@test -n "$(OLD)" && test -n "$(NEW)" || { echo "make diff OLD=<study folder> NEW=<study folder>" >&2; exit 1; }
	@.ci/venv
	@PYTHONPATH=workflow/scripts:. .venv/bin/python -m compare "$(OLD)" "$(NEW)"

package:
	@.ci/venv package
	@.ci/report
	@PYTHONPATH=workflow/scripts:. .venv/bin/python -m submission "$(or $(STUDY),.)"

lock:
	@.ci/venv
	@$(LOCKING) make "$(or $(STUDY),.)" --cores $(CORES) $(if $(KEY),--key "$(KEY)")

verify:
	@.ci/venv
	@$(LOCKING) verify "$(or $(STUDY),.)" --cores $(CORES) --level "$(or $(LEVEL),bytes)" $(if $(LOCK),--lock "$(LOCK)") $(if $(SIGNERS),--signers "$(SIGNERS)")

diff-lock:
	@test -n "$(A)" && test -n "$(B)" || { echo "make diff-lock A=<manifest, study folder or revision> B=<another>" >&2; exit 1; }
	@.ci/venv
	@$(LOCKING) diff "$(A)" "$(B)" --study "$(or $(STUDY),.)"

crate:
	@.ci/venv crate
	@$(LOCKING) crate "$(or $(STUDY),.)"

simulate:
	@.ci/venv $(PROFILE)
	@PATH=$(CURDIR)/.venv/bin:$$PATH snakemake --snakefile simulate/Snakefile $(if $(PROFILE),--profile profiles/$(PROFILE),--cores $(CORES)) --keep-going --rerun-incomplete --quiet rules host
	@echo "The page: simulation/operating_characteristics.html"

mutate:
	@.ci/venv test
	@.venv/bin/python -m mutate

bench:
	@.ci/venv test
	@.venv/bin/python bench/run.py $(ARGUMENTS)

cluster-test:
	@.ci/venv test
	@PYTHONPATH=workflow/scripts:. .venv/bin/python -m tests.cluster --cores $(CORES)

validate:
	@.ci/venv test
	@PATH=$(CURDIR)/.venv/bin:$$PATH PYTHONPATH=workflow/scripts:. .venv/bin/python -m validate --cores $(CORES) $(if $(JUNIT),--junit "$(JUNIT)") $(if $(PARTIAL),--partial)

unlock:
	@.venv/bin/snakemake --unlock --cores 1 --directory "$(or $(STUDY),.)"

clean:
	@cd "$(or $(STUDY),.)" && rm -rf results reports package logs benchmarks .snakemake
	@rm -rf ro-crate-metadata.json validation
