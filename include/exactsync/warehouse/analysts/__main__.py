"""Write what docs/warehouse says of the declarations: `python -m exactsync.warehouse.analysts FOLDER`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from exactsync.entities import entities
from exactsync.warehouse.analysts import dbt, dictionary, picture

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exactsync.entity import Entity


def files(declared: Mapping[str, Entity]) -> dict[str, str]:
    """Return the text of every generated file, by its path in the folder."""
    return {
        "dictionary.md": dictionary.page(declared),
        "entities.svg": picture.draw(declared),
        "dbt/sources.yml": dbt.sources(declared),
    }


def main() -> None:
    """Write them."""
    parser = argparse.ArgumentParser(prog="python -m exactsync.warehouse.analysts", description=__doc__)
    parser.add_argument("folder", type=Path, help="where to write; docs/warehouse in a checkout")
    folder: Path = parser.parse_args().folder
    for name, text in files(entities()).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
