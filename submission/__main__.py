"""Make the submission package of a study: ``python -m submission [STUDY]`` after the pipeline has run.

Reads ``config/`` and ``results/`` of the study and writes its folder ``package/`` anew. Ends with 1 when a file
would break its standard; what was written before is removed, so a package that stands there is whole.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from crf2csr.errors import Cause
from submission.package import build


def main(study: Path) -> int:
    """Write the package of one study and say what it holds."""
    folder = study / "package"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        said = build(study, folder)
    except Cause as cause:
        shutil.rmtree(folder, ignore_errors=True)
        print("\n".join(cause.lines()), file=sys.stderr)
        return 1
    print("\n".join(said))
    print(f"Written: {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
