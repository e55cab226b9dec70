"""What `serve` changes of Label Studio's open defaults, asked of the running server itself."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from goldwire.annotate.labelstudio import installation as settings
from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.server import Server
from goldwire.errors import GoldwireError

pytestmark = pytest.mark.live
STRANGER = {"email": "stranger@press.example", "password": "stranger-123"}


@pytest.fixture
def anyone(studio: Server) -> Iterator[httpx.Client]:
    """Somebody with a browser and no account."""
    with httpx.Client(base_url=studio.url, trust_env=False) as browser:
        yield browser


@pytest.fixture
def member(studio: Server) -> Iterator[httpx.Client]:
    """Somebody with the server's token."""
    headers = {"Authorization": f"Token {studio.token}"}
    with httpx.Client(base_url=studio.url, headers=headers, trust_env=False) as client:
        yield client


@pytest.fixture
def number(studio: Server) -> Iterator[int]:
    """A project on the shared server."""
    with Client(studio.url, studio.token) as client:
        config = '<View><Text name="text" value="$text"/></View>'
        yield int(client.create_project({"title": "safety", "label_config": config})["id"])


def _sign_up(browser: httpx.Client, path: str) -> httpx.Response:
    browser.get("/user/login/")
    form = {**STRANGER, "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
    headers = {"Referer": str(browser.base_url)}
    return browser.post(path, data=form, headers=headers)


def _emails(member: httpx.Client) -> set[str]:
    return {user["email"] for user in member.get("/api/users/").json()}


def test_nobody_signs_up_without_the_link(studio: Server, anyone: httpx.Client, member: httpx.Client) -> None:
    """A stranger is refused, without a link and with a made-up one; with the server's link he gets in."""
    for path in ("/user/signup/", "/user/signup/?token=made-up"):
        assert _sign_up(anyone, path).status_code == 403
    assert STRANGER["email"] not in _emails(member)
    link = member.get("/api/invite").json()["invite_url"]
    assert _sign_up(anyone, link).status_code == 302
    [guest] = [user for user in member.get("/api/users/").json() if user["email"] == STRANGER["email"]]
    assert member.delete(f"/api/users/{guest['id']}/").status_code == 204


@pytest.mark.parametrize("path", ["/api/projects/", "/api/users/", "/api/invite", "/api/tasks"])
def test_nothing_is_told_without_an_account(anyone: httpx.Client, path: str) -> None:
    """Projects, people and the invitation are for members."""
    assert anyone.get(path).status_code == 401


def test_only_this_machine_can_reach_it(studio: Server) -> None:
    """All that the server's processes listen on is loopback."""
    family = [psutil.Process(studio.pid), *psutil.Process(studio.pid).children(recursive=True)]
    listening = {c.laddr.ip for one in family for c in one.net_connections() if c.status == "LISTEN"}
    assert listening == {"127.0.0.1"}


def test_another_host_name_is_refused(anyone: httpx.Client) -> None:
    """A page elsewhere can't reach it under a name of its own that leads to loopback."""
    assert anyone.get("/user/login/", headers={"Host": "press.example"}).status_code == 400
    assert anyone.get("/user/login/").status_code == 200


def test_no_other_site_reads_its_answers(anyone: httpx.Client, member: httpx.Client) -> None:
    """No answer allows another origin, nor does a preflight."""
    origin = {"Origin": "https://press.example"}
    asked = {**origin, "Access-Control-Request-Method": "POST"}
    answers = [
        member.get("/api/projects/", headers=origin),
        anyone.get("/user/login/", headers=origin),
        anyone.options("/api/projects/", headers=asked),
    ]
    names = {name.lower() for answer in answers for name in answer.headers}
    assert "content-type" in names
    assert not [name for name in names if name.startswith("access-control-")]


def test_its_pages_report_to_nobody(anyone: httpx.Client, member: httpx.Client) -> None:
    """Neither analytics nor Sentry stand in a page's settings, and it asks nobody for a newer version."""
    login = anyone.get("/user/login/").text
    assert re.search(r"collect_analytics\s*=\s*false", login)
    inside = member.get("/projects/", follow_redirects=True).text
    for page in (login, inside):
        assert "sentry.io" not in page and "googletagmanager.com" not in page
    told = member.get("/api/version").json()["label-studio-os-package"]
    assert (told["latest_version_from_pypi"], told["current_version_is_outdated"]) == (None, False)


def test_files_of_this_machine_are_not_served(member: httpx.Client, number: int) -> None:
    """Neither by their path nor as a storage of a project."""
    answer = member.get("/data/local-files/", params={"d": "etc/hostname"})
    assert answer.status_code == 403 and "disabled by default" in answer.text
    body = {"project": number, "path": "/etc", "title": "etc"}
    assert member.post("/api/storages/localfiles", json=body).status_code == 404


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "http://localhost:9", "http://169.254.169.254"])
def test_the_server_fetches_nothing_from_the_inner_network(
    member: httpx.Client, number: int, address: str
) -> None:
    """A model, a webhook and an import by address are refused where they lead inside."""
    asked: list[tuple[str, dict[str, Any]]] = [
        ("/api/ml", {"json": {"project": number, "url": address, "title": "m"}}),
        ("/api/webhooks/", {"json": {"project": number, "url": address}}),
        (f"/api/projects/{number}/import", {"data": {"url": f"{address}/x.json"}}),
    ]
    for path, sent in asked:
        answer = member.post(path, **sent)
        assert answer.status_code in (400, 403) and "reserved network address" in answer.text, path


def test_its_secret_key_is_its_own(studio: Server) -> None:
    """The key comes from the credentials file, not from Label Studio's `.env` in the data folder."""
    home = Path(psutil.Process(studio.pid).cwd())
    env = psutil.Process(studio.pid).environ()
    assert len(env["SECRET_KEY"]) == 64 and env["SECRET_KEY"] in (home / "credentials.json").read_text()
    assert not (home / "studio/.env").exists()


def test_what_guards_a_session(anyone: httpx.Client) -> None:
    """Scripts can't read the session, other sites can't send it, no page is framed by another type."""
    cookies = anyone.get("/user/login/").headers.get_list("set-cookie")
    [session] = [cookie for cookie in cookies if "sessionid" in cookie]
    assert "HttpOnly" in session and "SameSite=Lax" in session
    headers = anyone.get("/user/login/").headers
    assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "same-origin"


def test_behind_a_proxy_cookies_need_tls(tmp_path: Path) -> None:
    """A public address lets its name in, trusts its forms and keeps cookies off plain HTTP."""
    made = settings.environment(tmp_path, None, public_url="https://gold.press.example:8443/")
    assert made["LABEL_STUDIO_HOST"] == "https://gold.press.example:8443"
    assert made["LABEL_STUDIO_CSRF_TRUSTED_ORIGINS"] == "https://gold.press.example:8443"
    assert made["LABEL_STUDIO_ALLOWED_HOSTS"].split(",") == ["127.0.0.1", "localhost", "gold.press.example"]
    assert made["LABEL_STUDIO_SESSION_COOKIE_SECURE"] == made["LABEL_STUDIO_CSRF_COOKIE_SECURE"] == "1"
    assert made["GIT_DIR"] == os.devnull


@pytest.mark.parametrize(
    "url",
    [
        "http://gold.press.example",
        "gold.press.example",
        "https://",
        "https://me:hush@gold.press.example",
        "https://gold.press.example/studio",
        "https://gold.press.example:port",
        "https://[x",
    ],
)
def test_a_public_address_without_tls_is_refused(tmp_path: Path, url: str) -> None:
    """In the clear, passwords and texts could be read on the way; other forms can't be served."""
    with pytest.raises(GoldwireError, match="GW396 --public-url") as caught:
        settings.environment(tmp_path, None, public_url=url)
    assert "hush" not in str(caught.value)
