# Two commands on a fresh machine with Python 3.11 or later: `make report` and `make test`.
# `make diff OLD=<study folder> NEW=<study folder>` compares two data cuts.
# Variables: PYTHON=python3.12 (which Python), CORES=4, STUDY=studies/<name> (another study).

PYTHON ?= python3
CORES ?= 4
STUDY ?=
export PYTHON CORES STUDY

.PHONY: help report rtf pdf test qc diff package simulate mutate clean

help:
	@echo "make report    install what is missing into .venv, run the pipeline, name the report"
	@echo "make rtf       each display as a document of its own, in reports/rtf/"
	@echo "make pdf       the appendix on paper, reports/csr-appendix.pdf"
	@echo "make test      the same, then every check and test"
	@echo "make qc        let R compute every result again, and compare (needs R)"
	@echo "make diff      compare two cuts: OLD=<study folder> NEW=<study folder>"
	@echo "make package   run the pipeline, then write the submission package into package/"
	@echo "make simulate  power, type I error, bias and coverage of the design, into simulation/"
	@echo "make mutate    plant faults one at a time and name the check that catches each"
	@echo "make clean     remove what the pipeline made (results, reports, logs, benchmarks)"
	@echo "variables:     PYTHON=$(PYTHON) CORES=$(CORES) STUDY=$(STUDY)"

report:
	@.ci/venv
	@.ci/report

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

simulate:
	@.ci/venv
	@PATH=$(CURDIR)/.venv/bin:$$PATH snakemake --snakefile simulate/Snakefile --cores $(CORES) --keep-going --rerun-incomplete --quiet rules host
	@echo "The page: simulation/operating_characteristics.html"

mutate:
	@.ci/venv test
	@.venv/bin/python -m mutate

clean:
	@cd "$(or $(STUDY),.)" && rm -rf results reports package logs benchmarks .snakemake
