"""What all floors share: the study and its plan.

Reads   config/ of the study, the modules of the house and the raw files (for their digests).
Writes  nothing.
"""

import sys
from pathlib import Path

HOUSE = Path(workflow.basedir) / "workflow"
sys.path.insert(0, str(HOUSE / "scripts"))

import crf2csr.report_cause as causes
import raw, sdtm, adam, ard, tlf, csr
from crf2csr.plan import Plan
from crf2csr.specs import Study

with causes.shown():
    PLAN = Plan(Study(".", HOUSE / "schemas", config))
