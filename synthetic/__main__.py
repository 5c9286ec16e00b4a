"""Run as ``python -m synthetic --subjects 60 --seed 7270003 --out data/raw --truth data/truth``."""

from __future__ import annotations

import argparse

from . import generate, write


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m synthetic", description="Make a SYNTHETIC raw export.")
    parser.add_argument("--subjects", type=int, default=60, help="treated persons; about a fifth more are screened")
    parser.add_argument("--seed", type=int, default=7270003)
    parser.add_argument("--out", default="data/raw")
    parser.add_argument("--truth", default="data/truth")
    parser.add_argument("--no-problems", action="store_true", help="clean data: plant no problems")
    parser.add_argument("--samples", type=int, default=1, help="blood samples for each one of the protocol")
    given = parser.parse_args()
    if given.subjects < 6:
        parser.error("--subjects must be 6 or more")
    if given.samples < 1:
        parser.error("--samples must be 1 or more")
    problems = not given.no_problems
    forms, truth = generate(given.subjects, given.seed, problems, given.samples)
    arguments = {"subjects": given.subjects, "seed": given.seed, "problems": problems}
    if given.samples > 1:
        arguments["samples"] = given.samples
    write(forms, truth, given.out, given.truth, arguments)
    records = sum(map(len, forms.values()))
    print(f"{given.out}: {len(forms)} forms, {records} records, {len(truth['planted'])} planted problems")


if __name__ == "__main__":
    main()
