"""The schema's colours, made readable on light and on dark ground."""

from __future__ import annotations

import colorsys

#: The grounds that leave labels the least contrast, as the style sheet has them: paper, and a card by night.
LIGHT, DARK = "#fbfaf7", "#1c1f25"
#: WCAG 2.2, 1.4.3: the contrast of small text.
CONTRAST = 4.5


def luminance(color: str) -> float:
    """The relative luminance of `#rrggbb`, in [0, 1] (WCAG 2.2)."""
    channels = [int(color[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """The contrast of two colours, from 1 to 21 (WCAG 2.2)."""
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def readable(color: str, ground: str, wanted: float = CONTRAST) -> str:
    """The colour, its lightness changed as little as it takes for `wanted` contrast on `ground`."""
    hue, lightness, saturation = colorsys.rgb_to_hls(
        *(int(color[index : index + 2], 16) / 255 for index in (1, 3, 5))
    )
    step = -0.01 if luminance(ground) > 0.5 else 0.01
    shade = color
    while contrast(shade, ground) < wanted and 0 <= lightness <= 1:
        lightness += step
        rgb = colorsys.hls_to_rgb(hue, min(max(lightness, 0), 1), saturation)
        shade = "#" + "".join(f"{round(channel * 255):02x}" for channel in rgb)
    return shade
