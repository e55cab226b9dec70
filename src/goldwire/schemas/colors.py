"""Colours of labels: as hex whatever a config calls them, and free ones that keep apart."""

from __future__ import annotations

import colorsys
import re
from collections.abc import Collection, Iterator

#: Colours that stay apart for colour-blind eyes (Okabe and Ito), for labels that lack a usable one.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#999999")


def as_hex(color: str) -> str | None:
    """A colour as CSS writes it (`red`, `#f00`, `rgb(255, 0, 0)`) as `#RRGGBB`; None where it is none."""
    if re.fullmatch("#[0-9a-fA-F]{6}", color):
        return color
    if re.fullmatch("#[0-9a-fA-F]{3}", color):
        return f"#{''.join(2 * digit for digit in color[1:])}"
    from PIL import ImageColor

    if parts := re.fullmatch(r"(rgb|hsl)a?\(([^)]*)\)", color.strip().lower()):
        # A label has no transparency; PIL takes it in bytes only, and no blanks between the parts.
        color = f"{parts[1]}({','.join(re.split(r'[,/ ]+', parts[2].strip())[:3])})"
    try:
        red, green, blue = ImageColor.getrgb(color.strip())[:3]
    except ValueError:
        return None
    return f"#{red:02X}{green:02X}{blue:02X}"


def free_color(taken: Collection[str]) -> str:
    """A colour that none of those `taken` (lower case) is."""
    return next(color for color in _colors() if color.lower() not in taken)


def _colors() -> Iterator[str]:
    """The palette, then hues that keep apart (steps of the golden angle)."""
    yield from PALETTE
    for number in range(10_000):
        level = 0.35 + 0.1 * (number // 40 % 4)
        parts = colorsys.hls_to_rgb(number * 0.618034 % 1, level, 0.6)
        yield "#" + "".join(f"{round(255 * part):02X}" for part in parts)
