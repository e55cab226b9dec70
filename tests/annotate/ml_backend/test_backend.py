"""A model as an ML backend: what it answers, what it refuses, what it leaves out."""

from __future__ import annotations

import ast
import json
import shutil
import socket
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import httpx
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st

from goldwire.annotate.labelstudio.ssrf import ADDRESS, banned_networks, reach
from goldwire.annotate.ml_backend.app import LIMIT, serving
from goldwire.annotate.ml_backend.handlers import Backend
from goldwire.annotate.ml_backend.predictor import LONGEST, Assistant, document_of_task, in_pieces, prediction
from goldwire.annotate.ml_backend.validate import fit_to_schema
from goldwire.annotate.sync.predictions import prediction_faults
from goldwire.annotate.sync.tasks import uid
from goldwire.errors import GoldwireError, install_hint
from goldwire.formats.labelstudio.reader import from_result
from goldwire.model import Annotation, AttributeValue, Document, Relation, Span
from goldwire.schemas.rendering.label_config import label_config
from tests.annotate.helpers import make_schema
from tests.annotate.ml_backend.tiny_pipeline import MARKED
from tests.examples import at_most

SCHEMA = make_schema()
CONFIG = label_config(SCHEMA)
VERSION = "xx_kitchen@0.3 (recipes@2.1.0)"
FRENCH = spacy.blank("fr")


@pytest.fixture
def backend(assistant: Assistant) -> Backend:
    """A backend that has answered nothing yet."""
    return Backend(assistant)


@pytest.fixture
def served(backend: Backend) -> Iterator[httpx.Client]:
    """A client of the backend, which really listens."""
    with (
        serving(backend, "127.0.0.1", patience=120) as address,
        httpx.Client(base_url=address.url, trust_env=False, timeout=120) as client,
    ):
        yield client


def task(number: int, text: str, shown: str | None = None) -> dict[str, Any]:
    """A task as Label Studio sends it; with `shown`, another text than the one that was pushed."""
    document = Document(f"d{number}", text)
    return {"id": number, "data": {"uid": uid(document), "id": document.id, "text": shown or text}}


def ask(*tasks: dict[str, Any]) -> dict[str, Any]:
    """The body of a request for predictions."""
    params = {"login": "", "password": "", "context": None}
    return {"tasks": list(tasks), "project": "1.17", "label_config": CONFIG, "params": params}


def test_a_prediction_holds_regions_scores_and_versions(served: httpx.Client) -> None:
    """One entry a task: regions of the task's text with their confidence, its mean, model and corpus."""
    texts = [text for text, _ in MARKED[:3]] + ["🥕 Elle coupe la pomme"]
    answer = served.post("/predict", json=ask(*(task(n, text) for n, text in enumerate(texts))))
    assert answer.status_code == 200
    results = answer.json()["results"]
    assert len(results) == len(texts)
    found = []
    for text, made in zip(texts, results, strict=True):
        read = from_result(made["result"], text, SCHEMA)
        assert not read.quarantined
        scores = [span.score for span in read.spans]
        assert all(score is not None and 0 < score <= 1 for score in scores)
        assert made["model_version"] == VERSION
        if scores:
            assert made["score"] == pytest.approx(sum(filter(None, scores)) / len(scores), abs=1e-3)
        else:
            assert made["score"] is None
        found.append([text[span.start : span.end] for span in read.spans])
    assert found[0] == ["pomme"] and found[3] == ["pomme"], "the recogniser learned nothing"


def test_health_setup_versions_and_webhook_answer_as_label_studio_asks(
    served: httpx.Client, backend: Backend
) -> None:
    """Each end of the contract gives its JSON; webhook events are counted, the token of setup is not kept."""
    assert served.get("/health").json() == {"status": "UP", "model_version": VERSION}
    assert served.get("/versions").json() == {"versions": [VERSION]}
    body = {"project": "1.17", "schema": CONFIG, "access_token": "a-secret", "extra_params": None}
    assert served.post("/setup", json=body).json() == {"model_version": VERSION}
    for action in ("ANNOTATION_CREATED", "ANNOTATION_CREATED", "START_TRAINING", "<script>", None):
        assert served.post("/webhook", json={"action": action}).status_code == 200
    assert backend.counts.events == {"ANNOTATION_CREATED": 2, "START_TRAINING": 1, "other": 2}
    assert "a-secret" not in repr(vars(backend))


def test_what_is_no_request_gets_a_plain_json_error(served: httpx.Client) -> None:
    """Wrong paths, methods, types, sizes and names of the server are refused, each with its reason."""
    json_type = {"Content-Type": "application/json"}
    for answer, status in (
        (served.get("/nowhere"), 404),
        (served.get("/predict"), 405),
        (served.post("/predict", content=b"{}"), 415),
        (served.post("/predict", content=b"{}", headers={"Content-Type": "text/plain"}), 415),
        (served.post("/predict", content=b"{", headers=json_type), 400),
        (served.post("/predict", content=b"\xff", headers=json_type), 400),
        (served.post("/predict", content=b"[" * 100_000, headers=json_type), 400),
        (served.post("/predict", json=[]), 400),
        (served.post("/predict", json={"tasks": 3}), 400),
        (served.post("/predict", json={"tasks": [], "label_config": "<View"}), 400),
        (served.post("/setup", json={"schema": "<View/>"}), 409),
        (served.post("/webhook", content=iter([b" " * LIMIT, b" "]), headers=json_type), 413),
        (served.get("/health", headers={"Host": "evil.example"}), 400),
    ):
        assert answer.status_code == status
        assert answer.json()["error"]


def test_a_config_of_another_schema_is_refused_with_what_it_lacks(served: httpx.Client) -> None:
    """No prediction goes to a project that could not show it."""
    other = CONFIG.replace('alias="FOOD"', 'alias="MEAL"')
    answer = served.post("/predict", json={**ask(task(1, "la pomme")), "label_config": other})
    assert answer.status_code == 409
    assert "FOOD" in answer.json()["error"] and "annotate push" in answer.json()["error"]


def test_a_task_that_was_not_pushed_as_it_is_gets_no_prediction(served: httpx.Client) -> None:
    """Another text than the uid's, no uid, no text or one too long: an empty entry, and the reason."""
    tasks = [
        task(1, "Elle coupe la pomme"),
        task(2, "Elle coupe la pomme", "Elle coupe la poire"),
        {"id": 3, "data": {"text": "Elle coupe la pomme"}},
        {"id": 4, "data": {"uid": "d@0"}},
        {"id": 5},
        task(6, "x" * (LONGEST + 1)),
    ]
    answer = served.post("/predict", json=ask(*tasks)).json()
    assert [bool(entry) for entry in answer["results"]] == [True, False, False, False, False, False]
    assert answer["results"][1:] == [[]] * 5
    assert [refused["task"] for refused in answer["refused"]] == [2, 3, 4, 5, 6]
    assert "not the one that was pushed" in answer["refused"][0]["reason"]


def test_a_label_that_the_schema_lacks_is_left_out_and_counted(served: httpx.Client) -> None:
    """SPOON is the model's and not the schema's."""
    answer = served.post("/predict", json=ask(task(1, "Prenez la cuillère"))).json()
    assert answer["results"][0]["result"] == []
    assert answer["left_out"] == {"spans of label `SPOON`, which layer `thing` does not have": 1}


def test_what_time_did_not_suffice_for_is_done_when_asked_again(assistant: Assistant) -> None:
    """Nothing is predicted after the budget, and what was predicted is not made again."""
    backend = Backend(assistant)
    body = ask(task(1, "Elle coupe la pomme"))
    late = backend.predict(body, until=0.0)
    assert late["results"] == [[]] and "not done within" in late["refused"][0]["reason"]
    first = backend.predict(body)
    assert first["refused"] == []
    assert backend.predict(body, until=0.0)["results"] == first["results"]


def test_an_error_of_the_pipeline_is_one_plain_answer(
    served: httpx.Client, backend: Backend, assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A component that fails gives a JSON error, is counted, and the server goes on."""

    def fails(_texts: Any) -> Any:
        raise KeyError("table")

    monkeypatch.setattr(assistant.nlp, "pipe", fails)
    answer = served.post("/predict", json=ask(task(1, "la pomme")))
    assert (answer.status_code, answer.json()) == (500, {"error": "the prediction failed"})
    assert answer.headers["connection"] == "close", "uvicorn ends it: the next request would find it reset"
    assert backend.counts.failed == {"KeyError: 'table'": 1}
    assert served.get("/health").status_code == 200


def test_an_address_where_nothing_can_listen_is_named(backend: Backend) -> None:
    """A taken port and a host that is not this machine's each give GW381 with what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(GoldwireError, match=r"GW381.*another --port"),
            serving(backend, "127.0.0.1", port),
        ):
            pass
    with pytest.raises(GoldwireError, match="GW381"), serving(backend, "192.0.2.1"):
        pass


def test_a_pipeline_without_a_corpus_has_a_plain_version(pipeline: Path, tmp_path: Path) -> None:
    """The version is name@version alone where the pipeline does not say what it was trained on."""
    copied = shutil.copytree(pipeline, tmp_path / "plain")
    meta = json.loads((copied / "meta.json").read_text())
    del meta["goldwire"]["corpus"]
    (copied / "meta.json").write_text(json.dumps(meta))
    assert Assistant(str(copied), SCHEMA).version == "xx_kitchen@0.3"
    with pytest.raises(GoldwireError, match="GW410"):
        Assistant(str(tmp_path), SCHEMA)


labels = st.sampled_from(["FOOD", "TOOL", "CUT", "NONE"])
layers = st.sampled_from(["thing", "step", "other"])
values: st.SearchStrategy[AttributeValue] = st.sampled_from(
    ["raw", "burnt", True, False, ["sweet"], ["salt"], "2020-01-03", 3]
)
names = st.sampled_from(["state", "tastes", "note", "best", "thing_id", "word_part", "how", "none"])


@st.composite
def readings(draw: st.DrawFn) -> Annotation:
    """Anything that a pipeline could say."""
    spans = tuple(
        Span(
            f"e{number}",
            draw(layers),
            draw(labels),
            draw(st.integers(-1, 8)),
            draw(st.integers(0, 12)),
            draw(st.dictionaries(names, values, max_size=3)),
        )
        for number in range(draw(st.integers(0, 6)))
    )
    ends = st.sampled_from([f"e{n}" for n in range(7)])
    relations = tuple(
        Relation(draw(st.sampled_from(["object", "with", "none"])), draw(ends), draw(ends))
        for _ in range(draw(st.integers(0, 5)))
    )
    return Annotation("d", "m", "x@1", spans=spans, relations=relations)


@settings(max_examples=at_most(150))
@given(readings())
def test_what_fits_can_be_sent_and_the_rest_is_counted(annotation: Annotation) -> None:
    """No fault is left that would be refused, and kept and left out add up to what there was."""
    document = Document("d", "la pomme 🍎 ")
    kept, left = fit_to_schema(annotation, SCHEMA, document.text)
    assert list(prediction_faults(SCHEMA, document, [kept])) == []
    told = Counter[str]()
    for reason, number in left.items():
        told[reason.split()[0]] += number
    assert len(kept.spans) + told["spans"] == len(annotation.spans)
    assert len(kept.relations) + told["relations"] == len(annotation.relations)
    ids = {span.id for span in kept.spans}
    asked = [item for span in annotation.spans if span.id in ids for item in span.attributes.items()]
    layer = {span.id: span.layer for span in kept.spans}
    off = sum(
        span.attributes.get("word_part") is False and layer.get(span.id) == "thing"
        for span in annotation.spans
    )
    held = sum(len(span.attributes) for span in kept.spans)
    assert held + told["values"] + off == len(asked)
    made = prediction(kept, SCHEMA, document.text)
    read = from_result(made["result"], document.text, SCHEMA)
    assert not read.quarantined
    assert len(read.spans) == len(kept.spans)


def test_a_task_is_read_by_its_own_text() -> None:
    """The id may hold an @, and the text is the task's."""
    document = Document("a@b", "Été 🚀")
    assert document_of_task({"data": {"uid": uid(document), "text": document.text}}) == document


PARTS = (
    "\n",
    "\n\n",
    " ",
    "\t",
    "\u00a0",
    "aujourd'hui",
    "l’État",
    "c'est",
    "J.-C.",
    "🥕",
    "é",
    ".",
    ",",
    "«",
)


@settings(max_examples=at_most(300))
@given(st.lists(st.sampled_from(PARTS), max_size=25), st.integers(1, 8))
def test_a_long_text_has_the_same_tokens_in_pieces(parts: list[str], most: int) -> None:
    """Extents, spaces, norms and starts of sentences are those of the whole; so predictions are too."""
    text = "".join(parts)
    whole, pieced = FRENCH.make_doc(text), in_pieces(FRENCH, text, most)
    assert pieced.text == whole.text == text
    told = [[(t.idx, t.text, t.whitespace_, t.norm_) for t in doc] for doc in (whole, pieced)]
    assert told[0] == told[1]
    assert [t.is_sent_start for t in whole][1:] == [t.is_sent_start for t in pieced][1:]


def test_only_one_address_is_opened() -> None:
    """All of loopback is banned but one address, and all that Label Studio bans by default."""
    networks = [ip_network(name) for name in banned_networks()]

    def banned(address: str) -> bool:
        return any(ip_address(address) in network for network in networks)

    assert not banned(ADDRESS) and not banned("9.9.9.9")
    for other in ("127.0.0.1", "127.0.0.3", "127.255.255.255", "::1", "10.0.0.1", "169.254.169.254"):
        assert banned(other), other
    package = find_spec("label_studio")
    if package is None or package.origin is None:
        pytest.skip(f"Label Studio is not installed: {install_hint('studio')}")
    source = (Path(package.origin).parent / "core/utils/io.py").read_text(encoding="utf-8")
    assigned = [
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Assign) and "default_banned_subnets" in ast.unparse(node.targets[0])
    ]
    theirs = set(ast.literal_eval(assigned[0]))
    assert theirs - {"127.0.0.0/8"} <= set(banned_networks())


def test_a_server_for_others_opens_nothing_unless_asked() -> None:
    """On this machine the address is opened, behind a public one only on demand, and never against a no."""
    assert reach()["LABEL_STUDIO_USE_DEFAULT_BANNED_SUBNETS"] == "false"
    assert reach()["LABEL_STUDIO_USER_ADDITIONAL_BANNED_SUBNETS"].split(",") == banned_networks()
    assert reach(None, "https://gold.example") == {} == reach(False)
    assert reach(True, "https://gold.example") == reach()
