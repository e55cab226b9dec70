"""Draws the rooms of the code from the code: `python docs/tools/rooms.py` writes `docs/pictures/rooms.svg`.

A row is a layer of the contract in `pyproject.toml`, a box a package with its rooms and how many modules each
has; below its name stands which packages it imports.
"""

from __future__ import annotations

import ast
import tomllib
from html import escape
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src/goldwire"
PICTURE = ROOT / "docs/pictures/rooms.svg"
WIDTH, GAP, LINE, TOP = 1120, 14, 19, 58
STYLE = """
  svg { font: 14px system-ui, sans-serif; color-scheme: light dark }
  rect { fill: light-dark(#f4f6f8, #20262c); stroke: light-dark(#5b6b7a, #9fb0c0) }
  text { fill: light-dark(#1c2329, #e8edf2) } .name { font-weight: 600; font-size: 16px }
  .small { font-size: 12px; fill: light-dark(#4a5864, #b4c1cd) }
"""


def layers() -> list[list[str]]:
    """The packages and modules of each layer, from the top, as the contract names them."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    [rows] = [contract["layers"] for contract in contracts["contracts"] if contract["type"] == "layers"]
    return [[name.strip() for name in row.split("|")] for row in rows]


def rooms(package: str) -> list[str]:
    """A line for each room of a package: its name and how many modules it has."""
    folder = SOURCE.joinpath(*package.split(".")[1:])
    lines = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        modules = [file for file in path.rglob("*.py") if file.name != "__init__.py"]
        if path.is_dir() and modules:
            lines.append(f"{path.name}/ · {len(modules)}")
    own = [path.stem for path in sorted(folder.glob("*.py")) if path.stem != "__init__"]
    return lines + own if lines or len(own) <= 9 else [f"{len(own)} modules"]


def purpose(package: str) -> str:
    """The first line of a package's or module's docstring."""
    path = SOURCE.joinpath(*package.split(".")[1:])
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return (ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "").partition("\n")[0]


def used_by(graph: grimp.ImportGraph, packages: list[str]) -> dict[str, list[str]]:
    """For each package those of the others that it imports, in the order of the layers."""

    def home(module: str) -> str:
        return next((name for name in packages if module == name or module.startswith(f"{name}.")), "")

    found: dict[str, set[str]] = {name: set() for name in packages}
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            source, target = home(module), home(imported)
            if source and target and source != target:
                found[source].add(target)
    return {name: [other for other in packages if other in used] for name, used in found.items()}


def drawing() -> str:
    """The picture, as SVG."""
    rows = layers()
    packages = [name for row in rows for name in row]
    uses = used_by(grimp.build_graph("goldwire"), packages)
    parts: list[str] = []
    y = GAP
    for row in rows:
        width = (WIDTH - GAP * (len(row) + 1)) / len(row)
        columns = max(1, int(width // 210))
        lists = {name: rooms(name) for name in row}
        height = TOP + LINE * max((-(-len(lines) // columns) for lines in lists.values()), default=0) + 8
        for number, name in enumerate(row):
            x = GAP + number * (width + GAP)
            short = name.removeprefix("goldwire.")
            parts.append(f'<rect x="{x:.0f}" y="{y}" width="{width:.0f}" height="{height}" rx="6"/>')
            about = purpose(name) if len(row) < 3 else ""
            parts.append(
                f'<text x="{x + 12:.0f}" y="{y + 23}"><tspan class="name">{escape(short)}</tspan>'
                f'<tspan class="small" dx="10">{escape(about)}</tspan></text>'
            )
            used = ", ".join(other.removeprefix("goldwire.") for other in uses[name]) or "nothing"
            limit = int(width / 6.4)
            used = used if len(used) <= limit else used[: limit - 1].rpartition(",")[0] + ", …"
            parts.append(f'<text class="small" x="{x + 12:.0f}" y="{y + 42}">imports {escape(used)}</text>')
            for place, line in enumerate(lists[name]):
                left, down = x + 12 + place % columns * 210, y + TOP + LINE * (place // columns) + 4
                parts.append(f'<text x="{left:.0f}" y="{down}">{escape(line)}</text>')
        y += height + GAP
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" role="img" '
        f'aria-label="The packages of goldwire, from the command line down to the model">'
        f"<style>{STYLE}</style>\n{body}\n</svg>\n"
    )


if __name__ == "__main__":
    PICTURE.write_text(drawing(), encoding="utf-8")
