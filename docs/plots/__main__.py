"""Draws the plot of every methods page.

    python -m docs.plots [FOLDER]

Without a folder the plots go where the pages look for them, `docs/methods/plots`. The
same code gives the same bytes.
"""

import sys
from pathlib import Path

from docs.plots.figures import FIGURES
from docs.plots.svg import draw

FOLDER = Path(__file__).parents[1] / "methods" / "plots"


def main(folder: Path = FOLDER) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in FIGURES.items():
        (folder / f"{name}.svg").write_text(draw(figure()), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else FOLDER)
