"""The steps of ``make simulate``.

``python -m simulate block GRID RATE DROPOUT BLOCK OUT`` and ``python -m simulate gather GRID OUT BLOCKS...``

``block`` simulates one block of trials and writes its sums; ``gather`` adds blocks up and writes the table
(``OUT/operating_characteristics.csv``) and the page (``OUT/operating_characteristics.html``).
"""

from __future__ import annotations

import sys
from pathlib import Path

from crf2csr import io
from crf2csr.errors import Cause
from simulate import blocks, page, table
from simulate.grid import read


def main(arguments: list[str]) -> int:
    """Do one step; a cause is said in one line."""
    try:
        match arguments:
            case ["block", grid, rate, dropout, block, out]:
                io.write_json(out, blocks.run(read(grid), float(rate), float(dropout), int(block)))
            case ["gather", grid, out, *files] if files:
                declared = read(grid)
                found = table.gather(declared, [io.read_json(file) for file in files])
                target = Path(out)
                io.write_text(target / "operating_characteristics.csv", found.to_csv(index=False, lineterminator="\n"))
                io.write_text(target / "operating_characteristics.html", page.render(declared, found))
            case _:
                print(__doc__, file=sys.stderr)
                return 2
    except Cause as cause:
        print("\n".join(cause.lines()), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
