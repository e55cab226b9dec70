"""What a gate says to those who do not read logs: job summary, pull-request comment, JUnit, badge."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as XML

from goldwire.errors import GoldwireError
from goldwire.eval.gate import COLUMNS, Gated
from goldwire.figures import interval, number, percent
from goldwire.files import read_text, write_text

#: By this an action finds its own comment again.
MARKER = "<!-- goldwire: eval gate -->"


def headline(gated: Gated) -> str:
    """Passed or failed, F1 with its interval, and what the reference is."""
    now = gated.now
    state = "passed" if gated.passed else "failed"
    return (
        f"gate {state} · {now.layer} F1 {number(now.f1)} ({interval(now.ci95)}) · reference: {now.reference}"
    )


def ceiling_line(gated: Gated) -> str:
    """The readers' agreement beside the model; empty where it is not known."""
    beside = gated.beside
    if beside is None or gated.ceiling is None or beside.readers is None:
        return ""
    share = f"; the model reaches {percent(beside.share)} of it" if beside.share is not None else ""
    return f"{gated.ceiling.title}: F1 {number(beside.readers)} ({interval(beside.ci95)}){share}"


def markdown(gated: Gated) -> str:
    """The job summary: verdict, one line why, the table by label, what to bear in mind."""
    now, mark = gated.now, "✅" if gated.passed else "❌"
    lines = [
        f"### {mark} {escaped(now.layer)} F1 {number(now.f1)} ({interval(now.ci95)})",
        "",
        f"*reference: {now.reference}*" + (", which no one has reviewed" if now.reference == "draft" else ""),
        "",
        f"**{'Passed' if gated.passed else 'Failed'}:** {escaped(gated.why)}.",
        "",
    ]
    if found := ceiling_line(gated):
        lines += [f"{escaped(found[:1].upper() + found[1:])}.", ""]
    lines += [
        "| " + " | ".join(COLUMNS) + " |",
        "|:--" + "|--:" * (len(COLUMNS) - 1) + "|",
        *("| " + " | ".join(escaped(cell) for cell in row) + " |" for row in gated.rows()),
        "",
        f"Corpus {escaped(now.corpus_in_words)} · {len(now.documents)} documents · exact match · "
        f"p: paired randomisation, by label after Holm",
    ]
    lines += [f"- {escaped(warning)}" for warning in gated.warnings]
    return "\n".join(lines) + "\n"


def comment(gated: Gated) -> str:
    """The body of a pull-request comment: the summary, its table folded, and a mark to find it again."""
    text = markdown(gated)
    at = text.index("| " + COLUMNS[0])
    return (
        f"{MARKER}\n{text[:at]}<details><summary>By label</summary>\n\n{text[at:].rstrip()}\n\n</details>\n"
    )


def junit(gated: Gated) -> str:
    """A test suite with a case for each condition of the gate."""
    failed = sum(not check.passed for check in gated.checks)
    suite = XML.Element(
        "testsuite",
        name="goldwire eval gate",
        tests=str(len(gated.checks)),
        failures=str(failed),
        errors="0",
        skipped="0",
    )
    properties = XML.SubElement(suite, "properties")
    now = gated.now
    for name, value in (
        ("reference", now.reference),
        ("layer", now.layer),
        ("f1", number(now.f1)),
        ("ci95", interval(now.ci95)),
        ("corpus", now.corpus_in_words),
    ):
        XML.SubElement(properties, "property", name=name, value=visible(value))
    for check in gated.checks:
        case = XML.SubElement(
            suite, "testcase", classname=visible(f"eval.{now.layer}"), name=check.name, time="0"
        )
        if not check.passed:
            XML.SubElement(case, "failure", message=visible(check.why)).text = visible(
                f"{check.why} (reference: {now.reference})"
            )
    suites = XML.Element("testsuites")
    suites.append(suite)
    XML.indent(suites)
    return XML.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def badge(gated: Gated) -> dict[str, Any]:
    """A badge as shields reads it from an address; it names a draft reference as such."""
    now = gated.now
    draft = " (reference: draft)" if now.reference == "draft" else ""
    return {
        "schemaVersion": 1,
        "label": f"{now.layer} F1{draft}",
        "message": f"{number(now.f1)} ({interval(now.ci95)})" if now.ci95 else number(now.f1),
        "color": "blue" if gated.passed else "red",
    }


def append_summary(text: str) -> Path:
    """Append to the file that `$GITHUB_STEP_SUMMARY` names; raises GW538 where it names none."""
    name = os.environ.get("GITHUB_STEP_SUMMARY", "")
    if not name:
        hint = "name a file instead: --summary FILE"
        raise GoldwireError.of("GW538", "$GITHUB_STEP_SUMMARY is not set: no job takes a summary", hint=hint)
    path = Path(name)
    write_text(path, (read_text(path) if path.exists() else "") + text)
    return path


def escaped(text: str) -> str:
    """Text that GitHub shows as it is: no Markdown, no HTML, no mention, no link, no emoji.

    Mentions, numbers, addresses and emoji are found in what Markdown leaves, where no backslash stands any
    more: a space of no width stands inside them.
    """
    text = visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = _MARKUP.sub(r"\\\g<0>", text)
    return _LINKED.sub(r"\g<0>&#8203;", text)


def visible(text: str) -> str:
    """Text on one line, a sign in place of each character that would steer a terminal, a reader or XML."""
    return "".join(_SIGNS.get(sign) or ("\ufffd" if _STEERS.match(sign) else sign) for sign in text)


_MARKUP = re.compile(r"[\\`*_\[\]|#~$!]")
#: Behind these GitHub looks for a name, a number, an address or an emoji.
_LINKED = re.compile(r"[@#]|:(?=\S)|\bGH-(?=\d)|\bwww(?=\.)", re.IGNORECASE | re.ASCII)
_SIGNS = {chr(code): chr(0x2400 + code) for code in range(32)} | dict.fromkeys("\t\n\r", " ") | {"\x7f": "␡"}
#: C1, line and paragraph separators, changes of direction, halves of characters, what is no character.
_STEERS = re.compile(r"[\x80-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
