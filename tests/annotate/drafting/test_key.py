"""The key of a language model's server is where it belongs: in the header of a request, and nowhere else."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

import goldwire
from goldwire.annotate.drafting.client import ChatClient
from goldwire.annotate.drafting.settings import KEY_VARIABLE, Settings
from goldwire.project import Project
from tests.annotate.drafting.recorded import good
from tests.annotate.drafting.stand_in import Reply, items, standing_in
from tests.cli.terminal import called

KEY = "sk-Zq8vXw71/Kj42pL9mR-sesame"


def items_of(quote: str) -> Reply:
    """An answer whose text is JSON with this JSON text as quote."""
    return Reply(f'{{"thing": [{{"label": "FOOD", "quote": {quote}}}]}}')


def escaped(text: str) -> Reply:
    """An answer whose text the server writes as this JSON text."""
    return Reply(body=f'{{"choices": [{{"message": {{"content": {text}}}}}]}}')


#: Servers that repeat the key wherever an answer has room for it, as debug pages do.
TELLTALES: dict[str, Callable[[str], Reply]] = {
    "quote": lambda key: items("thing", {"label": "FOOD", "quote": key}),
    "prose": lambda key: Reply(f"Your key is {key}."),
    "cut": lambda key: Reply('{"thing": [{"label": "FOOD", "quote": "' + key, "length"),
    "label": lambda key: items("thing", {"label": key, "quote": "beurre", key: key}),
    "slash escaped": lambda key: escaped(json.dumps(key).replace("/", "\\/")),
    "escaped": lambda key: escaped('"' + "".join(f"\\u{ord(c):04X}" for c in key) + '"'),
    "escaped within": lambda key: items_of(json.dumps(key).replace("-", "\\u002d").replace("/", "\\/")),
    "refused": lambda key: Reply(
        status=401, reason=f"No {key}", body=json.dumps({"error": {"message": key}})
    ),
    "format": lambda key: Reply(status=400, body=json.dumps({"error": key})),
    "failing": lambda key: Reply(status=500, reason=key, body=f"<html>Authorization: Bearer {key}</html>"),
    "redirect": lambda key: Reply(status=307, headers={"Location": f"https://other.example/?api_key={key}"}),
    "page": lambda key: Reply(body=f"<html>{key}</html>"),
    "json": lambda key: Reply(body=json.dumps({"headers": {"authorization": f"Bearer {key}"}})),
    "model": lambda key: Reply(status=404, body=json.dumps({"error": {"message": f"no model for {key}"}})),
    "wait": lambda key: Reply(status=429, headers={"Retry-After": "9999", "X-Key": key}, body=key),
    "context": lambda key: Reply(status=400, body=json.dumps({"error": f"context length exceeded by {key}"})),
}


@pytest.mark.parametrize("name", TELLTALES)
def test_the_key_is_in_no_output_log_cache_or_record(
    project: Project, tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever the server says: not on the terminal, not in a log, not in any file of ours."""
    caplog.set_level("DEBUG")
    out = tmp_path / "d.jsonl"
    models = {"data": [{"id": "m", "max_model_len": 16384}, {"id": KEY}]}
    with standing_in(lambda _: TELLTALES[name](KEY), models=models) as server:
        words = ["annotate", "draft", "soupe", "--endpoint", server.url, "--llm-model", "m"]
        words += ["--layer", "thing", "--project", str(project.root)]
        with (project.root / "goldwire.toml").open("a") as stream:
            stream.write("\n[llm]\nretries = 0\n")
        results = [
            called(*words, "--out", out, "--json", out.with_suffix(".json"), env={KEY_VARIABLE: KEY}),
            called(*words, "--dry-run", env={KEY_VARIABLE: KEY}),
        ]
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
    # What libraries log of a server's headers only the command line's own streams could show, redacted.
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("goldwire")]
    shown = "".join([*(done.stdout + done.stderr for done in results), *ours])
    assert "sesame" not in shown and "Traceback" not in shown
    files = [Path(folder) / name for folder, _, names in os.walk(tmp_path) for name in names]
    assert files and not [path for path in files if b"sesame" in path.read_bytes()]


def test_the_key_is_no_part_of_the_question(project: Project) -> None:
    """Another key finds the same answers in the cache, and no printed form of the client shows it."""
    with standing_in(good) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEY_VARIABLE, KEY)
        goldwire.draft(project=project, url=server.url)
        number = len(server.asked)
        patch.setenv(KEY_VARIABLE, "another-key-12345678")
        drafts = goldwire.draft(project=project, url=server.url)
        client = ChatClient(Settings(url=server.url))
        assert len(server.asked) == number
        assert "another" not in repr(client) + repr(drafts) + repr(vars(drafts))
        client.close()


def test_a_key_goes_to_no_other_machine_unencrypted() -> None:
    """Only https, or this machine; and no redirect takes it elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEY_VARIABLE, KEY)
        for url in ("http://llm.example/v1", "http://127.example/v1", "http://127.0.0.1.example/v1"):
            with pytest.raises(goldwire.AnnotateError, match="GW801"):
                ChatClient(Settings(url=url))
        for url in ("https://llm.example/v1", "http://127.0.0.2:8080/v1", "http://[::1]/v1"):
            ChatClient(Settings(url=url)).close()
        with standing_in(lambda _: Reply()) as other:
            target = other.url.replace("127.0.0.1", "localhost")
            move = Reply(status=308, headers={"Location": f"{target}/chat/completions"})
            with standing_in(lambda _: move) as server:
                client = ChatClient(Settings(url=server.url))
                with pytest.raises(goldwire.AnnotateError, match="GW806"):
                    client.ask({"model": "m", "messages": []})
                client.close()
            assert not other.asked
        patch.setenv(KEY_VARIABLE, "two words\nand a line")
        with pytest.raises(goldwire.AnnotateError, match="GW802") as raised:
            ChatClient(Settings(url="https://llm.example/v1"))
        assert "two words" not in str(raised.value)
