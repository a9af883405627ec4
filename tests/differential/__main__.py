"""``python tests/differential FIRST LAST``: tries the notebooks of these seeds, and prints those that fail, made small.

``K8SNB_TEST_FEATURES=a,b`` writes only these features, ``-a,b`` all but these; ``--list`` names all of them.
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import warnings
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from comparing import comparer
from sequences import Sequence, outcomes, read
from tally import Tally, minimised, seeded, told
from writing import FEATURES


def main() -> int:
    """Try the seeds that the command line names."""
    parser = argparse.ArgumentParser(prog="tests/differential", description=__doc__)
    parser.add_argument("first", type=int, nargs="?", default=0)
    parser.add_argument("last", type=int, nargs="?", default=1000)
    parser.add_argument("--sequences", type=Path, help="try the sequences of cells in a file, in place of random ones")
    parser.add_argument("--every-choice", action="store_true", help="of sequences: with each choice of steps")
    parser.add_argument("--local", action="store_true", help="steps are processes of the local stack")
    parser.add_argument("--list", action="store_true", help="name the features")
    parser.add_argument("--as-written", action="store_true", help="do not make failing notebooks smaller")
    parser.add_argument("--most", type=int, default=3, help="notebooks of one sort that are printed (default: 3)")
    parser.add_argument("--alarms", action="store_true", help="print those that are warned of for nothing too")
    args = parser.parse_args()
    if args.list:
        print("\n".join(sorted(FEATURES)))
        return 0
    if args.sequences:
        return _sequences(read(args.sequences, every_choice=args.every_choice), local=args.local, alarms=args.alarms)
    warnings.simplefilter("ignore")
    tally, sorts = Tally(), Counter[tuple[str, ...]]()
    with comparer(local=args.local) as kernels:
        for seed in range(args.first, args.last):
            notebook = seeded(seed)
            comparison = kernels.compare(notebook)
            tally.take(notebook, comparison)
            if not comparison.bugs and not (args.alarms and comparison.false_alarm):
                continue
            if not args.as_written:
                notebook, comparison = minimised(kernels, notebook, comparison)
            sort = (comparison.signature or "false alarm", *sorted(notebook.features))
            sorts[sort] += 1
            if sorts[sort] <= args.most:
                print(
                    f"=== seed {seed} ({', '.join(sorted(notebook.features))})\n{told(notebook, comparison)}\n",
                    flush=True,
                )
    print(tally)
    for sort, count in sorts.most_common():
        print(f"{count:5} {', '.join(sort)}")
    for name, count in tally.failing.most_common():
        print(f"{name}: {count} of {tally.written[name]} notebooks with it fail")
    return bool(tally.bugs)


def _sequences(sequences: Iterable[Sequence], *, local: bool, alarms: bool) -> bool:
    verdicts = Counter[str]()
    for outcome in outcomes(sequences, local=local):
        verdicts[outcome.verdict] += 1
        if outcome.verdict in ("silent", "loud") or (alarms and outcome.verdict in ("alarm", "warned")):
            print(f"=== {outcome.title} [{outcome.choice}]: {outcome.verdict}\n{outcome.text}\n", flush=True)
    print(", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common()))
    return bool(verdicts["silent"] or verdicts["loud"])


if __name__ == "__main__":
    raise SystemExit(main())
