"""A comment on the pull or merge request that a CI job runs for: the earlier one is replaced."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from goldwire import strict_json
from goldwire.errors import GoldwireError
from goldwire.eval.ci.outputs import MARKER
from goldwire.files import read_text
from goldwire.redaction import keep_secret, shortened

#: Seconds to wait for an answer; characters that GitHub takes of a comment; pages that are looked through.
_TIMEOUT, _LONGEST, _PAGES = 30, 65_000, 50
#: Where a token is looked for, in this order.
TOKENS = {"GitHub": ("GITHUB_TOKEN", "GH_TOKEN"), "GitLab": ("GITLAB_TOKEN",)}


@dataclass(frozen=True)
class Discussion:
    """Where the comments of a pull or merge request are read and made, and where and how each is replaced."""

    server: str
    name: str
    comments: str
    each: str
    replace: str
    headers: dict[str, str]


def discussion_here(environment: Mapping[str, str]) -> Discussion | None:
    """The pull or merge request that a job of GitHub or GitLab runs for; None where it runs for none.

    Raises GW747 where there is one and no token to write to it, GW749 where the job's variables are odd.
    """
    if environment.get("GITHUB_ACTIONS"):
        number = _number(environment)
        if number is None:
            return None
        repository = (
            f"{_api(environment, 'GITHUB_API_URL')}/repos/{_needed(environment, 'GITHUB_REPOSITORY')}"
        )
        token = _token("GitHub", environment)
        comments = f"{repository}/issues/{number}/comments"
        headers = {"Authorization": f"Bearer {token}"}
        each = f"{repository}/issues/comments"
        return Discussion("GitHub", f"pull request {number}", comments, each, "PATCH", headers)
    merge_request = environment.get("CI_MERGE_REQUEST_IID", "")
    if not merge_request:
        return None
    project = quote(_needed(environment, "CI_PROJECT_ID"), safe="")
    discussed = f"projects/{project}/merge_requests/{quote(merge_request, safe='')}"
    notes = f"{_api(environment, 'CI_API_V4_URL')}/{discussed}/notes"
    headers = {"PRIVATE-TOKEN": _token("GitLab", environment)}
    return Discussion("GitLab", f"merge request {merge_request}", notes, notes, "PUT", headers)


def post_comment(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """Put `text` where the job's pull or merge request is discussed; in a sentence what was done.

    The comment that an earlier run made, known by goldwire's mark at its start, is replaced. Raises GW747 and
    GW749 as `discussion_here` does, GW748 where the server can't be reached or refuses.

        >>> import goldwire
        >>> goldwire.post_comment("F1 .712", environment={})
        'no pull or merge request here: nothing was posted'
    """
    place = discussion_here(environment)
    if place is None:
        return "no pull or merge request here: nothing was posted"
    if not text.startswith(MARKER):
        text = f"{MARKER}\n{text}"
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}\n\n… cut; the whole text is among the job's artifacts\n"
    mine = next(
        (each["id"] for each in _comments(place) if str(each.get("body", "")).startswith(MARKER)), None
    )
    if mine is None:
        _ask(place, "POST", place.comments, {"body": text})
        return f"commented on {place.name}"
    _ask(place, place.replace, f"{place.each}/{int(mine)}", {"body": text})
    return f"replaced the earlier comment on {place.name}"


def _comments(place: Discussion) -> Iterator[Mapping[str, Any]]:
    """The comments so far, a hundred a page."""
    for page in range(1, _PAGES + 1):
        comments = _ask(place, "GET", f"{place.comments}?per_page=100&page={page}")
        if not isinstance(comments, list) or not all(
            isinstance(each, dict) and "id" in each for each in comments
        ):
            raise _refused(place, "answers with something else than comments")
        yield from comments
        if len(comments) < 100:
            return


def _ask(place: Discussion, method: str, url: str, body: Any = None) -> Any:
    headers = {"Accept": "application/json", "User-Agent": "goldwire", **place.headers}
    options: dict[str, Any] = {"headers": headers, "timeout": _TIMEOUT, "follow_redirects": False}
    try:
        # A redirect is an error: the token goes to the server that was named, and to no other. Whom the
        # machine trusts is trusted: a server of one's own has its certificate from there.
        answer = httpx.request(method, url, json=body, verify=ssl.create_default_context(), **options)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _refused(place, f"can't be reached: {error}") from None
    if not answer.is_success:
        said = shortened(answer.text[:2000], 200)
        raise _refused(place, f"answers {answer.status_code} to {method}: {said}")
    try:
        return strict_json.loads(answer.content.decode())
    except ValueError as error:
        raise _refused(place, f"answers with no JSON: {error}") from None


def _refused(place: Discussion, what: str) -> GoldwireError:
    hint = {
        "GitHub": "the job needs `permissions: pull-requests: write`; pull requests from forks have none",
        "GitLab": "the token needs the scope `api` and the role of a reporter or more",
    }[place.server]
    return GoldwireError.of("GW748", f"no comment on {place.name}: {place.server} {what}", hint=hint)


def _number(environment: Mapping[str, str]) -> int | None:
    """The number of the pull request, as the event that started the job has it."""
    path = environment.get("GITHUB_EVENT_PATH", "")
    if not path or not Path(path).is_file():
        return None
    try:
        event = strict_json.loads(read_text(Path(path)))
        request_part = event.get("pull_request") if isinstance(event, dict) else None
        return int(request_part["number"]) if request_part else None
    except (ValueError, KeyError, TypeError) as error:
        raise GoldwireError.of("GW749", f"not the event of a job: {error}", where=path) from None


def _token(server: str, environment: Mapping[str, str]) -> str:
    for name in TOKENS[server]:
        if token := environment.get(name, "").strip():
            keep_secret(token)
            return token
    names = " or ".join(f"${name}" for name in TOKENS[server])
    hint = f"set {names} to a token that may comment, as a masked variable"
    raise GoldwireError.of("GW747", f"there is no token for {server}", hint=hint)


def _needed(environment: Mapping[str, str], name: str) -> str:
    if value := environment.get(name, ""):
        return value
    raise GoldwireError.of(
        "GW749", f"the job does not set ${name}", hint="is this a job of GitHub or GitLab?"
    )


def _api(environment: Mapping[str, str], name: str) -> str:
    url = _needed(environment, name)
    if urlsplit(url).scheme not in ("http", "https"):
        raise GoldwireError.of("GW749", f"${name} is no address of a web server", hint="https://…")
    return url.rstrip("/")
