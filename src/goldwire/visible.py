"""Text from data as a person may see it in a terminal or a log: as it is, and nothing that acts."""

from __future__ import annotations

import re

#: What moves a cursor, ends a line, turns the direction of writing, can't be encoded or can't stand in XML;
#: and `##[`, which a CI runner takes for a command wherever it stands in a line.
_ACTS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufff9-\ufffb\ufffe\uffff]"
    r"|(?<=#)#(?=\w*\[)"
)
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str) -> str:
    r"""`text` on one line: control characters, bidi overrides and line separators escaped (`\x1b`, `\u202e`).

    All else stands as it is, so that a label or an id is shown as itself.
    """
    return _ACTS.sub(_escaped, text)


def on_a_line(text: str) -> str:
    """Like `visible`, for what may begin a line: in quotes where a CI runner would take it for a command."""
    shown = visible(text)
    return f'"{shown}"' if shown.lstrip().startswith("::") else shown


def _escaped(match: re.Match[str]) -> str:
    code = ord(match.group())
    return _NAMED.get(match.group()) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")
