"""Twelve Label Studio projects of different people, each with its config and a sound export.

`benchmarks.fuzz` damages the exports. Between them they have all that goldwire reads, and what it counts.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from goldwire.formats.labelstudio.texts import page_text
from goldwire.schemas import Schema
from goldwire.schemas.rendering.label_config import label_config
from goldwire.text import normalise
from tests.annotate import helpers

TEXT = normalise(helpers.TEXT)
#: Emoji beyond the basic plane, a combining accent, line ends of two kinds: each is a way to count otherwise.
_RAW = "Ana 🥕 met Bo in Lyon.\r\nThe cafe\u0301 was closed; Bo left 👩‍🍳 for Oslo."
_HEBREW = "דנה כהן גרה בתל אביב. יוסי לוי עובד בחיפה."
_ARABIC = "زارت ليلى القاهرة، ثم عادت إلى تونس."
_TIMES = {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-02T00:00:00Z", "lead_time": 1.5}


class FuzzProject(NamedTuple):
    """A project: its label config and its export; `schema` is goldwire's own, where the project is."""

    name: str
    config: str
    tasks: list[Any]
    schema: Schema | None = None


def region(
    text: str, words: str, label: str | list[str], name: str, control: str, to: str, **more: Any
) -> dict[str, Any]:
    """A region over the first place of these words in the text, as Label Studio writes it."""
    kind = more.pop("type", "labels")
    start = text.index(words)
    value = {"start": start, "end": start + len(words), "text": words}
    value[kind] = label if isinstance(label, list) else [label]
    return {"id": name, "from_name": control, "to_name": to, "type": kind, "value": value, **more}


def answer(name: str, control: str, to: str, kind: str, held: Any, **value: Any) -> dict[str, Any]:
    """What a control says of a region; a text area's key is `text`."""
    key = "text" if kind == "textarea" else kind
    return {"id": name, "from_name": control, "to_name": to, "type": kind, "value": {**value, key: held}}


def arrow(head: str, tail: str, *labels: str, direction: str = "right") -> dict[str, Any]:
    """A relation between two regions."""
    ends = {"type": "relation", "from_id": head, "to_id": tail, "direction": direction}
    return {**ends, **({"labels": list(labels)} if labels else {})}


def task(number: int, data: dict[str, Any], *results: list[Any], **more: Any) -> dict[str, Any]:
    """A task with an annotation, of a person of its own, for each result."""
    annotations = [
        {"id": 10 * number + place, "completed_by": place, "result": result, "was_cancelled": False, **_TIMES}
        for place, result in enumerate(results, start=1)
    ]
    return {"id": number, "data": data, "annotations": annotations, "predictions": [], **more}


def _own() -> FuzzProject:
    """goldwire's own config, with all that a result of one can hold."""

    def own(name: str, layer: str, labels: list[str], start: int, end: int, **more: Any) -> dict[str, Any]:
        value = {"start": start, "end": end, "text": TEXT[start:end], "labels": labels}
        return {"id": name, "from_name": layer, "to_name": "text", "type": "labels", "value": value, **more}

    result = [
        own("s1", "thing", ["FOOD"], 0, 1, score=0.5),
        own("s2", "thing", ["TOOL", "FOOD"], 2, 11, origin="prediction"),
        own("s3", "thing", ["FOOD"], 5, 9, parentID="s2"),
        own("e1", "step", ["CUT"], 20, 27, meta={"text": ["?"]}),
        own("w", "step", ["HEAT"], 11, 14),
        answer("s1", "thing-state", "text", "choices", ["cooked"], start=0, end=1),
        answer("s2", "thing-tastes", "text", "choices", ["sweet", "sour"], start=0, end=1),
        answer("s3", "thing-note", "text", "textarea", ["une", "note"], start=0, end=1),
        answer("s3", "thing-word_part", "text", "choices", ["yes"], start=0, end=1),
        answer("e1", "step-how", "text", "textarea", ["vite"], start=0, end=1),
        arrow("e1", "s1", "object", "with"),
        arrow("s2", "e1", "with", direction="left"),
    ]
    tasks = []
    for number in range(3):
        annotations = [
            {"id": 10 * number + 1, "completed_by": 1, "result": result, "was_cancelled": False, **_TIMES},
            {"id": 10 * number + 2, "completed_by": {"email": "b@x"}, "result": result[:6], **_TIMES},
            {"id": 10 * number + 3, "completed_by": 3, "result": [], "was_cancelled": True, **_TIMES},
        ]
        data = {"id": f"d{number}", "text": TEXT, "title": "Soupe", "published": "2026-01-01"}
        tasks.append(
            {"id": number, "data": data, "annotations": annotations[: 3 - number], "predictions": [4]}
        )
    schema = helpers.make_schema()
    return FuzzProject("goldwire's own", label_config(schema), tasks, schema)


def _ner() -> FuzzProject:
    """Named entities alone; offsets as UTF-16 units in the second task, over `\\n` in the third."""
    config = """<View><Labels name="label" toName="text"><Label value="PER" background="red"/>
<Label value="LOC" background="darkorange"/></Labels><Text name="text" value="$text"/></View>"""
    places = (("Ana", "PER"), ("Lyon", "LOC"), ("Bo left", "PER"), ("Oslo", "LOC"))
    results = []
    for counted in (
        _RAW,
        _RAW.replace("🥕", "🥕🥕").replace("👩", "👩👩").replace("🍳", "🍳🍳"),
        normalise(_RAW),
    ):
        results.append(
            [
                region(counted, words, label, f"r{place}", "label", "text")
                for place, (words, label) in enumerate(places)
            ]
        )
    return FuzzProject(
        "named entities", config, [task(n, {"text": _RAW}, result) for n, result in enumerate(results)]
    )


def _two_texts() -> FuzzProject:
    """A title and a body, one control over both, another over the body alone, an arrow across."""
    config = """<View><Text name="title" value="$headline"/><Text name="body" value="$body"/>
<Labels name="who-what" toName="title,body"><Label value="Person, living"/><Label value="place: town"/>
</Labels>
<Labels name="who_what" toName="body"><Label value="place: town"/><Label value="🏠"/></Labels></View>"""
    headline = "Bo in Oslo"
    result = [
        region(headline, "Bo", "Person, living", "t1", "who-what", "title"),
        region(headline, "Oslo", "place: town", "t2", "who-what", "title"),
        region(_RAW, "Ana", "Person, living", "b1", "who-what", "body"),
        region(_RAW, "Lyon", ["place: town", "🏠"], "b2", "who_what", "body"),
        arrow("t1", "t2"),
        arrow("t1", "b1", direction="bi"),
    ]
    data = {"headline": headline, "body": _RAW, "text": "a column that nobody marked"}
    return FuzzProject(
        "two texts", config, [task(1, data, result, result[2:4]), task(2, {"body": _RAW}, result[2:4])]
    )


def _dotted() -> FuzzProject:
    """A text that lies inside another field, beside one that is called `text`."""
    config = """<View><text name="t" value="$article.content.body"/>
<labels name="Entities!" toName="t"><Label value="GPE.city" alias="city"/><Label value="ORG"/></labels>
</View>"""
    result = [
        region(_RAW, "Lyon", "city", "a", "Entities!", "t"),
        region(_RAW, "Oslo", "city", "b", "Entities!", "t", meta={"text": ["sure?"]}),
        region(_RAW, "Ana 🥕", "ORG", "c", "Entities!", "t", parentID="a"),
    ]
    data = {"text": "not this", "article": {"content": {"body": _RAW}, "tags": ["x", "y"]}}
    return FuzzProject("dotted key", config, [task(0, data, result), task(0, data, result[:1])])


def _page() -> FuzzProject:
    """An HTML page: places by XPath, offsets over its text beside them; one region has none."""
    config = """<View><HyperText name="page" value="$html"/><HyperTextLabels name="ner" toName="page">
<Label value="PER"/><Label value="LOC"/></HyperTextLabels></View>"""
    html = "<p>Ana &amp; <b>Bo</b> went to Lyon.</p>\n<ul><li>Oslo</li></ul>"
    text = page_text(html)
    result = []
    for name, words, label in (("h1", "Ana", "PER"), ("h2", "Bo went", "PER"), ("h3", "Oslo", "LOC")):
        start = text.index(words)
        place = {"start": "/p[1]/text()[1]", "end": "/p[1]/text()[1]", "startOffset": 0, "endOffset": 3}
        place |= {"text": words, "hypertextlabels": [label]}
        place |= {"globalOffsets": {"start": start, "end": start + len(words)}} if name != "h3" else {}
        shared = {"from_name": "ner", "to_name": "page", "type": "hypertextlabels"}
        result.append({"id": name, **shared, "value": place})
    return FuzzProject(
        "page", config, [task(number, {"html": html}, result, [arrow("h1", "h2")]) for number in (1, 2)]
    )


def _dialogue() -> FuzzProject:
    """Turns of a dialogue, regions by turn and offset in it."""
    config = """<View><Paragraphs name="talk" value="$turns" nameKey="who" textKey="says" layout="dialogue"/>
<ParagraphLabels name="act" toName="talk"><Label value="ask"/><Label value="tell"/></ParagraphLabels>
</View>"""
    turns = [{"who": "Ana", "says": "Where is Bo?"}, {"who": "Bo", "says": "Here, 🥕 as ever."}]
    result = []
    for name, first, last, start, end, words, label in (
        ("p1", "0", "0", 0, 12, "Where is Bo?", "ask"),
        ("p2", "1", "1", 0, 4, "Here", "tell"),
        ("p3", "0", "1", 9, 4, "Bo?\nHere", "tell"),
    ):
        place = {"start": first, "end": last, "startOffset": start, "endOffset": end, "text": words}
        shared = {"from_name": "act", "to_name": "talk", "type": "paragraphlabels"}
        result.append({"id": name, **shared, "value": {**place, "paragraphlabels": [label]}})
    return FuzzProject("dialogue", config, [task(n, {"turns": turns, "n": n}, result) for n in (1, 2)])


def _per_region() -> FuzzProject:
    """All that can be asked of a region, and something that is asked of the whole text."""
    config = """<View><Text name="t" value="$t"/><Labels name="l" toName="t"><Label value="A"/>
<Label value="B"/>
</Labels><Choices name="sure" toName="t" perRegion="true" whenTagName="l"><Choice value="yes"/>
<Choice value="no"/>
</Choices><Choices name="kinds" toName="t" perRegion="true" choice="multiple"><Choice value="k 1"/>
<Choice value="k 2"/></Choices><TextArea name="why" toName="t" perRegion="true"/>
<Rating name="stars" toName="t"
perRegion="true"/><Number name="how-many" toName="t" perRegion="true"/><DateTime name="when" toName="t"
perRegion="true"/><Choices name="mood" toName="t"><Choice value="glad"/></Choices></View>"""
    result = [
        region(_RAW, "Ana", "A", "x", "l", "t"),
        region(_RAW, "Bo", "B", "y", "l", "t"),
        answer("x", "sure", "t", "choices", ["yes"], start=0, end=3),
        answer("y", "kinds", "t", "choices", ["k 1", "k 2"]),
        answer("x", "why", "t", "textarea", ["because", "so"]),
        answer("x", "stars", "t", "rating", 4),
        answer("y", "how-many", "t", "number", 2.5),
        answer("y", "when", "t", "datetime", "2026-01-01"),
        answer("whole", "mood", "t", "choices", ["glad"]),
    ]
    return FuzzProject("asked of regions", config, [task(n, {"t": _RAW}, result, result[:3]) for n in (1, 2)])


def _taxonomy() -> FuzzProject:
    """Paths of a taxonomy, several labels on one region."""
    config = """<View><Text name="t" value="$t"/><Labels name="l" toName="t" choice="multiple">
<Label value="A"/>
<Label value="B"/></Labels><Taxonomy name="life" toName="t" perRegion="true"><Choice value="Life"><Choice
value="Human"/><Choice value="Plant"/></Choice><Choice value="Thing"/></Taxonomy></View>"""
    result = [
        region(_RAW, "Ana", ["A", "B"], "x", "l", "t"),
        region(_RAW, "Bo", ["B"], "y", "l", "t"),
        answer("x", "life", "t", "taxonomy", [["Life", "Human"]], start=0, end=3),
        answer("y", "life", "t", "taxonomy", [["Life"], ["Thing"]]),
    ]
    return FuzzProject("taxonomy", config, [task(n, {"t": _RAW}, result) for n in (1, 2)])


def _relations() -> FuzzProject:
    """Relations of all directions, with one label, with several and without."""
    config = """<View><Relations><Relation value="works at"/><Relation value="lives: in"/></Relations>
<Labels name="e" toName="t"><Label value="X Y"/></Labels><Text name="t" value="$t"/></View>"""
    result = [
        region(_RAW, "Ana", "X Y", "1", "e", "t"),
        region(_RAW, "Bo", "X Y", "2", "e", "t"),
        region(_RAW, "Lyon", "X Y", "3", "e", "t"),
        arrow("1", "2", "works at"),
        arrow("2", "3", "works at", "lives: in", direction="left"),
        arrow("1", "3", "lives: in", direction="bi"),
        arrow("3", "1"),
    ]
    return FuzzProject("relations", config, [task(n, {"t": _RAW}, result, result[:4]) for n in (1, 2)])


def _dynamic() -> FuzzProject:
    """Labels from the task's data, and tasks that only models have seen."""
    config = """<View><Text name="t" value="$t"/><Labels name="d" toName="t" value="$options"/></View>"""
    options = [{"value": "one kind"}, {"value": "other", "background": "#123456"}]
    result = [
        region(_RAW, "Ana", "one kind", "1", "d", "t", score=0.7),
        region(_RAW, "Oslo", "other", "2", "d", "t", score=0.2),
    ]
    data = {"t": _RAW, "options": options}
    predictions = [{"id": 1, "model_version": "m-1", "score": 0.5, "result": result}]
    return FuzzProject(
        "labels from the data",
        config,
        [task(1, data, result), task(2, data, predictions=predictions), task(3, data, [])],
    )


def _audio() -> FuzzProject:
    """A recording beside its transcript: regions of the one are no spans of the other."""
    config = """<View><Audio name="sound" value="$audio"/><Labels name="noise" toName="sound">
<Label value="hiss"/>
</Labels><Text name="said" value="$transcript"/><Labels name="words" toName="said"><Label value="name"/>
</Labels>
</View>"""
    hiss = {"start": 0.25, "end": 1.5, "channel": 0, "labels": ["hiss"]}
    shared = {"from_name": "noise", "to_name": "sound", "type": "labels", "original_length": 9.25}
    result = [
        {"id": "n1", **shared, "value": hiss},
        {"id": "n2", **shared, "value": {**hiss, "start": 2, "end": 3}},
        region(_RAW, "Ana", "name", "w1", "words", "said"),
        region(_RAW, "Bo", "name", "w2", "words", "said"),
    ]
    data = {"audio": "https://example.org/a.wav", "transcript": _RAW}
    return FuzzProject("recording", config, [task(1, data, result), task(2, data, result[:1], result[2:])])


def _right_to_left() -> FuzzProject:
    """Labels, controls and texts in Hebrew and Arabic."""
    config = """<View><Text name="טקסט" value="$טקסט"/><Labels name="תוויות" toName="טקסט">
<Label value="שם אדם"/>
<Label value="مدينة"/></Labels><Choices name="ודאי" toName="טקסט" perRegion="true"><Choice value="כן"/>
<Choice value="לא"/></Choices></View>"""
    hebrew = [
        region(_HEBREW, "דנה כהן", "שם אדם", "א", "תוויות", "טקסט"),
        region(_HEBREW, "תל אביב", "مدينة", "ב", "תוויות", "טקסט"),
        answer("א", "ודאי", "טקסט", "choices", ["כן"]),
    ]
    arabic = [
        region(_ARABIC, "ليلى", "שם אדם", "1", "תוויות", "טקסט"),
        region(_ARABIC, "تونس", "مدينة", "2", "תוויות", "טקסט"),
    ]
    return FuzzProject(
        "right to left", config, [task(1, {"טקסט": _HEBREW}, hebrew), task(2, {"טקסט": _ARABIC}, arabic)]
    )


PROJECTS = (
    _own(),
    _ner(),
    _two_texts(),
    _dotted(),
    _page(),
    _dialogue(),
    _per_region(),
    _taxonomy(),
    _relations(),
    _dynamic(),
    _audio(),
    _right_to_left(),
)
