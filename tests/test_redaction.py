"""One redaction: no secret is shown, wherever it stands and whoever says it, and nothing else is lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.cli.main import main
from goldwire.errors import Fault, GoldwireError
from goldwire.redaction import (
    forget_secrets,
    keep_secret,
    keep_secrets_in,
    keep_secrets_of,
    redact,
    shortened,
)

MINI = Path(__file__).parent / "data/mini"
#: Half of a secret must not be seen either; no word of ours is like it.
SECRET = "Zq8vXw71-Kj42pL9mR"

#: Every form that shows by itself that a secret stands in it.
FORMS = (
    "http://anna:{}@label.example/x",
    "https://anna:{}@label.example",
    "https://{}@label.example:8080/projects/1",
    "https://:{}@label.example",
    "can't connect to 'http://anna:{}@label.example', retry",
    "postgresql://team:{}@db.example:5432/gold?sslmode=require",
    "socks5h://anna:{}@proxy.example:1080",
    "https://label.example/?token={}",
    "https://label.example/user/signup/?a=1&access_token={}&b=2",
    "https://label.example/#id_token={}",
    "https://label.example/user/login/?next=/x%3Ftoken%3D{}",
    "https://store.example/a.parquet?X-Amz-Signature={}&X-Amz-Date=20260101",
    "https://maps.example/?key={}",
    "https://store.example/a?sig={}",
    "host=db.example password={} user=team",
    "host=db.example password='{}' user=team",
    "{{'password': '{}', 'user': 'team'}}",
    '{{"token": "{}", "id": 3}}',
    'token = "{}"',
    "GOLDWIRE_TOKEN={} goldwire annotate push",
    "POSTGRE_PASSWORD={}",
    "Authorization: Token {}",
    "{{'authorization': 'Bearer {}'}}",
    "Authorization: {}",
    "Headers([('x-api-key', 'a'), ('api_key', 'b')]) api_key={}",
    "X-Api-Key: {}",
    "api_key: {}",
    "password: {}",
    "token: {}, refused",
    "https://label.example/?pwd={}",
    "https://label.example/?a=1&access={}#x",
    "https://label.example/projects;jsessionid={}",
    "Set-Cookie: sessionid={}; Path=/",
)

#: What is a token by its own form.
TOKENS = (
    "sk-proj-abcdefghijklmnop1234567890",
    "AKIAIOSFODNN7EXAMPLE",
    "xoxb-1234567890-abcdefghij",
    "ghp_0123456789abcdefghijABCDEFGHIJ",
    "hf_abcdefghijklmnopqrstuvwx",
)


@pytest.mark.parametrize("token", TOKENS)
def test_a_token_shows_by_its_own_form(token: str) -> None:
    """Keys of models, stores, chats, forges and hubs, wherever they stand."""
    assert redact(f"the server says `{token}` is refused") == "the server says `…` is refused"


@pytest.mark.parametrize("word", ["correcthorse", "Tr0ub4dor", "a-b-c-d-e"])
def test_a_line_that_names_a_password_is_shown_without_it(word: str) -> None:
    """As a file of settings has it, with or without a digit."""
    assert redact(f"user: anna\npassword: {word}\nhost: db") == "user: anna\npassword: …\nhost: db"


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_shows_by_its_form(form: str) -> None:
    """In addresses, queries, connection strings, dictionaries and headers nobody has to be told of it."""
    shown = redact(form.format(SECRET))
    assert SECRET not in shown and "…" in shown
    assert not [part for part in SECRET.split("-") if part in shown]


@pytest.mark.parametrize(
    "text",
    [
        "GW392 postgresql://team@db.example:5432/gold: it wants a password (set $PGPASSWORD, or ~/.pgpass)",
        "GW312 http://127.0.0.1:8080: the token is refused (set GOLDWIRE_TOKEN to the token of the page)",
        "see https://label.example:8080/projects/1/data?task=17&tab=2",
        "seeds/articles.jsonl:3: $.meta.url: https://news.example/@anna/a-b?page=2#top",
        "in the text of `https://news.example:8443/@anna/2020`: 3 tokens, key: value, author=Zoé",
        "tokens=3 keyword=x monkey=y",
        "annotate/annotations/anna@press.example/a.json:1: unknown label `TOKEN`",
        "Basic training, bearer of news, token 1",
        "no token: set GOLDWIRE_TOKEN to that of the page; the password: ask whoever made it",
        "risk-taking-and-so-on-2020, asia-pacific-2020, https://x.example/?passage=12&accession=3",
        "postgresql://team@:5432/gold?host=/var/run/postgresql",
        "d1@0123456789abcdef, wiki:12@0123456789abcdef",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    """Ports, paths, ids, tasks and words are shown as they are."""
    assert redact(text) == text


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=6).filter(lambda t: t.strip())
)
def test_a_secret_that_is_known_is_blotted_out_in_every_writing(secret: str) -> None:
    """As it is, quoted for an address or a form, in JSON, in a printed value."""
    forget_secrets()
    keep_secret(secret)
    bare = secret.strip()
    for written in (
        bare,
        quote(bare, safe=""),
        quote(bare),
        quote_plus(bare),
        json.dumps(bare)[1:-1],
        json.dumps(bare, ensure_ascii=False)[1:-1],
        repr(bare)[1:-1],
    ):
        if len(written) > 5:
            assert redact(f"<{written}>") == "<…>"


@given(
    st.lists(
        st.sampled_from([*FORMS, "http://", "@", ":", " ", "token", "=", "'", '"', "?", "é", "a/b"]),
        max_size=9,
    ),
    st.text("Zq8vXw71", min_size=16, max_size=30),
)
def test_many_secrets_in_one_text_are_all_gone(parts: list[str], secret: str) -> None:
    """Whatever stands around them; and what was redacted stays as it is."""
    text = "\n".join(part.format(secret) if "{}" in part else part for part in parts)
    shown = redact(text)
    assert secret not in shown
    assert redact(shown) == shown


def test_a_short_secret_goes_as_a_word() -> None:
    """Nobody's messages are torn apart by a password of three letters; it is not shown all the same."""
    keep_secret("gol", "", "  ")
    assert redact("goldwire: `gol` is refused: gol, user=gol") == "goldwire: `…` is refused: …, user=…"


def test_an_address_that_can_not_be_read_hides_its_password_too() -> None:
    """With `/`, `@`, `:`, blanks and a number in it, with or without a scheme, decoded or not."""
    for password in ("a/b@c:dd", "12345/67890", "two words more", "per%40cent%2Fed", "#?&dddd"):
        address = f"http://anna:{password}@label.example"
        keep_secrets_in(address)
        keep_secrets_in(f"anna:{password}@label.example")
        for told in (address, f"no such host {password}", f"anna:{password}@label.example"):
            assert password not in redact(told), password
    assert "per@cent/ed" not in redact("refused: per@cent/ed")


def test_what_variables_hold_is_secret_by_their_name() -> None:
    """Not their switches, nor the names of files."""
    named = {
        "HF_TOKEN": "alpha-alpha",
        "PGPASSWORD": "bravo-bravo",
        "AWS_SECRET_ACCESS_KEY": "charlie-charlie",
        "WANDB_API_KEY": "delta-delta",
        "DB_PASSWD": "echo-echo",
        "LINT_TOKEN": "true",
        "PGPASSFILE": "/home/anna/.pgpass",
        "MY_SECRET": "/run/secrets/mine",
        "PATH": "/usr/bin-foxtrot",
    }
    keep_secrets_of(named)
    told = " ".join(named.values())
    assert redact(told) == "… … … … … true /home/anna/.pgpass /run/secrets/mine /usr/bin-foxtrot"


def test_a_message_is_cut_after_the_secret_is_gone() -> None:
    """Half a secret at the end of a cut message would be one, too."""
    keep_secret(SECRET)
    for most in range(1, 60):
        shown = shortened(f"the server says {SECRET} and so on", most)
        assert "Zq8" not in shown and len(shown) <= most + 2


def test_errors_hold_no_secret() -> None:
    """Whoever catches one, logs it, pickles it or writes its parts into a record."""
    keep_secret(SECRET)
    address = f"http://anna:{SECRET}@label.example"
    error = GoldwireError(Fault("GW000", f"can't reach {address}", address, f"unset {SECRET}"))
    for told in (str(error), repr(error), repr(error.faults), error.faults[0].where):
        assert SECRET not in told
    assert "label.example" in str(error)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The recipes project."""
    return Path(shutil.copytree(MINI, tmp_path / "mini"))


@dataclass
class Ran:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


@pytest.fixture
def goldwire(
    project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Ran]:
    """Run a command in the project, with these variables."""
    monkeypatch.chdir(project)

    def run(*words: str, **variables: str) -> Ran:
        for name in ("GOLDWIRE_TOKEN", "GOLDWIRE_URL", "GOLDWIRE_DATABASE", "PGPASSWORD"):
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["goldwire", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        return Ran(int(ended.value.code or 0), *capfd.readouterr())

    return run


#: An address with a secret in it, and whether it names a Label Studio or a database.
ADDRESSES = (
    f"http://anna:{SECRET}@127.0.0.1:9",
    f"http://{SECRET}@127.0.0.1:9",
    f"http://127.0.0.1:9/?token={SECRET}",
    f"http://127.0.0.1:9/#access_token={SECRET}",
    f"http://127.0.0.1:9/?whatever={SECRET}",
    f"http://127.0.0.1:9/user/login/#{SECRET}",
    f"http://anna:{SECRET}/2@127.0.0.1:9",
    f"http://anna:12345/{SECRET}@127.0.0.1:9",
    f"http://anna:{SECRET}@[::1",
    f"ftp://anna:{SECRET}@127.0.0.1",
    f"anna:{SECRET}@127.0.0.1:9",
    f"http://anna:{SECRET} b@127.0.0.1:9",
)
COMMANDS = ("push", "pull", "status", "load")


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("token", ["", "0123456789abcdef"], ids=["no token", "a token"])
def test_no_address_of_a_label_studio_makes_a_secret_show(
    goldwire: Callable[..., Ran], project: Path, address: str, token: str
) -> None:
    """On the command line, in the environment, in goldwire.toml; for push, pull, status, load and new."""
    variables = {"GOLDWIRE_TOKEN": token} if token else {}
    config = (project / "goldwire.toml").read_text()
    done = [goldwire("annotate", COMMANDS[0], "--url", address, **variables)]
    done.append(goldwire("annotate", COMMANDS[1], GOLDWIRE_URL=address, **variables))
    (project / "goldwire.toml").write_text(config + f"\n[annotate]\nurl = {json.dumps(address)}\n")
    done += [goldwire("annotate", command, **variables) for command in COMMANDS[2:]]
    done.append(goldwire("new", "made", "--from-label-studio", address, "--project", "1", **variables))
    for ran in done:
        assert ran.code == 2 and ran.err.startswith("goldwire: GW310"), ran
        assert ran.err.count("\n") == 1 and ran.out == ""
        assert not [part for part in SECRET.split("-") if part in ran.err], ran.err
    written = [path for path in project.rglob("*") if path.is_file() and path.name != "goldwire.toml"]
    assert not [path for path in written if SECRET in path.read_text(errors="replace")]


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
def test_no_address_of_a_database_makes_a_secret_show(
    goldwire: Callable[..., Ran], project: Path, scheme: str
) -> None:
    """In the environment, in goldwire.toml, and the password by itself."""
    address = f"{scheme}://team:{SECRET}@127.0.0.1:9/gold"
    done = [goldwire("annotate", "serve", GOLDWIRE_DATABASE=address)]
    bare = f"{scheme}://team@127.0.0.1:9/gold"
    done.append(goldwire("annotate", "serve", GOLDWIRE_DATABASE=bare, PGPASSWORD=SECRET))
    with (project / "goldwire.toml").open("a") as config:
        config.write(f"\n[annotate]\ndatabase = {json.dumps(address)}\n")
    done.append(goldwire("annotate", "serve"))
    for ran in done:
        assert ran.code == 2 and ran.err.startswith("goldwire: GW39"), ran
        assert SECRET not in ran.err + ran.out


@pytest.mark.parametrize("words", [("annotate", "push", f"http://anna:{SECRET}@h"), (f"--token={SECRET}",)])
def test_wrong_use_is_told_without_the_secret_in_it(
    goldwire: Callable[..., Ran], words: tuple[str, ...]
) -> None:
    """What the command line does not know it repeats, but for what is secret."""
    ran = goldwire(*words)
    assert ran.code == 2 and "Usage" in ran.err
    assert SECRET not in ran.err


def test_tracebacks_warnings_and_logs_hold_no_secret(project: Path) -> None:
    """A fault of the program, of a thread, a library's warning and its log line all pass the redaction."""
    code = textwrap.dedent(
        """
        import logging, sys, threading, warnings
        import goldwire.cli.main as program
        address, token = sys.argv[1:3]
        def fails():
            raise RuntimeError(f"in a thread: {address} {token}")
        def command(**options):
            logging.getLogger("httpx").error("log %s %s", address, token)
            warnings.warn(f"warning {address} {token}")
            thread = threading.Thread(target=fails)
            thread.start()
            thread.join()
            try:
                raise ValueError(f"cause {address} {token}")
            except ValueError as error:
                raise KeyError(f"fault {address} {token}") from error
        program.cli.main = command
        sys.argv = ["goldwire"]
        program.main()
        """
    )
    command = [sys.executable, "-c", code, f"http://anna:{SECRET}@label.example", SECRET]
    env = {**os.environ, "GOLDWIRE_TOKEN": SECRET}
    done = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    for said in ("log http", "warning http", "in a thread: http", "cause http", "fault http", "Traceback"):
        assert said in done.stderr, done.stderr
    assert done.stderr.count("label.example") >= 5
    assert SECRET not in done.stderr


def test_secrets_of_one_thread_are_hidden_in_all(project: Path) -> None:
    """What is kept while others print is blotted out there as well."""
    threads = [threading.Thread(target=keep_secret, args=(f"{SECRET}-{n}",)) for n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(redact(f"{SECRET}-{n}") == "…" for n in range(50))


@given(
    st.lists(
        st.sampled_from(["token=", "Zq8vXw71-Kj42", '"', " ", "https://a:b@c", "word", "key", "?"]),
        max_size=6,
    )
)
def test_a_fault_shows_of_each_of_its_parts_what_redaction_leaves(parts: list[str]) -> None:
    """However they stand beside each other."""
    texts = ("".join(parts[:2]), "".join(parts[2:4]), "".join(parts[4:]))
    fault = Fault("GW103", *texts)
    assert (fault.message, fault.where, fault.hint) == tuple(map(redact, texts))
