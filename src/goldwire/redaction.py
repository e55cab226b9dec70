"""The one redaction that all passes which people or files get to see: messages, log lines, tracebacks.

Secrets become `…`: those that goldwire was told of (`keep_secret`), those of the environment, and what has
the form of one, wherever it comes from: users and passwords in addresses, tokens in their queries,
credentials in headers and connection strings.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from threading import Lock
from urllib.parse import quote, quote_plus, unquote

_NAMES = ("token", "secret", "password", "passwd", "passphrase", "credential", "signature")
_NAME = f"(?:{'|'.join(_NAMES)}|(?:api|access|secret)[_-]?key)"
#: Environment variables that hold a secret by their name; not those that name a file of one.
_VARIABLE = re.compile(rf"(?:^|_)(?:PG)?{_NAME}$", re.IGNORECASE)
#: Characters from which on a value of such a variable is one: `X_TOKEN=1` is a switch.
_SHORTEST = 8
#: Characters up to which a secret is blotted out only where it is a word of its own.
_WORD = 5


def _form(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.VERBOSE)


# What an address has between `://` and its host: a user alone, or one with a password. What follows the colon
# is a port where a path comes after it.
_USER = re.compile(r"[^\s/?#:@]*(@|:(?!\d{1,5}[/?#]))")
# A secret's form, and what a text has in it, in lower case, where it can stand there: quicker to look for.
_FORMS: tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...] = (
    # `?token=…` in an address, or quoted in another's query; `password=…` in a connection string;
    # `"token": "…"` as in JSON and in a printed dictionary.
    (
        (*_NAMES, "key", "sessionid"),
        _form(rf"""
            ( (?:{_NAME}|sessionid)
              (?: \s{{0,8}}=\s{{0,8}} | %3D | ["']\s{{0,8}}[:=]\s{{0,8}} ) )
            (?: "(?:[^"\\]|\\.)*"? | '(?:[^'\\]|\\.)*'? | (?!…)[^\s&"'<>]+ )"""),
        r"\1…",
    ),
    # `X-Api-Key: …` of a header, `password: …` of a file: alone to the line's end, or with a digit in it,
    # since sentences too have a colon after such words.
    (
        (*_NAMES, "key"),
        _form(rf"""( {_NAME} [ \t]{{0,8}}:[ \t]{{0,8}} ) (?!…)
            (?: (?=[^\s"'<>,;]*\d) [^\s"'<>,;]{{6,}} | [^\s"'<>`]{{6,}} (?=[ \t]*(?:[\r\n]|\Z)) )"""),
        r"\1…",
    ),
    # Names of a query that are too common elsewhere.
    (
        ("key", "auth", "sig", "jwt", "sid", "session", "pwd", "pw", "pass", "access"),
        _form(r"""
            ( (?: [?&\#;] | %3F | %26 | %23 )
              (?:[\w.-]{0,40}[_.-])? (?:key|auth|sig|jwt|sid|session|pwd|pw|pass|access) (?: = | %3D ) )
            [^&\s\#'"<>]+"""),
        r"\1…",
    ),
    # Credentials of a header, by their scheme or by its name.
    (
        ("token", "bearer", "basic"),
        _form(r"\b (token|bearer|basic) (\s+) (?=\S*\d) [\w.+/=~-]{16,}"),
        r"\1\2…",
    ),
    (
        ("authorization",),
        _form(
            r"""( authorization ["']? \s{0,8}[:=]\s{0,8} ["']? ) (?! (?:token|bearer|basic)\s ) [^\s"']+"""
        ),
        r"\1…",
    ),
    # What shows by its form that it is a token: JSON web tokens; those of hubs, forges, models, stores, chat.
    (("eyj",), re.compile(r"\beyJ[\w-]+(?:\.[\w-]*)*"), "…"),
    (("hf_", "gh", "glpat"), re.compile(r"\b(?:hf_|gh[opsur]_|github_pat_|glpat-)[\w-]{16,}"), "…"),
    (("sk-",), re.compile(r"\bsk-(?=[\w-]*\d)[\w-]{16,}"), "…"),
    (("akia", "asia"), re.compile(r"\bA(?:KIA|SIA)[A-Z0-9]{16}\b"), "…"),
    (("xox",), re.compile(r"\bxox[a-z]-[\w-]{10,}"), "…"),
)

#: One of these is in every text that may hold a secret's form; those that hold another one are left out.
_SIGNS = tuple(
    sign
    for sign in sorted({sign for signs, _, _ in _FORMS for sign in signs})
    if not any(other in sign and other != sign for signs, _, _ in _FORMS for other in signs)
)

_known: set[str] = set()
_lock = Lock()
_pattern: re.Pattern[str] | None = None


def keep_secret(*secrets: str) -> None:
    """Have these texts blotted out from now on, as they are and as they stand in addresses and in JSON."""
    global _pattern
    forms = {form for secret in secrets if secret.strip() for form in _written(secret.strip())}
    with _lock:
        if forms - _known:
            _known.update(forms)
            longest_first = sorted(_known, key=lambda form: (-len(form), form))
            _pattern = re.compile("|".join(map(_found_as, longest_first)))


def forget_secrets() -> None:
    """Take all that was kept for words again: another program begins, in the same process."""
    global _pattern
    with _lock:
        _known.clear()
        _pattern = None


def keep_secrets_of(environment: Mapping[str, str]) -> None:
    """Have blotted out what the variables hold that are named after a secret; a file's name is none."""
    keep_secret(
        *(
            value
            for name, value in environment.items()
            if _VARIABLE.search(name) and len(value) >= _SHORTEST and value[0] not in "/~."
        )
    )


def keep_secrets_in(address: str) -> None:
    """Have the user and password of an address blotted out, also of one that can't be read as such."""
    user, at, _ = (address.partition("://")[2] or address).rpartition("@")
    if at:
        password = user.partition(":")[2]
        keep_secret(user, *filter(None, (password, unquote(password))))


def without_query(address: str) -> str:
    """An address without query and fragment, where a secret may bear any name."""
    cut = re.split(r"[?#]", address, maxsplit=1)[0]
    return cut if cut == address else f"{cut}?…"


def redact(text: str) -> str:
    """`text` without secrets, each as `…`."""
    if _pattern is not None:
        text = _pattern.sub("…", text)
    if "://" in text and "@" in text:
        text = re.sub(r"\S+", _without_user, text)
    lower = text.lower()
    for sign in _SIGNS:
        if sign in lower:
            break
    else:
        return text
    for signs, form, replacement in _FORMS:
        if any(sign in lower for sign in signs):
            text = form.sub(replacement, text)
    return text


def _without_user(word: re.Match[str]) -> str:
    """A word without the users and passwords of the addresses in it."""
    text, shown, start = word.group(), list[str](), 0
    last = text.rfind("@")
    while 0 <= (mark := text.find("://", start)) < last:
        begin = mark + 3
        user = _USER.match(text, begin)
        scheme = text[max(0, mark - 5) : mark].lower().endswith(("http", "https"))
        shown.append(text[start:begin])
        start = begin
        if user and user[1] == ":":
            # A password may hold any sign, `@` too.
            return "".join((*shown, "…", text[last:]))
        # A token in the user's place; a user of PostgreSQL without a password is no secret.
        if user and scheme and user.end() - begin > 1:
            shown.append("…@")
            start = user.end()
    return "".join((*shown, text[start:]))


def shortened(text: str, most: int) -> str:
    """A foreign message on one line, without secrets, of at most so many characters."""
    # In this order: half a secret would not be known.
    line = redact(" ".join(text.split()))
    return line if len(line) <= most else line[:most] + " …"


def _written(secret: str) -> set[str]:
    """The forms in which a secret may stand in a text."""
    quoted = {quote(secret, safe=""), quote(secret), quote_plus(secret)}
    escaped = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1]}
    return {secret, *quoted, *escaped}


def _found_as(form: str) -> str:
    return re.escape(form) if len(form) > _WORD else rf"(?<!\w){re.escape(form)}(?!\w)"
