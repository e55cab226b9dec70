"""The public Python API: every name documented with an example that runs, typed, light to import."""

from __future__ import annotations

import doctest
import importlib
import importlib.util
import inspect
import json
import pickle
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

import goldwire
from goldwire.errors import raise_faults
from goldwire.model import Annotation, Article, Document, Provenance, Relation, Span

ROOT = Path(__file__).parents[1]
NAMES = [name for name in goldwire.__all__ if not name.startswith("__")]


def reading(document: str, annotator: str, *marks: tuple[str, int, int]) -> Annotation:
    """A person's submitted annotation from (label, start, end)."""
    spans = [Span(f"s{n}", "thing", label, start, end) for n, (label, start, end) in enumerate(marks)]
    person = Provenance(kind="human")
    return Annotation(document, annotator, "mini@0.1", "submitted", person, tuple(spans))


def examples() -> dict[str, list[Article]]:
    """The files that the examples of the docstrings are about."""
    one = Document("d1", "Anna mange une tarte au sel.", {"language": "fr"})
    two = Document("d2", "Ben mange une tarte au miel.", {"language": "fr"})
    here, there = [("DISH", 15, 20), ("THING", 24, 27)], [("DISH", 14, 19), ("THING", 23, 27)]
    wrong = [("THING", 23, 27), ("THING", 0, 3)]

    def made(annotator: str, other: list[tuple[str, int, int]]) -> list[Article]:
        return [
            Article(one, (reading("d1", annotator, *here),)),
            Article(two, (reading("d2", annotator, *other),)),
        ]

    anna, ben = made("anna", there), made("ben", [there[0], ("THING", 0, 3)])
    gold = [Article(a.document, (*a.annotations, *b.annotations)) for a, b in zip(anna, ben, strict=True)]
    return {"gold": gold, "system-a": made("a", wrong), "system-b": made("b", there)}


@pytest.fixture(scope="session")
def named(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the examples name: articles, two systems, a project, a model, a dataset."""
    import spacy

    folder = tmp_path_factory.mktemp("named")
    for name, articles in examples().items():
        goldwire.write(articles, folder / f"{name}.jsonl")
    shutil.copytree(ROOT / "tests/data/mini", folder / "my-project")
    shutil.copytree(ROOT / "corpus", folder / "corpus")
    spacy.blank("fr").to_disk(folder / "blank-model")
    (folder / "new-articles").mkdir()
    for name in ("bread", "soup"):
        (folder / f"new-articles/{name}.txt").write_text(f"Anna mange. {name}", encoding="utf-8")
    return folder


@pytest.fixture
def folder(named: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with what the examples name."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(named, tmp_path, dirs_exist_ok=True)
    return tmp_path


def undocumented(name: str, thing: Any) -> list[str]:
    """What a public name lacks: a docstring, an example and codes of errors in it, types of what it takes."""
    lacks = []
    if not inspect.getdoc(thing):
        lacks.append(f"{name}: no docstring")
    if not doctest.DocTestParser().get_examples(thing.__doc__ or ""):
        lacks.append(f"{name}: no example")
    if inspect.isfunction(thing) and not re.search(r"GW\d", (thing.__doc__ or "").partition(">>>")[0]):
        lacks.append(f"{name}: no word on what it raises")
    functions = {name: thing} if inspect.isfunction(thing) else {}
    if inspect.isclass(thing):
        functions |= {
            f"{name}.{key}": member
            for key, member in vars(thing).items()
            if inspect.isfunction(member) and not key.startswith("_")
        }
    for key, function in functions.items():
        signature = inspect.signature(function)
        takes = list(signature.parameters.values())[1 if "." in key else 0 :]
        bare = [p.name for p in takes if p.annotation is inspect.Parameter.empty]
        if bare or signature.return_annotation is inspect.Signature.empty:
            lacks.append(f"{key}: not typed {bare}")
        if not inspect.getdoc(function):
            lacks.append(f"{key}: no docstring")
    return lacks


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_is_documented_and_typed(name: str) -> None:
    """Docstring, an example, what is raised, types of everything that is taken and given."""
    assert undocumented(name, getattr(goldwire, name)) == []


def test_what_is_not_documented_is_seen() -> None:
    """The check bites: a bare function lacks all five."""

    def bare(x):  # type: ignore[no-untyped-def]
        return x

    bare.__doc__ = None
    assert len(undocumented("bare", bare)) == 5


def test_what_functions_give_back_is_documented_and_typed() -> None:
    """Each class of a result, and what it has, is told of on a page of the reference, with who gives it."""
    spec = importlib.util.spec_from_file_location("site_tools", ROOT / "docs/tools/site.py")
    assert spec and spec.loader
    site = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(site)
    results, page = site.results(), site.results_page()
    names = {place.rpartition(".")[2] for place in results}
    assert {"Scores", "Agreement", "Compared", "Counts", "Gated", "Run", "Conversion", "Split"} <= names
    for place, functions in results.items():
        module, _, name = place.rpartition(".")
        thing = getattr(importlib.import_module(module), name)
        properties = [
            key for key, member in vars(thing).items() if isinstance(member, property) and key[0] != "_"
        ]
        bare = [key for key in properties if not inspect.getdoc(getattr(thing, key))]
        lacks = [lack for lack in undocumented(name, thing) if not lack.endswith("no example")]
        assert not bare and not lacks, name
        assert f"\n::: {place}\n" in page and all(f"[`{given}`]" in page for given in functions)


@pytest.mark.parametrize("name", NAMES)
def test_the_example_of_every_public_name_runs(name: str, folder: Path) -> None:
    """What the docstring shows is what comes out."""
    thing = getattr(goldwire, name)
    found = doctest.DocTestFinder(recurse=False).find(thing, name, globs={})
    outcomes = [doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test) for test in found]
    assert sum(outcome.attempted for outcome in outcomes) > 0
    assert sum(outcome.failed for outcome in outcomes) == 0


def test_types_are_known_of_the_very_names_that_are_public() -> None:
    """What a type checker sees, what `dir` shows and what is loaded are the same names."""
    source = (ROOT / "src/goldwire/__init__.py").read_text(encoding="utf-8")
    seen = {line.split(" as ")[1] for line in source.splitlines() if line.startswith("    from goldwire.")}
    assert seen == set(NAMES) <= set(dir(goldwire))
    for name in NAMES:
        thing = getattr(goldwire, name)
        assert thing.__name__ == name
        assert getattr(importlib.import_module(thing.__module__), name) is thing
    with pytest.raises(AttributeError, match="nothing_such"):
        goldwire.nothing_such  # noqa: B018


def python(code: str, *, cwd: Path) -> str:
    """What Python prints, run by itself."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_goldwire_imports_nothing_else(tmp_path: Path) -> None:
    """`import goldwire` loads neither a library nor any other module of goldwire's."""
    code = (
        "import sys; before = set(sys.modules); import goldwire; new = set(sys.modules) - before\n"
        "import sysconfig; places = tuple(sysconfig.get_paths()[k] for k in ('purelib', 'platlib'))\n"
        "files = {n: getattr(sys.modules[n], '__file__', None) or '' for n in new}\n"
        "print(sorted(n for n, f in files.items() if f.startswith(places) or n.startswith('goldwire.')))"
    )
    assert python(code, cwd=tmp_path).strip() == "[]"


def test_without_spacy_and_label_studio_articles_are_read_scored_compared_and_written(folder: Path) -> None:
    """JSON Lines, brat and Label Studio's JSON need no more than the small libraries."""
    code = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"spacy", "thinc", "label_studio_sdk", "label_studio", "datasets", "torch"}:
            raise ImportError(f"{name} is blocked")
sys.meta_path.insert(0, Block())
import goldwire
gold = goldwire.read("gold.jsonl")
for path, name in (("out.jsonl", None), ("out.json", None), ("out", "brat")):
    goldwire.write(gold, path, name)
    assert goldwire.count(goldwire.read(path)).spans == 8, path
print(goldwire.score("gold.jsonl", "out.jsonl", resamples=10).table().to_csv()[:5])
print(goldwire.agree("out", resamples=10), goldwire.agree("out.json", resamples=10))
print(goldwire.compare("gold.jsonl", "system-a.jsonl", "system-b.jsonl", rounds=100).table().to_latex()[:7])
"""
    printed = python(code, cwd=folder)
    assert "layer" in printed and "anna and ben" in printed and "\\begin" in printed


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("GW101", "SchemaError"),
        ("GW250", "CorpusError"),
        ("GW312", "AnnotateError"),
        ("GW410", "TrainError"),
        ("GW507", "EvalError"),
        ("GW910", "UsageError"),
        ("GW000", "GoldwireError"),
    ],
)
def test_errors_are_caught_by_kind_wherever_they_were_raised(code: str, kind: str) -> None:
    """The first fault's code says the kind; an error that crossed to another process is still of it."""
    faults = [goldwire.Fault(code, "what", "where", "hint"), goldwire.Fault("GW999", "more")]
    with pytest.raises(goldwire.GoldwireError) as caught:
        raise_faults(faults)
    crossed = pickle.loads(pickle.dumps(caught.value))
    for error in (caught.value, goldwire.GoldwireError.of(code, "what"), crossed):
        assert type(error) is getattr(goldwire, kind)
    assert crossed.faults == tuple(faults)


@pytest.mark.parametrize(
    ("path", "format"),
    [
        ("x.jsonl", "jsonl"),
        ("x.json", "labelstudio"),
        ("x.spacy", "docbin"),
        ("x.parquet", "parquet"),
        ("x.conll", "conll"),
        ("x.bio", "conll"),
    ],
)
def test_a_telling_suffix_says_the_format(path: str, format: str, folder: Path) -> None:
    """What was written by its suffix is read by it, whatever it can hold."""
    options = {"layer": "thing"} if format == "conll" else {}
    gold = examples()["gold"] if format != "conll" else examples()["system-b"]
    done = goldwire.write(gold, path, **options)
    named = goldwire.write(gold, f"named-{path}", format, **options)
    assert done.counts == named.counts and Path(path).exists()
    assert goldwire.count(goldwire.read(path, **options)).spans == goldwire.count(gold).spans


@pytest.mark.parametrize("path", ["x.txt", "x", "x.csv", "x.JSONL2"])
def test_a_path_that_does_not_say_the_format_is_refused(path: str, folder: Path) -> None:
    """Nothing is guessed that may be something else, and nothing is written then."""
    with pytest.raises(goldwire.UsageError, match=r"GW931.*name the format"):
        goldwire.write(examples()["gold"], path)
    assert not Path(path).exists()
    Path(path).write_text('{"a": 1}')
    with pytest.raises(goldwire.UsageError, match="GW931"):
        goldwire.read(path)


def test_json_of_unknown_shape_is_not_taken_for_an_export(folder: Path) -> None:
    """`.json` is Label Studio's where it holds a list, UIMA's where it says so, else refused."""
    Path("x.json").write_text(json.dumps({"version": 1}))
    with pytest.raises(goldwire.UsageError, match="GW931"):
        goldwire.read("x.json")


def test_wrong_use_says_what_there_is(folder: Path) -> None:
    """A missing file, an option and a table that do not exist: each by its code, with the names there are."""
    with pytest.raises(goldwire.UsageError, match=r"GW901 .*no\.jsonl"):
        goldwire.read("no.jsonl")
    with pytest.raises(goldwire.UsageError, match=r"GW932 .*scheme"):
        goldwire.read("gold.jsonl", shceme="iob2")
    for option in ("schema", "project", "config"):
        nowhere: dict[str, Any] = {option: "nowhere"}
        with pytest.raises(goldwire.UsageError, match=r"GW901 .*nowhere"):
            goldwire.read("gold.jsonl", **nowhere)
        with pytest.raises(goldwire.UsageError, match=r"GW901 .*nowhere"):
            goldwire.convert("gold.jsonl", "out.jsonl", **nowhere)
    assert not Path("out.jsonl").exists()
    with pytest.raises(goldwire.UsageError, match=r"GW930 .*scores"):
        goldwire.score("gold.jsonl", "gold.jsonl", resamples=0).table("score")


def test_paths_articles_and_projects_are_taken_alike(folder: Path) -> None:
    """A string, a path, articles in memory and a generator give the same figures."""
    gold = examples()["gold"]
    whole = [
        goldwire.score(source, "system-a.jsonl", resamples=20).to_dict()
        for source in ("gold.jsonl", Path("gold.jsonl"), gold, (article for article in gold))
    ]
    assert all(one == whole[0] for one in whole)
    project = goldwire.load_project("my-project")
    assert goldwire.count(project).documents == goldwire.count("my-project").documents > 0


def test_what_a_reader_could_not_keep_is_shown(folder: Path) -> None:
    """Losses are with the articles and in their one line."""
    lost = goldwire.Articles(examples()["gold"], {"notes": ["d1", "d2"]})
    assert repr(lost) == "<2 articles, 4 annotations, 8 spans; not kept: 2 × notes>"


@pytest.mark.parametrize(
    ("spans", "relations", "code"),
    [
        ([Span("s", "thing", "DISH", 15, 500)], [], "GW204"),
        ([Span("s", "thing", "DISH", 5, 3)], [], "GW204"),
        ([Span("s", "thing", "DISH", 0, 3), Span("s", "thing", "DISH", 4, 6)], [], "GW205"),
        ([Span("s", "thing", "DISH", 0, 3)], [Relation("of", "s", "t")], "GW206"),
    ],
)
@pytest.mark.parametrize("path", ["x.jsonl", "x.json", "x.parquet"])
def test_what_nobody_could_read_again_is_not_written(
    path: str, spans: list[Span], relations: list[Relation], code: str, folder: Path
) -> None:
    """Articles made by hand are held against the model's own rules: each place is named, no file is left."""
    annotation = Annotation("d", "anna", "mini@0.1", spans=tuple(spans), relations=tuple(relations))
    with pytest.raises(goldwire.CorpusError, match=rf"{code} d \$\.annotations\[0\]"):
        goldwire.write([Article(Document("d", "Anna mange une tarte."), (annotation,))], path)
    assert not Path(path).exists()


def test_some_of_the_articles_are_as_good_in_a_notebook_as_all(folder: Path) -> None:
    """A slice of what was read says what it holds, is a table, a frame, and knows where it is from."""
    articles = goldwire.read("gold.jsonl")
    some = articles[:1]
    assert repr(some) == "<1 article, 2 annotations, 4 spans>" and "<table>" in some._repr_html_()
    assert len(some.to_frame()) == 4 and some.format == "jsonl" and some[0] == articles[0]
    assert len(articles) == 2 and articles[-1].document.id == "d2"


def test_spans_are_drawn_in_their_text_and_nothing_of_it_acts() -> None:
    """The HTML holds each span's wording and label, escaped."""
    document = Document("d", "a <b>c</b> & d")
    spans = (Span("s1", "x", "<L>", 2, 10), Span("s2", "x", "M", 5, 6))
    held = Article(document, (Annotation("d", "<i>", "s@1", spans=spans),))
    html = held._repr_html_()
    assert "&lt;L&gt;" in html and ">M<" in html and "<i>" not in html and "<b>c" not in html
    assert html.count("<mark") == 2
    assert "a &lt;b&gt;c" in Article(document)._repr_html_()


def test_a_label_has_one_colour_in_all_readings_of_an_article() -> None:
    """Two readings are compared at a glance, whatever either has besides; labels grow with the text."""
    anna = reading("d", "anna", ("A", 0, 1), ("B", 2, 3))
    ben = reading("d", "ben", ("B", 2, 3), ("C", 4, 5))
    html = Article(Document("d", "x y z"), (anna, ben))._repr_html_()
    colours = re.findall(r'class="chip (g\d+)"><b>(\w)<', html)
    assert [label for _, label in colours] == ["A", "B", "B", "C"]
    assert len(dict(colours)) == len(set(colours)) == 3
    assert "anna" in html and "ben" in html and html.count("<style>") == 1 and "rem" not in html


def test_what_a_notebook_shows_of_the_model_is_a_line(folder: Path) -> None:
    """An article, a document and an annotation say what they hold, a span and a relation what they say."""
    [article, _] = goldwire.read("gold.jsonl")
    shown = (article.document, article.annotations[0], article.annotations[0].spans[0])
    assert [repr(part) for part in shown] == [
        "<Document d1: 28 characters>",
        "<Annotation of d1 by anna, submitted: 2 spans, 0 relations>",
        "Span(id='s0', layer='thing', label='DISH', start=15, end=20)",
    ]
    assert repr(Relation("made_of", "s1", "s2")) == "Relation(label='made_of', head='s1', tail='s2')"


def test_scores_are_drawn_label_by_label_and_nothing_of_a_name_acts() -> None:
    """The drawing is one SVG: all labels with their support and F1; one without a score says so."""
    document = Document("d", "Anna mange une tarte.")
    gold = Article(document, (reading("d", "anna", ("<b>", 15, 20), ("Q", 0, 4)),))
    pred = Article(document, (reading("d", "bot", ("<b>", 15, 20)),))
    drawing = goldwire.score([gold], [pred], resamples=0).plot()
    root = ET.fromstring(drawing)
    texts = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert {"all (2)", "<b> (1)", "Q (1)", ".667", "1.000"} <= set(texts)
    assert drawing._repr_svg_() == drawing and root.tag.endswith("svg")


def test_a_doc_holds_the_annotation_that_was_asked_for() -> None:
    """The most trusted one by default, layers in groups, the chosen layer's outermost spans as entities."""
    import spacy

    document = Document("d", "Anna Maria mange ici")
    spans = (Span("a", "who", "P", 0, 10), Span("b", "who", "Q", 5, 10), Span("c", "act", "E", 11, 16))
    relations = (Relation("by", "c", "a"),)
    first = Annotation("d", "x", "s@1", "draft", spans=spans[:1])
    second = Annotation("d", "y", "s@1", "reviewed", spans=spans, relations=relations)
    article = Article(document, (first, second))
    nlp = spacy.blank("fr")
    doc = article.to_spacy(nlp)
    assert [(s.text, s.label_) for s in doc.spans["who"]] == [("Anna Maria", "P"), ("Maria", "Q")]
    assert [e.text for e in doc.ents] == ["Anna Maria"]
    assert doc.user_data["goldwire"]["relations"] == [["by", ["act", 0], ["who", 0], []]]
    assert [e.text for e in article.to_spacy(nlp, layer="act").ents] == ["mange"]
    assert list(article.to_spacy(nlp, first).spans) == ["who"]
    widened: list[str] = []
    Article(document, (Annotation("d", "x", "s@1", spans=(Span("a", "who", "P", 0, 3),)),)).to_spacy(
        nlp, widened=widened
    )
    assert len(widened) == 1 and "«Ann» in «Anna»" in widened[0]


def test_an_attribute_called_like_a_column_has_a_column_of_its_own() -> None:
    """No value of a span is written over by another."""
    span = Span("s", "x", "L", 0, 1, {"label": "other", "text": "own", "size": 3})
    annotation = Annotation("d", "a", "s@1", spans=(span,))
    row = Article(Document("d", "abc"), (annotation,)).to_frame().iloc[0].to_dict()
    assert (row["label"], row["attribute.label"], row["text"], row["attribute.text"], row["size"]) == (
        "L", "other", "a", "own", 3,
    )  # fmt: skip
    assert len(Article(Document("d", "abc")).to_frame()) == len(goldwire.Articles().to_frame()) == 0
