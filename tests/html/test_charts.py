"""Charts: well-formed whatever the texts, every figure in its place and in the one form."""

from __future__ import annotations

from xml.etree import ElementTree as XML

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.html.charts import WIDTH, Point, Trend, curve, line, rows
from goldwire.number_format import number

SHARE = st.floats(0, 1)
NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"]), max_size=8)
POINTS = st.lists(
    st.builds(Point, NAMES, st.none() | SHARE, st.none() | SHARE, SHARE, NAMES, st.booleans()), max_size=14
)


def drawn(kind: str, points: list[Point]) -> XML.Element:
    """The points in a chart of each kind."""
    if kind == "line":
        return XML.fromstring(line(points, "<F1> & more"))
    if kind == "rows":
        return XML.fromstring(rows(["a <heading>", *points], "<F1> & more"))
    placed = [(float(index), point) for index, point in enumerate(points)]
    trend = Trend([(x, point.value) for x, point in placed if point.value is not None])
    return XML.fromstring(curve(placed, "<F1> & more", most=20, x_title="texts & more", trends=[trend]))


@pytest.mark.parametrize("kind", ["line", "curve", "rows"])
@given(POINTS)
def test_every_value_is_a_dot_inside_the_drawing(kind: str, points: list[Point]) -> None:
    """Names of any kind are text; each value has its dot, and a whisker where it has an interval."""
    svg = drawn(kind, points)
    left, top, width, height = map(float, svg.attrib["viewBox"].split())
    dots = list(svg.iterfind(".//{*}circle"))
    assert len(dots) == sum(point.value is not None for point in points)
    assert all(left <= float(dot.attrib["cx"]) <= width == WIDTH for dot in dots)
    assert all(top <= float(dot.attrib["cy"]) <= height for dot in dots)
    whiskers = [point for point in points if point.value is not None and point.low is not None]
    assert len(list(svg.iterfind(".//{*}path"))) == len(whiskers)
    assert svg.attrib["aria-label"] == "<F1> & more"


@pytest.mark.parametrize("kind", ["line", "rows"])
def test_figures_are_written_in_their_one_form(kind: str) -> None:
    """`.661` beside its dot; what has no value has no figure."""
    svg = drawn(kind, [Point("PER", 0.6612, 0.6, 0.7), Point("ORG", None)])
    texts = [text.text for text in svg.iterfind(".//{*}text")]
    assert number(0.6612) in texts
    assert ("no score" in texts) == (kind == "rows")


def test_a_trend_ends_with_what_is_expected() -> None:
    """A line that is expected is dashed, and the interval stands at its end."""
    known, ahead = Trend([(1.0, 0.5), (2.0, 0.6)]), Trend([(2.0, 0.6), (4.0, 0.7)], True, 0.65, 0.8, "maybe")
    svg = XML.fromstring(curve([], "F1", most=4, x_title="texts", trends=[known, ahead]))
    styles = [polyline.attrib["style"] for polyline in svg.iterfind(".//{*}polyline")]
    assert ["dasharray" in style for style in styles] == [False, True]
    assert [title.text for title in svg.iterfind(".//{*}title")] == ["maybe"]
