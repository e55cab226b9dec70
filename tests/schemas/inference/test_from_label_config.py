"""A schema from a Label Studio config: what it says comes along, what it can't is listed."""

from __future__ import annotations

from pathlib import Path

import pytest

from goldwire.errors import GoldwireError
from goldwire.schemas import Schema, load_schema
from goldwire.schemas.inference.from_label_config import infer
from goldwire.schemas.inference.inferred import FROM_DATA, Inferred, schema_of
from goldwire.schemas.rendering.label_config import label_config

ROOT = Path(__file__).parents[3]
FOREIGN = """
<View>
  <Image name="photo" value="$img"/>
  <Labels name="Entités nommées" toName="txt">
    <Label value="Personne physique" background="red" hotkey="p"/>
    <Label value="Lieu" background="#abc" hotkey="ctrl+l"/>
    <Label value="Org, privée" alias="ORG" background="#aabbcc" hint="Une société."/>
  </Labels>
  <Labels name="events" toName="txt"><Label value="Lieu" hotkey="p"/><Label value="1"/></Labels>
  <RectangleLabels name="boxes" toName="photo"><Label value="Box"/></RectangleLabels>
  <Text name="txt" value="$content"/>
  <View visibleWhen="region-selected" whenTagName="events" whenLabelValue="Lieu">
    <Choices name="How" toName="txt" perRegion="true" required="true">
      <Choice value="Très vite"/><Choice value="slowly" alias="s"/>
    </Choices>
  </View>
  <Choices name="events-all" toName="txt" perRegion="true" choice="multiple"><Choice value="x"/></Choices>
  <TextArea name="Note" toName="txt" perRegion="true"/>
  <Choices name="tone" toName="txt"><Choice value="good"/></Choices>
  <Rating name="stars" toName="txt" perRegion="true"/>
  <Taxonomy name="tax" toName="txt"><Choice value="deep"/></Taxonomy>
  <Relations><Relation value="Employé de"/><Relation value="events"/></Relations>
</View>
"""


def loaded(found: Inferred, tmp_path: Path) -> Schema:
    """The schema as it is read from its file."""
    path = tmp_path / "schema.yaml"
    path.write_text(found.yaml(), encoding="utf-8")
    return load_schema(path)


def test_a_foreign_config_becomes_a_valid_schema(tmp_path: Path) -> None:
    """Groups are layers, per-region controls attributes of the right labels, relations run between all."""
    schema = loaded(infer(FOREIGN, name="mine", language="fr"), tmp_path)
    assert {name: schema.labels(name) for name in schema.layers} == {
        "entites_nommees": ["Personne_physique", "Lieu", "ORG"],
        "events": ["Lieu_2", "1"],
    }
    events = schema.layers["events"]
    assert events.attributes["how"].labels == ["Lieu_2"]
    assert events.attributes["how"].required is True
    assert list(events.attributes["how"].values) == ["Très vite", "s"]
    assert {n: a.kind for n, a in events.attributes.items()} == {
        "how": "choice",
        "events_all": "choices",
        "note": "text",
        "stars": "text",
    }
    assert list(schema.layers["entites_nommees"].attributes) == ["events_all", "note", "stars"]
    assert list(schema.relations) == ["employe_de", "events_2"]
    assert schema.layers["entites_nommees"].labels["ORG"].definition == "Une société."


def test_names_are_mapped_so_that_they_can_be_mapped_back() -> None:
    """Every stored name has exactly one name in the schema, and no two share theirs."""
    names = infer(FOREIGN, name="mine", language="fr").names
    assert [(source.tag, source.key) for source in names.texts] == [("txt", "content")]
    assert names.layers == {"Entités nommées": "entites_nommees", "events": "events"}
    labels = [ours for control in names.labels.values() for ours in control.values()]
    assert len(labels) == len(set(labels)) == 5
    assert names.values["How"] == {"Très vite": "Très vite", "s": "s"}
    assert names.relations == {"Employé de": "employe_de", "events": "events_2"}
    assert names.attributes["Note"] == {"entites_nommees": "note", "events": "note"}


def test_what_a_schema_cannot_say_is_listed() -> None:
    """Other tags, questions about the whole document and labels over other things are each named."""
    found = infer(FOREIGN, name="mine", language="fr")
    assert {(left.tag, left.name) for left in found.left} == {
        ("Image", "photo"),
        ("RectangleLabels", "boxes"),
        ("Choices", "tone"),
        ("Taxonomy", "tax"),
    }
    renamed = {(one.kind, one.old): one.new for one in found.renamed}
    assert renamed["hotkey", "ctrl+l of Lieu"] == ""
    assert renamed["hotkey", "p of Lieu"] == ""
    assert renamed["label", "Personne physique"] == "Personne_physique"
    assert ("colour", "#aabbcc of Org, privée") in renamed


@pytest.mark.parametrize("path", ["schemas/politics.yaml", "tests/data/mini/schemas/mini.yaml"])
def test_our_own_config_comes_back(path: str, tmp_path: Path) -> None:
    """The config of a schema yields its layers, labels, attributes, choices, relations and keys again."""
    schema = load_schema(ROOT / path)
    again = loaded(infer(label_config(schema), name=schema.name, language="fr"), tmp_path)
    assert list(again.relations) == list(schema.relations)
    assert list(again.layers) == list(schema.layers)
    for name, layer in schema.layers.items():
        assert again.labels(name) == schema.labels(name)
        found = again.layers[name]
        assert [label.color for label in found.labels.values()] == [x.color for x in layer.labels.values()]
        assert [label.hotkey for label in found.labels.values()] == [x.hotkey for x in layer.labels.values()]
        assert list(found.attributes) == list(layer.attributes)
        for key, attribute in layer.attributes.items():
            # A config shows an attribute where there is a value of it to choose.
            assert found.attributes[key].labels == attribute.bearers(layer.labels)
            if attribute.kind != "flag":
                labels = [value.labels for value in found.attributes[key].values.values()]
                assert labels == [value.labels for value in attribute.values.values()]
            if attribute.values:
                assert list(found.attributes[key].values) == list(attribute.values)


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ("<View", "GW121"),
        ("", "GW121"),
        ("<View/>", "GW122"),
        ('<View><Labels name="l" toName="t"/><Text name="t" value="$t"/></View>', "GW122"),
        (
            '<View><Labels name="l" toName="i"><Label value="a"/></Labels><Image name="i"/></View>',
            "GW122",
        ),
    ],
)
def test_a_config_without_labels_over_a_text_is_refused(config: str, code: str) -> None:
    """What is no XML, or marks no text, ends in a plain error."""
    with pytest.raises(GoldwireError) as caught:
        infer(config, name="mine", language="fr")
    assert [fault.code for fault in caught.value.faults] == [code]


def test_many_labels_get_colours_of_their_own(tmp_path: Path) -> None:
    """Sixty labels without colours make a valid schema: no two of a layer look alike."""
    labels = "".join(f'<Label value="L{n}"/>' for n in range(60))
    config = f'<View><Labels name="l" toName="t">{labels}</Labels><Text name="t" value="$t"/></View>'
    schema = loaded(infer(config, name="many", language="en"), tmp_path)
    assert len({label.color.lower() for label in schema.layers["l"].labels.values()}) == 60


#: As CSS writes colours, and what each is.
COLORS = {
    "red": "#FF0000",
    "darkorange": "#FF8C00",
    "RebeccaPurple": "#663399",
    "#0af": "#00aaff",
    "rgb(1, 2, 3)": "#010203",
    "hsl(120, 100%, 25%)": "#008000",
    "rgba(4, 5, 6, 0.5)": "#040506",
    "rgb(7 8 9 / 50%)": "#070809",
    "hsla(0, 100%, 25%, .3)": "#800000",
    "#11223344": "#112233",
}


def test_colours_stay_what_they_are_however_css_writes_them(tmp_path: Path) -> None:
    """From a config into a schema, from that into a config and back: no label changes its colour."""
    labels = "".join(f'<Label value="{n}" background="{color}"/>' for n, color in enumerate(COLORS))
    config = f'<View><Labels name="l" toName="t">{labels}</Labels><Text name="t" value="$text"/></View>'
    for _ in range(2):
        inferred = infer(config, name="css", language="en")
        assert not [change for change in inferred.renamed if change.kind == "colour"]
        schema = loaded(inferred, tmp_path)
        colors = [label.color for label in schema.layers["l"].labels.values()]
        assert [color.lower() for color in colors] == [color.lower() for color in COLORS.values()]
        config = label_config(schema)


def test_a_config_whose_labels_all_come_from_the_data_says_so() -> None:
    """No schema can be made of it alone; an export has the labels."""
    config = '<View><Labels name="l" toName="t" value="$o"/><Text name="t" value="$text"/></View>'
    inferred = infer(config, name="dynamic", language="en")
    assert [omission.why for omission in inferred.left] == [FROM_DATA]
    with pytest.raises(GoldwireError, match="tasks' data"):
        schema_of(inferred)
    with_labels = infer(config, name="dynamic", language="en", labels={"l": {"A", "B"}})
    assert schema_of(with_labels).layers["l"].labels.keys() == {"A", "B"}
