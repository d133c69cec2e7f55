"""Runs every benchmark at the sizes that fit into some minutes."""

import sys

from benchmarks import engine


def main() -> None:
    for count in (2_357, 100_000):
        engine.compare(count, 3, {"ours": sys.executable})


if __name__ == "__main__":
    main()
