"""Makes a corpus, or what is missing of one."""

import argparse
from pathlib import Path

from bench.corpus.index import Part
from bench.corpus.making import Size, make_corpus


def main() -> None:
    """Run what the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path, help="where the corpus lies")
    parser.add_argument("--cache", type=Path, help="for packages (beside it unless said)")
    parser.add_argument("--plain", type=int, default=Size().plain, help="fakes of each master")
    parser.add_argument("--treated", type=int, default=Size().treated, help="treated ones besides")
    parser.add_argument("--part", type=Part, choices=list(Part), help="only this")
    given = parser.parse_args()
    root = given.root.resolve()
    parts = (given.part,) if given.part else tuple(Part)
    make_corpus(root, given.cache or root, Size(given.plain, given.treated), parts)


if __name__ == "__main__":
    main()
