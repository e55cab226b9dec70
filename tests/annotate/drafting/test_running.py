"""A run of many requests: bounded, repeated where that helps, kept on disk, stopped cleanly."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

import goldwire
from goldwire.annotate.drafting.asker import Asker, OutOfBudget
from goldwire.annotate.drafting.cache import Answer, Cache
from goldwire.annotate.drafting.client import ChatClient
from goldwire.annotate.drafting.project_drafts import draft_project, preview_project
from goldwire.annotate.drafting.settings import Settings
from goldwire.annotations.store import write_annotation
from goldwire.formats.jsonl import read_jsonl
from goldwire.project import Project
from tests.annotate.drafting.recorded import good
from tests.annotate.drafting.stand_in import (
    MODEL,
    Reply,
    Script,
    StandIn,
    is_repair,
    items,
    layer_of,
    passage_of,
    standing_in,
)
from tests.cli.terminal import called, on_terminal, run

BODY = {"model": MODEL, "messages": [{"role": "user", "content": "one layer"}]}


def failing_first(times: int, reply: Reply) -> Script:
    """Answers badly so often, then well."""
    left = [times]
    lock = threading.Lock()

    def script(body: dict[str, Any]) -> Reply:
        with lock:
            left[0] -= 1
            return reply if left[0] >= 0 else Reply("{}")

    return script


def asked(script: Script, **options: Any) -> tuple[Answer, list[float], int]:
    """The answer to one question, the waits between the tries, and how many tries there were."""
    waits: list[float] = []
    with standing_in(script) as server:
        client = ChatClient(Settings(url=server.url, **options), sleep=waits.append)
        try:
            return client.ask(BODY), waits, len(server.asked)
        finally:
            client.close()


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=500, body='{"error": {"message": "out of memory"}}'),
        Reply(status=503, body="<html>busy</html>"),
        Reply(status=408),
        Reply(status=409),
        Reply(status=425),
        Reply("{}", broken=True),
        pytest.param(Reply(wait=6.0), marks=pytest.mark.slow),  # twice the patience
    ],
    ids=["500", "503", "408", "409", "425", "broken off", "stalled"],
)
def test_what_may_pass_is_asked_again(reply: Reply) -> None:
    """A failing server, a connection that breaks or stalls: again, after waits that double."""
    answer, waits, tries = asked(failing_first(2, reply), timeout=3)
    assert answer.text == "{}" and tries == 3
    assert len(waits) == 2 and 0.75 <= waits[0] <= 1.25 and 1.5 <= waits[1] <= 2.5


def test_the_server_says_how_long_to_wait() -> None:
    """Retry-After counts, in seconds or as an instant."""
    _, waits, _ = asked(failing_first(1, Reply(status=429, headers={"Retry-After": "7"})))
    assert waits == [7.0]
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    _, waits, _ = asked(failing_first(1, Reply(status=429, headers={"Retry-After": later})))
    assert 25 < waits[0] <= 30
    for nothing in ("soon", "inf", "nan", "Thu, 01 Jan 2026 00:00:00 +99999999999999999999"):
        _, waits, _ = asked(failing_first(1, Reply(status=429, headers={"Retry-After": nothing})))
        assert 0.75 <= waits[0] <= 1.25


def test_a_wait_that_the_server_asks_for_is_that_of_all_requests() -> None:
    """Another request, of another thread too, waits as long; one that would wait too long is not sent."""
    replies = [Reply(status=429, headers={"Retry-After": "100"})]
    waits: dict[str, list[float]] = {"first": [], "second": []}

    def sleep(seconds: float) -> None:
        waits[threading.current_thread().name].append(seconds)

    with standing_in(lambda _: replies.pop() if replies else Reply("{}")) as server:
        with contextlib.closing(ChatClient(Settings(url=server.url), sleep=sleep)) as client:
            for name in waits:
                thread = threading.Thread(target=client.ask, args=(BODY,), name=name)
                thread.start()
                thread.join()
        assert waits["first"] == [100.0] and len(waits["second"]) == 1 and 0 < waits["second"][0] <= 100
        replies.append(Reply(status=503, headers={"Retry-After": "1800"}))
        with contextlib.closing(ChatClient(Settings(url=server.url))) as client:
            for _ in range(2):
                with pytest.raises(goldwire.AnnotateError, match=r"GW815.* for 1,\d\d\d s"):
                    client.ask(BODY)
        assert len(server.asked) == 4


@pytest.mark.parametrize(
    ("reply", "code", "words"),
    [
        (Reply(status=500), "GW807", "asked 3 times"),
        (Reply(status=429, headers={"Retry-After": "3600"}), "GW815", "wait for 3,600 s"),
        (Reply(status=401, body='{"error": {"message": "bad key"}}'), "GW804", "GOLDWIRE_LLM_API_KEY"),
        (Reply(status=403), "GW804", "403"),
        (Reply(status=404, body='{"error": {"message": "model not found"}}'), "GW805", MODEL),
        (Reply(status=400, body='{"error": {"message": "The model `x` does not exist"}}'), "GW805", "one of"),
        (Reply(status=302, headers={"Location": "https://other.example/v1"}), "GW806", "other.example"),
        (Reply(status=400, body='{"error": "no such thing"}'), "GW808", "no such thing"),
        (Reply(body="<!doctype html><html>Welcome</html>"), "GW809", "with its /v1"),
        (Reply(body='{"choices": []}'), "GW809", "no chat answer"),
        (Reply(body='{"choices": [{"message": {"content": [1]}}]}'), "GW809", "no chat answer"),
        (Reply(body="[" * 100_000), "GW809", "no JSON"),
        (Reply("x" * (5 << 20)), "GW809", "more than 4 MiB"),
        (Reply(status=400, body='{"error": {"message": "context length exceeded"}}'), "GW810", "passage"),
    ],
)  # fmt: skip
def test_each_failure_is_one_plain_message(reply: Reply, code: str, words: str) -> None:
    """What, where, and what to do instead; what would be the same again is not asked again."""
    with standing_in(lambda _: reply) as server:
        client = ChatClient(Settings(url=server.url, retries=2), sleep=lambda _: None)
        with pytest.raises(goldwire.AnnotateError) as raised:
            client.ask(BODY)
        client.close()
    (fault,) = raised.value.faults
    assert fault.code == code and words in str(fault) and fault.where == server.url
    assert len(server.asked) == (3 if code == "GW807" else 1)


def test_no_server_and_no_certificate_are_told(tmp_path: Path) -> None:
    """Nobody listens, or what listens can't show that it is who it says: TLS is checked."""
    import ssl

    nobody = Settings(url="http://127.0.0.1:9/v1", retries=0)
    with (
        contextlib.closing(ChatClient(nobody)) as client,
        pytest.raises(goldwire.AnnotateError, match=r"GW803.*is it running"),
    ):
        client.ask(BODY)
    key = tmp_path / "key.pem"
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key,
         "-out", key.with_suffix(".crt"), "-subj", "/CN=localhost", "-days", "1"],
        capture_output=True, check=False,
    )  # fmt: skip
    if made.returncode:
        pytest.skip("openssl is not installed")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(key.with_suffix(".crt"), key)
    with (
        standing_in(good, tls=context) as server,
        contextlib.closing(ChatClient(Settings(url=server.url, retries=0))) as client,
        pytest.raises(goldwire.AnnotateError, match=r"GW803.*certificate"),
    ):
        client.ask(BODY)
    assert not server.asked


def test_requests_go_out_at_once_and_no_more_than_may(project: Project) -> None:
    """Passages of one article too; the result is the same as one after the other."""
    document = goldwire.Document("long", " ".join(f"Le beurre {n} fond." for n in range(60)))

    def script(body: dict[str, Any]) -> Reply:
        time.sleep(0.05)
        return items("thing")

    with standing_in(script) as server:
        draft_project(project, [document], url=server.url, layers=["thing"], passage=100, jobs=3)
    assert server.most_at_once in {2, 3}


def test_a_second_run_costs_nothing(project: Project) -> None:
    """What was answered is kept by all that was asked: no request, no token, the same draft."""
    with standing_in(good) as server:
        first = draft_project(project, url=server.url)
        number = len(server.asked)
        again = draft_project(project, url=server.url)
        assert len(server.asked) == number == first.account.requests
        assert list(again.articles) == list(first.articles)
        assert (again.account.spent_in, again.account.cached) == (0, number) and first.account.spent_in > 0
        draft_project(project, url=server.url, seed=5)
        assert len(server.asked) == 2 * number
        fresh = draft_project(project, url=server.url, refresh=True)
        assert len(server.asked) == 3 * number and server.listings == 4
    # The server is gone: nothing is asked of it.
    assert list(draft_project(project, url=server.url).articles) == list(fresh.articles)


def listed(model: str, context: int) -> dict[str, Any]:
    """A list of one model."""
    return {"object": "list", "data": [{"id": model, "max_model_len": context}]}


def test_a_server_restarted_with_another_model_is_asked_for_that_one(project: Project) -> None:
    """What a server says of itself is asked for once a run; the last run's answer serves only without it."""
    with standing_in(good) as server:
        draft_project(project, url=server.url)
        number = len(server.asked)
        server.models = listed("large-model", 32768)
        drafts = draft_project(project, url=server.url)
        assert {body["model"] for body in server.asked[number:]} == {"large-model"}
    assert list(draft_project(project, url=server.url).articles) == list(drafts.articles)


def test_a_server_restarted_with_a_longer_context_is_asked_again(project: Project) -> None:
    """What fitted into no request before goes out; and so does what the server found too long before."""
    short = Reply(status=400, body='{"error": {"message": "the context length is exceeded"}}')
    replies = [short]
    with standing_in(lambda body: replies[0] if replies else good(body), models=listed(MODEL, 300)) as server:
        with pytest.raises(goldwire.AnnotateError, match="GW816"):
            draft_project(project, url=server.url)
        server.models = listed(MODEL, 8192)
        drafts = draft_project(project, url=server.url)
        assert server.asked and all("GW810" in why for why in drafts.left.values()) and len(drafts.left) == 2
        replies.clear()
        number = len(server.asked)
        assert draft_project(project, url=server.url).left and len(server.asked) == number
        server.models = listed(MODEL, 16384)
        drafts = draft_project(project, url=server.url)
        assert not drafts.left and len(drafts.articles) == 2


def forms(server: StandIn) -> list[str]:
    """How the answers were bound that a server was asked for."""
    return [body.get("response_format", {}).get("type", "text") for body in server.asked]


def test_a_refusal_that_has_nothing_to_do_with_the_form_is_not_remembered(project: Project) -> None:
    """Each form is tried, none works: the next run, and the next question, begin with the strictest again."""
    replies = [Reply(status=402, body='{"error": {"message": "no credit"}}')]
    with standing_in(lambda body: replies[0] if replies else good(body)) as server:
        drafts = draft_project(project, ["pommes"], url=server.url, layers=["thing"])
        assert "GW808" in drafts.left["pommes"] and "no credit" in drafts.left["pommes"]
        assert forms(server) == ["json_schema", "json_object", "text"]
        settings = Settings(url=server.url)
        messages = [{"role": "system", "content": "one layer, `thing`"}]
        with contextlib.closing(ChatClient(settings)) as client:
            asker = Asker(settings, Cache(project.cache / "llm"), client)
            with pytest.raises(goldwire.AnnotateError, match="GW808"):
                asker.ask(messages, {}, 16)
            replies[:] = [Reply("{}")]
            asker.ask(messages, {}, 16)
        replies.clear()
        drafts = draft_project(project, url=server.url)
        assert set(forms(server)[6:]) == {"json_schema"} and not drafts.notes


def test_a_form_that_worked_is_remembered_for_the_same_model(project: Project) -> None:
    """Another run begins with it; a server with another context is asked for the strictest again."""

    def script(body: dict[str, Any]) -> Reply:
        return Reply(status=400) if "response_format" in body else good(body)

    with standing_in(script) as server:
        for seed, first in [(1, "json_schema"), (2, "text"), (3, "json_schema")]:
            number = len(server.asked)
            drafts = draft_project(project, url=server.url, jobs=1, seed=seed)
            assert forms(server)[number] == first and forms(server)[-1] == "text" and drafts.notes
            if seed == 2:
                server.models = listed(MODEL, 32768)


def test_one_question_that_is_refused_in_a_form_loosens_no_other(project: Project) -> None:
    """Its own answer is bound less, and found again; all others are bound as before, whichever came first."""

    def script(body: dict[str, Any]) -> Reply:
        refused = layer_of(body) == layer and "response_format" in body and "Hachez" in passage_of(body)
        strict = refused and body["response_format"]["type"] == "json_schema"
        return Reply(status=400, body='{"error": "the schema is too large"}') if strict else good(body)

    with standing_in(script) as server:
        for seed, layer in enumerate(("step", "thing")):
            server.asked.clear()
            names = ["soupe", "pommes"] if layer == "thing" else ["pommes", "soupe"]
            options: dict[str, Any] = {"url": server.url, "jobs": 1, "seed": seed}
            first = draft_project(project, names, **options)
            assert forms(server).count("json_object") == 1 and len(server.asked) == 5
            again = draft_project(project, names, **options)
            assert len(server.asked) == 5 and again.account.spent_in == 0
            assert list(again.articles) == list(first.articles)
            note = "the server refused to bind an answer by json_schema: asked for json_object"
            assert first.notes == again.notes == [note]


def test_a_broken_cache_is_asked_anew(project: Project) -> None:
    """A file that can't be read counts as none."""
    with standing_in(good) as server:
        first = draft_project(project, url=server.url)
        for path in (project.cache / "llm").rglob("*.json"):
            path.write_bytes(b'{"text": 3')
        number = len(server.asked)
        again = draft_project(project, url=server.url)
        assert [a.annotations[0].spans for a in again.articles] == [
            a.annotations[0].spans for a in first.articles
        ]
        assert len(server.asked) == 2 * number


def test_a_budget_stops_before_it_is_used_up(project: Project) -> None:
    """Articles that are done are written, the others named; another run with more goes on from there."""
    with standing_in(good) as server:
        options: dict[str, Any] = {"url": server.url, "jobs": 1, "max_tokens": 100}
        whole = draft_project(project, refresh=True, **options)
        spent = whole.account.spent_in + whole.account.spent_out
        made = whole.articles[0].annotations[0].provenance.drafting
        assert made is not None
        budget = made.tokens_in + made.tokens_out + 400
        for path in (project.cache / "llm").rglob("*.json"):
            path.unlink()
        drafts = draft_project(project, budget=budget, **options)
        assert drafts.account.spent_in + drafts.account.spent_out <= budget < spent
        assert [a.document.id for a in drafts.articles] == ["pommes"]
        assert drafts.left == {"soupe": f"the budget of {budget:,} tokens"} and not drafts.failed
        number = len(server.asked)
        rest = draft_project(project, budget=100_000, **options)
        assert rest.account.spent_in < whole.account.spent_in
        assert len(server.asked) == number + whole.account.requests - drafts.account.requests
    assert [a.annotations[0].spans for a in rest.articles] == [a.annotations[0].spans for a in whole.articles]


def test_what_is_kept_is_drafted_beyond_the_budget(project: Project) -> None:
    """It costs nothing, also where another article has used the budget up before."""
    with standing_in(good) as server:
        draft_project(project, ["pommes"], url=server.url)
        number = len(server.asked)
        drafts = draft_project(project, ["soupe", "pommes"], url=server.url, jobs=1, budget=50)
        assert len(server.asked) == number
    assert [a.document.id for a in drafts.articles] == ["pommes"]
    assert drafts.left == {"soupe": "the budget of 50 tokens"} and not drafts.failed


def uncounted(body: dict[str, Any]) -> Reply:
    """A good answer of a server that counts no tokens."""
    choice = {"message": {"content": good(body).text}, "finish_reason": "stop"}
    return Reply(body=json.dumps({"model": MODEL, "choices": [choice]}))


def test_tokens_that_the_server_does_not_count_are_estimated(project: Project) -> None:
    """So that a budget holds and a cost is none of nothing; run and record say that they are an estimate."""
    options: dict[str, Any] = {"jobs": 1, "max_tokens": 100, "price_in": 1000.0}
    with standing_in(good) as server:
        counted = draft_project(project, url=server.url, **options)
    with standing_in(uncounted) as server:
        drafts = draft_project(project, url=server.url, **options)
        again = draft_project(project, url=server.url, **options)
        for account in (drafts.account, again.account):
            assert counted.account.tokens_in <= account.tokens_in < 1.2 * counted.account.tokens_in
            assert account.tokens_out >= counted.account.tokens_out
        assert drafts.notes == ["the server does not count tokens: estimated by the lengths of the texts"]
        record = drafts.articles[0].annotations[0].provenance.drafting
        assert record is not None and record.settings["tokens"] == "estimated" and record.cost
        assert (drafts.account.spent_in, again.account.spent_in) == (drafts.account.tokens_in, 0)
        server.asked.clear()
        budget = record.tokens_in + record.tokens_out + 400
        short = draft_project(project, url=server.url, budget=budget, refresh=True, **options)
        assert [a.document.id for a in short.articles] == ["pommes"] and len(server.asked) == 2
        assert 0 < short.account.spent_in + short.account.spent_out <= budget


@pytest.mark.parametrize(
    "reply",
    [pytest.param(Reply(wait=1.0), marks=pytest.mark.slow), Reply("{}", broken=True)],
    ids=["stalled", "broken off"],
)
def test_what_an_answer_that_never_came_may_have_taken_counts(project: Project, reply: Reply) -> None:
    """It may have been made and billed: it is taken off the budget, before it is asked for again."""
    options: dict[str, Any] = {"jobs": 1, "max_tokens": 100, "timeout": 0.5, "layers": ["thing"]}
    with standing_in(lambda _: reply) as server:
        settings = Settings(url=server.url, timeout=0.5)
        messages = [{"role": "user", "content": "x" * 3000}]
        with contextlib.closing(ChatClient(settings, sleep=lambda _: None)) as client:
            asker = Asker(settings, Cache(project.cache / "llm"), client, budget=3500)
            with pytest.raises(OutOfBudget):
                asker.ask(messages, {}, 100)
        assert len(server.asked) == 3 and 3 * 1100 <= asker.spent_in + asker.spent_out <= 3500
        drafts = draft_project(project, ["soupe"], url=server.url, retries=0, **options)
    assert drafts.account.spent_in > 100 and drafts.account.spent_out == 100 and drafts.failed == 1
    assert drafts.notes == ["answers that never came count as the most that they may have taken"]


#: Answers that are no fault of the server's, but for one article.
FAILING = {
    "GW807": Reply(status=500),
    "GW808": Reply(status=400, body='{"error": {"message": "content policy"}}'),
    "GW809": Reply(body="no JSON"),
    "GW810": Reply(status=400, body='{"error": {"message": "context length exceeded"}}'),
}


@pytest.mark.parametrize("code", FAILING)
def test_one_article_that_fails_leaves_the_others(project: Project, code: str) -> None:
    """It is named with the reason; those that were answered are drafted."""

    def script(body: dict[str, Any]) -> Reply:
        return FAILING[code] if "Hachez" in passage_of(body) else good(body)

    with standing_in(script) as server:
        drafts = draft_project(project, ["soupe", "pommes"], url=server.url, retries=0, jobs=1)
    assert [a.document.id for a in drafts.articles] == ["pommes"]
    assert code in drafts.left["soupe"] and drafts.failed == 1


@pytest.mark.parametrize("code", FAILING)
def test_after_three_that_fail_no_more_are_asked(project: Project, code: str) -> None:
    """Whatever it is, it is no matter of one article; what is kept from before is drafted all the same."""
    documents = [goldwire.Document(f"d{n}", f"Le beurre {n} fond.") for n in range(6)]
    options: dict[str, Any] = {"retries": 0, "jobs": 1, "layers": ["thing"]}
    replies: list[Reply] = []
    with standing_in(lambda _: replies[0] if replies else items("thing")) as server:
        draft_project(project, documents[5:], url=server.url, **options)
        replies.append(FAILING[code])
        drafts = draft_project(project, documents, url=server.url, **options)
    assert [a.document.id for a in drafts.articles] == ["d5"] and drafts.failed == 3
    assert [name for name, why in drafts.left.items() if code in why] == ["d0", "d1", "d2"]
    assert [why for why in drafts.left.values() if code not in why] == [
        "not asked: 3 articles failed one after the other"
    ] * 2


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(status=401), "GW804"),
        (Reply(status=404, body='{"error": {"message": "model not found"}}'), "GW805"),
        (Reply(status=302, headers={"Location": "https://other.example/v1"}), "GW806"),
        (Reply(status=429, headers={"Retry-After": "600"}), "GW815"),
    ],
)
def test_what_would_befall_every_article_stops_the_run_and_loses_nothing(
    project: Project, reply: Reply, code: str
) -> None:
    """What is done is returned, what is kept from before drafted, the rest named; no more is asked."""
    documents = [goldwire.Document(f"d{n}", f"Le beurre {n} fond.") for n in range(5)]
    options: dict[str, Any] = {"retries": 0, "jobs": 1, "layers": ["thing"]}

    def script(body: dict[str, Any]) -> Reply:
        return reply if failing and "beurre 0" not in passage_of(body) else items("thing")

    failing = False
    with standing_in(script) as server:
        draft_project(project, documents[4:], url=server.url, **options)
        number, failing = len(server.asked), True
        drafts = draft_project(project, documents, url=server.url, **options)
        assert len(server.asked) == number + 2
        assert [a.document.id for a in drafts.articles] == ["d0", "d4"] and drafts.failed == 1
        assert code in drafts.left["d1"] and list(drafts.left) == ["d1", "d2", "d3"]
        assert all("not asked" in drafts.left[name] and code in drafts.left[name] for name in ("d2", "d3"))
        if code != "GW815":
            with pytest.raises(goldwire.AnnotateError, match=code):
                draft_project(project, documents[1:2], url=server.url, **options)


def test_what_is_kept_is_drafted_without_the_server(project: Project) -> None:
    """The server has gone, one of two articles was answered before: it is drafted, the other is named."""
    with standing_in(good) as server:
        whole = draft_project(project, ["pommes"], url=server.url)
    for names in (["soupe", "pommes"], ["pommes", "soupe"]):
        drafts = draft_project(project, names, url=server.url, retries=0, jobs=1)
        assert list(drafts.articles) == list(whole.articles)
        assert "GW803" in drafts.left["soupe"] and drafts.failed == 1
    with pytest.raises(goldwire.AnnotateError, match="GW803"):
        draft_project(project, ["soupe"], url=server.url, retries=0)


def interruptible() -> None:
    """A shell's background work ignores Ctrl-C, and so would its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        (signal.SIGKILL, -signal.SIGKILL, ""),
        (
            signal.SIGINT,
            130,
            "interrupted: what was answered is kept, so that the same command goes on from there\n",
        ),
    ],
    ids=["killed", "Ctrl-C"],
)
def test_a_run_that_is_broken_off_goes_on_where_it_was(
    project: Project, tmp_path: Path, sent: signal.Signals, status: int, said: str
) -> None:
    """It ends at once, though an answer is awaited. What came before is not asked for again, and OUT is never
    half of a file."""
    out = tmp_path / "drafts.jsonl"
    gate = threading.Event()

    def script(body: dict[str, Any]) -> Reply:
        if layer_of(body) == "step" and "Hachez" in body["messages"][-1]["content"] and not gate.is_set():
            gate.wait(60)
        return good(body)

    with standing_in(script) as server:
        command = [sys.executable, "-m", "goldwire", "annotate", "draft", "--out", str(out)]
        command += ["--endpoint", server.url, "--project", str(project.root)]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=interruptible)
        until = time.monotonic() + 120
        while len(server.asked) < 4 and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(0.5)
        begin = time.monotonic()
        process.send_signal(sent)
        _, told = process.communicate()
        # Before the answer that it waits for came, however slow the machine.
        assert time.monotonic() - begin < 50 and (process.returncode, told) == (status, said)
        gate.set()
        before = len(server.asked)
        assert before == 4 and not out.exists()
        done = called("annotate", "draft", "--out", out, "--endpoint", server.url, "--project", project.root)
        assert done.returncode == 0, done.stderr
        assert len(server.asked) == before + 1
    assert len(read_jsonl(out)) == 2


def test_the_command_says_what_came_of_it(project: Project, tmp_path: Path) -> None:
    """A table of every item, notes and quarantine; JSON with the same figures; the address is shown."""

    def script(body: dict[str, Any]) -> Reply:
        if layer_of(body) == "thing":
            return items("thing", {"label": "FOOD", "quote": "licorne"}, {"label": "FOOD", "quote": "beurre"})
        return items("step")

    out, figures = tmp_path / "d.jsonl", tmp_path / "d.json"
    with (project.root / "goldwire.toml").open("a") as stream:
        stream.write('\n[llm]\nprice_in = 1.0\nprice_out = 2.0\ncurrency = "EUR"\n')
    with standing_in(script) as server:
        words = ["annotate", "draft", "soupe", "--out", out, "--endpoint", server.url, "--json", figures]
        done = called(*words, "--project", project.root)
    assert done.returncode == 0, done.stderr
    assert "EUR" in done.stdout and "dropped, in the quarantine" in done.stdout
    assert "GW254" in done.stderr and "d.quarantine.jsonl" in done.stderr
    told = json.loads(figures.read_text("utf-8"))
    assert (told["articles"], told["dropped"], told["placed"], told["sent_back"]) == (1, 1, 1, 1)
    (line,) = [json.loads(line) for line in (tmp_path / "d.quarantine.jsonl").read_text("utf-8").splitlines()]
    assert line["item"]["quote"] == "licorne" and "is not in the passage" in line["reasons"][0]
    (article,) = read_jsonl(out)
    assert article.annotations[0].status == "draft"


def test_the_command_drafts_upon_the_projects_own_annotations(project: Project, tmp_path: Path) -> None:
    """`--given .`: the layer that is named is asked, as the dry run shows; the file holds both."""
    out = tmp_path / "d.jsonl"
    with standing_in(good) as server:
        write_annotation(
            project, draft_project(project, ["soupe"], url=server.url).articles[0].annotations[0]
        )
        server.asked.clear()
        words = ["annotate", "draft", "soupe", "--given", project.root, "--layer", "step"]
        words += ["--endpoint", server.url, "--project", project.root]
        shown = called(*words, "--dry-run")
        done = called(*words, "--refresh", "--out", out)
    assert done.returncode == 0 and shown.returncode == 0, done.stderr + shown.stderr
    assert [json.loads(shown.stdout)] == server.asked
    (article,) = read_jsonl(out)
    assert {span.layer for span in article.annotations[0].spans} == {"thing", "step"}


def test_the_bar_says_how_far_it_is_and_what_that_took(project: Project, tmp_path: Path) -> None:
    """On a terminal: articles done of all, tokens and cost so far; where there is none, nothing of it."""
    with (project.root / "goldwire.toml").open("a") as stream:
        stream.write('\n[llm]\nprice_in = 1000.0\nprice_out = 1000.0\ncurrency = "EUR"\njobs = 1\n')

    def script(body: dict[str, Any]) -> Reply:
        time.sleep(0.3)  # the bar is drawn ten times a second
        return good(body)

    with standing_in(script) as server:
        words = ["annotate", "draft", "--endpoint", server.url, "--project", str(project.root), "--out"]

        def show() -> None:
            with contextlib.redirect_stderr(sys.stdout):
                assert run(*words, str(tmp_path / "d.jsonl")) == 0

        shown = on_terminal(150, show)
        account = draft_project(project, url=server.url).account
        first = draft_project(project, ["pommes"], url=server.url).account
        piped = called(*words, tmp_path / "e.jsonl")
    for number, made in ((1, first), (2, account)):
        tokens = made.tokens_in + made.tokens_out
        assert re.search(rf"drafting \({tokens:,} tokens, {tokens / 1000:,.4f} EUR\) .* {number}/2 ", shown)
    assert piped.returncode == 0 and "drafting" not in piped.stderr


def test_a_dry_run_asks_nothing(project: Project) -> None:
    """One whole request on standard output, as it would be sent; tokens and cost beside it."""
    with (project.root / "goldwire.toml").open("a") as stream:
        stream.write('\n[llm]\nprice_out = 2.0\ncurrency = "EUR"\n')
    with standing_in(good) as server:
        done = called("annotate", "draft", "--dry-run", "--endpoint", server.url, "--project", project.root)
        assert not server.asked
        request = json.loads(done.stdout)
        draft_project(project, url=server.url, jobs=1)
        assert request == server.asked[0]
    assert "2 articles, 4 to 8 requests; about" in done.stderr and server.url in done.stderr
    assert "EUR" in done.stderr


def test_an_estimate_holds_what_may_be_asked(project: Project) -> None:
    """At least what needs no answer before, at most all, each sent back once; no more than can be asked."""
    schema = project.root / "schemas/mini.yaml"
    text = schema.read_text("utf-8")
    needed = text.replace("labels: [FOOD]}]}", "labels: [FOOD]}], min: 1}")
    assert needed != text
    schema.write_text(needed, "utf-8")
    priced: dict[str, Any] = {"price_in": 1e6, "price_out": 1e6}

    def wrong(body: dict[str, Any]) -> Reply:
        layer = layer_of(body)
        return items(layer) if is_repair(body) else items(layer, {"label": "NONE", "quote": "x"})

    for layers in (None, ["thing"], ["step"]):
        with standing_in(wrong) as server:
            shown = preview_project(project, url=server.url, layers=layers, **priced)
            drafts = draft_project(project, url=server.url, layers=layers, **priced)
            assert shown.requests <= len(server.asked) <= shown.most_requests
            limits = {None: (2, 8), "thing": (2, 4), "step": (0, 0)}
            assert (shown.requests, shown.most_requests) == limits[layers[0] if layers else None]
            assert drafts.account.tokens_out <= shown.answer_tokens
            assert (drafts.cost or 0.0) <= float(shown.cost.replace(",", "") or 0)


@pytest.mark.parametrize(
    ("toml", "options", "code"),
    [
        ("", [], "GW800"),
        ('url = "ftp://x/v1"', [], "GW801"),
        ('url = "http://anna:s3same@x/v1"', [], "GW801"),
        ('url = "http://x/v1?whatever=s3same"', [], "GW801"),
        ('url = "http://..//v1"', [], "GW801"),
        (f'url = "http://{70 * "a"}.example/v1"', [], "GW801"),
        ('url = "http://127.0.0.1:0/v1"', [], "GW801"),
        ('url = "http://127.0.0.1:9/v1"\nkey = "s3same-key"', [], "GW802"),
        ('url = "http://127.0.0.1:9/v1"\nmodell = "x"', [], "GW811"),
        ('url = "http://127.0.0.1:9/v1"\ntemperature = "hot"', [], "GW811"),
        ('url = "http://127.0.0.1:9/v1"\njobs = 0', [], "GW811"),
        ('url = "http://127.0.0.1:9/v1"\ntimeout = inf', [], "GW811"),
        ('url = "http://127.0.0.1:9/v1"', ["--layer", "nothing"], "GW812"),
        ('url = "http://127.0.0.1:9/v1"', ["nobody"], "GW813"),
        ('url = "http://127.0.0.1:9/v1"', ["--given", "."], "GW821"),
        ('url = "http://127.0.0.1:9/v1"', [], "GW803"),
    ],
)  # fmt: skip
def test_bad_settings_are_one_plain_message(
    project: Project, tmp_path: Path, toml: str, options: list[str], code: str
) -> None:
    """Exit 2, no traceback, no file; a secret in the file is not shown."""
    with (project.root / "goldwire.toml").open("a") as stream:
        stream.write(f"\n[llm]\nretries = 0\n{toml}\n" if "retries" not in toml else toml)
    out = tmp_path / "d.jsonl"
    done = called("annotate", "draft", *options, "--out", out, "--project", project.root)
    assert done.returncode == 2 and code in done.stderr and "Traceback" not in done.stderr
    assert not out.exists() and "s3same" not in done.stdout + done.stderr


def test_an_option_that_does_not_exist_is_told(project: Project) -> None:
    """From Python too: what there is to set is listed."""
    with pytest.raises(goldwire.AnnotateError, match=r"GW811.*no `tempo`.*temperature"):
        goldwire.draft(project=project, url="http://127.0.0.1:9/v1", tempo=3)


def test_a_model_that_is_not_there_is_told_with_those_that_are(project: Project) -> None:
    """Before anything is asked; and so where several are there and none is named."""
    models = {"data": [{"id": "large"}, {"id": "small"}]}
    with standing_in(good, models=models) as server:
        given: list[dict[str, Any]] = [{"model": "huge"}, {}]
        for options in given:
            with pytest.raises(goldwire.AnnotateError, match=r"GW805.*one of: large, small"):
                draft_project(project, url=server.url, **options)
        assert not server.asked
        assert draft_project(project, url=server.url, model="small").articles
        assert server.asked[0]["model"] == "small"


def test_a_server_without_a_list_of_models_is_asked_for_the_one_named(project: Project) -> None:
    """Not every server lists its models: then one has to be named."""
    with standing_in(good, reply_to_models=Reply(status=404)) as server:
        with pytest.raises(goldwire.AnnotateError, match=r"GW805.*none is named"):
            draft_project(project, url=server.url)
        drafts = draft_project(project, url=server.url, model="mine")
    assert any("taken as 8,192 tokens" in note for note in drafts.notes)


def test_answers_are_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    """The cache gives back what was put in, by the question; another question is another file."""
    cache = Cache(tmp_path)
    key = cache.key({"a": 1, "b": [2]})
    assert key == cache.key({"b": [2], "a": 1}) != cache.key({"a": 1, "b": [3]})
    answer = Answer("Ça", "stop", MODEL, 3, 4, 0.5)
    cache.put(key, answer)
    assert cache.get(key, Answer) == answer and Cache(tmp_path, refresh=True).get(key, Answer) is None
