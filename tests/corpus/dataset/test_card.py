"""The card: a header in the Hub's fields, a data statement, shares of provenance, a file for the licence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from msgspec import structs

from goldwire.annotations.stats import count_annotations
from goldwire.annotations.store import write_annotation
from goldwire.corpus.corpus import load_corpus
from goldwire.corpus.dataset.build import build
from goldwire.corpus.dataset.card_facts import CardFacts
from goldwire.corpus.dataset.card_header import LICENCES, licence_address, licence_fields
from goldwire.corpus.dataset.card_statement import QUESTIONS, shares, statement, titled
from goldwire.corpus.split.groups import Rule
from goldwire.corpus.split.io import Split, split_path, write_split
from goldwire.model import Provenance
from goldwire.project import Project, load_project
from tests.corpus.mini import mini_articles, mini_project

#: What the Hub takes, field by field: its own template for dataset cards.
TAKEN = {
    "annotations_creators": {"crowdsourced", "found", "expert-generated", "machine-generated"},
    "language_creators": {"crowdsourced", "found", "expert-generated", "machine-generated"},
    "multilinguality": {"monolingual", "multilingual", "translation"},
    "size_categories": {"n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "n>1M"},
    "source_datasets": {"original", "extended"},
    "task_categories": {"token-classification"},
}


def settings(project: Project, **changes: str) -> Project:
    """The project with lines of goldwire.toml replaced or added under [corpus]."""
    path = project.root / "goldwire.toml"
    lines = path.read_text(encoding="utf-8").splitlines()
    lines = [line for line in lines if line.partition(" ")[0] not in changes]
    place = lines.index("[corpus]") + 1
    lines[place:place] = [f"{key} = {value}" for key, value in changes.items()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return load_project(project.root)


def header(text: str) -> dict[str, object]:
    """The card's YAML."""
    found: dict[str, object] = yaml.safe_load(text.split("---\n")[1])
    return found


@pytest.mark.parametrize("licence", ["cc0-1.0", "other", "My Own Licence 1.0"])
def test_the_header_is_what_the_hub_takes(tmp_path: Path, licence: str) -> None:
    """The client's own card data reads it whole; every value is one that the Hub lists."""
    from huggingface_hub import DatasetCard, DatasetCardData

    project = settings(mini_project(tmp_path / "mini"), licence=f'"{licence}"')
    text = (build(load_corpus(project)).folder / "README.md").read_text(encoding="utf-8")
    data = DatasetCard(text).data
    assert isinstance(data, DatasetCardData)
    found = data.to_dict()
    assert found == header(text)
    known = set(vars(DatasetCardData())) | {"license_name", "license_link", "tags", "configs", "dataset_info"}
    assert set(found) <= known
    for field, values in TAKEN.items():
        assert set(found[field]) <= values, field
    assert found["license"] in LICENCES
    assert all(len(code) in (2, 3) for code in found["language"])


def test_a_licence_that_the_hub_does_not_list_has_a_file(tmp_path: Path) -> None:
    """`license_link` names LICENSE, which the build writes; a listed one needs neither."""
    assert licence_fields("CC-BY-4.0") == {"license": "cc-by-4.0"}
    assert licence_fields("My Own Licence 1.0")["license_name"] == "my-own-licence-1.0"
    assert licence_fields("other")["license_name"] == "see-the-card"
    project = mini_project(tmp_path / "mini")
    assert not (build(load_corpus(project)).folder / "LICENSE").exists()
    made = build(load_corpus(settings(project, licence='"other"')))
    assert header((made.folder / "README.md").read_text(encoding="utf-8"))["license_link"] == "LICENSE"
    assert "LICENSE" in made.manifest["files"]
    assert "Annotations: Apache-2.0." in (made.folder / "LICENSE").read_text(encoding="utf-8")
    build(load_corpus(settings(project, licence='"mit"')))
    assert not (made.folder / "LICENSE").exists()


@pytest.mark.parametrize(
    ("licence", "address"),
    [
        ("CC BY 2.5", "https://creativecommons.org/licenses/by/2.5/"),
        ("cc-by-nc-sa-4.0", "https://creativecommons.org/licenses/by-nc-sa/4.0/"),
        ("CC0 1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
        ("text belongs to its publisher", ""),
        ("CC BY", ""),
    ],
)
def test_licences_that_ask_for_their_address_have_it(licence: str, address: str) -> None:
    """Those of Creative Commons, however they are written; of others none is made up."""
    assert licence_address(licence) == address


def test_numbers_of_thousands_are_written_alike(tmp_path: Path) -> None:
    """In the example's card: spans, relations, entries."""
    card = (Path(__file__).parents[3] / "corpus/README.md").read_text(encoding="utf-8")
    assert "1,496 `entity` spans" in card and "1,297 relations.**" in card


def test_the_data_statement_says_what_is_known_and_what_is_not(tmp_path: Path) -> None:
    """What the project says, what can be counted, and `Not stated.` for the rest."""
    project = settings(
        mini_project(tmp_path / "mini"), statement='{curation = "Two  recipes.", ethics = "None."}'
    )
    corpus = load_corpus(project)
    answers = statement(
        corpus, CardFacts.of(corpus.articles), count_annotations(corpus.articles, corpus.schema)
    )
    found = dict(titled(answers))
    assert list(answers) == [key for key in QUESTIONS if key not in ("other", "glossary")] + ["ethics"]
    assert found["Curation rationale"] == "Two recipes."
    assert found["Language user demographic"] == "Not stated."
    assert found["Annotator demographic"].startswith("2 annotators: ")
    assert found["Executive summary"].startswith("Recettes: 2 texts, ")
    text = (build(corpus).folder / "README.md").read_text(encoding="utf-8")
    assert "## Data statement" in text
    assert "- **Curation rationale.** Two recipes." in text
    assert "- **Ethics.** None." in text


def test_shares_tell_machine_from_people(tmp_path: Path) -> None:
    """A model's adjudication stays machine-drafted; people's review counts; views of predictions are told."""
    project = mini_project(tmp_path / "mini", annotated=False)
    first, second = (article.annotations[0] for article in mini_articles())
    machine = Provenance("model", based_on=("a", "b"))
    person = Provenance("human", seen_predictions=True)
    write_annotation(project, structs.replace(first, status="adjudicated", provenance=machine))
    write_annotation(project, structs.replace(second, status="reviewed", provenance=person))
    rows = {row["name"]: row for row in shares(CardFacts.of(load_corpus(project).articles))}
    assert list(rows) == [
        "machine-drafted, reviewed by nobody",
        "reviewed by people",
        "made with predictions in view",
    ]
    assert [row["document_share"] for row in rows.values()] == [0.5, 0.5, 0.5]
    total = len(first.spans) + len(second.spans)
    assert rows["reviewed by people"]["span_share"] == len(second.spans) / total
    text = (build(load_corpus(project)).folder / "README.md").read_text(encoding="utf-8")
    assert "| reviewed by people | 1 (50 %) |" in text


def test_the_card_says_what_the_split_keeps_and_what_leaks(tmp_path: Path) -> None:
    """By which rule it was made, not more; a split edited into a leak is called one."""
    project = mini_project(tmp_path / "mini")
    sides = {"pommes": "train", "soupe": "test"}

    def text(split: Split) -> str:
        write_split(split_path(project), split)
        return (build(load_corpus(project)).folder / "README.md").read_text(encoding="utf-8")

    strict = text(Split("parts", Rule(0.7, 2), sides=sides))
    assert "similarity from .70" in strict
    assert "documents that share 2 events" in strict
    assert "leak" not in strict
    assert "event" not in text(Split("parts", Rule(0.7, 0), sides=sides))
    listing = project.seeds / "articles.jsonl"
    rows = [json.loads(line) | {"story": "one"} for line in listing.read_text(encoding="utf-8").splitlines()]
    listing.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert "**It leaks in 1 place**" in text(Split("parts", sides=sides))
