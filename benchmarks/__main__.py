"""Runs every benchmark at the sizes that fit into some minutes."""

from benchmarks import engine


def main() -> None:
    for count in (2_357, 100_000):
        engine.compare(count, rounds=3)


if __name__ == "__main__":
    main()
