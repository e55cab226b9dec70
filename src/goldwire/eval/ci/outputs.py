"""What a gate says to those who do not read logs: job summary, pull-request comment, JUnit, badge."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as XML

from goldwire.errors import GoldwireError
from goldwire.eval.ci.gate import COLUMNS, Gated, too_few
from goldwire.files import read_text, write_text
from goldwire.number_format import interval, number, with_interval
from goldwire.visible import visible

#: By this an action finds its own comment again.
MARKER = "<!-- goldwire: eval gate -->"


def markdown(gated: Gated) -> str:
    """The job summary: verdict, one line why, the table by label, what to bear in mind."""
    now = gated.now
    lines = [
        f"### {_SIGNS[gated.passed]} {escaped(now.layer)} F1 {with_interval(now.f1, now.ci95)}",
        "",
        f"*reference: {now.reference}*"
        + (", which no one has reviewed" if now.reference == "draft" else "")
        + (f"; on {escaped(now.scored_on)}, none of which the model learned from" if now.test else ""),
        "",
        f"**{gated.state.capitalize()}:** {escaped(gated.why)}.",
        "",
    ]
    # What makes the verdict worth less stands before the figures.
    lines += [f"> **Note:** {escaped(warning)}.\n" for warning in gated.grave]
    if gated.data:
        lines += [f"{escaped(_sentence(gated.data))}.", ""]
    if ceiling := gated.readers:
        lines += [f"{escaped(_sentence(ceiling))}.", ""]
    if gated.compared:
        lines += [
            "| " + " | ".join(column.name for column in COLUMNS) + " |",
            "|:--" + "|--:" * (len(COLUMNS) - 1) + "|",
            *("| " + " | ".join(escaped(cell) for cell in row) + " |" for row in gated.table().shown()),
            "",
        ]
    lines += [
        f"Corpus {escaped(now.corpus_in_words)} · {escaped(now.scored_on)} · {now.kind} match · "
        f"p: paired randomisation, by label after Holm",
    ]
    lines += [f"- {escaped(warning)}" for warning in gated.warnings]
    return "\n".join(lines) + "\n"


def comment_text(*gates: Gated) -> str:
    """The body of a pull-request comment: a summary each, its table folded, and a mark to find it again."""
    return "\n".join([MARKER, *(_folded(markdown(gated)) for gated in gates)])


def _folded(text: str) -> str:
    at = text.find("| " + COLUMNS[0].name)
    if at < 0:
        return text
    return f"{text[:at]}<details><summary>By label</summary>\n\n{text[at:].rstrip()}\n\n</details>\n"


def refusal(error: GoldwireError) -> str:
    """What summary and comment say where the gate refuses to compare."""
    lines = ["### ❌ not compared", ""]
    for fault in error.faults:
        hint = f" ({fault.hint})" if fault.hint else ""
        lines.append(f"**{fault.code}:** {escaped(_sentence(fault.message) + hint)}.")
    return "\n".join(lines) + "\n"


def junit(*gates: Gated) -> str:
    """A test suite for each gate, a case for each condition; one is skipped where nothing was compared."""
    suites = XML.Element("testsuites")
    suites.extend(map(_suite, gates))
    XML.indent(suites)
    return XML.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _suite(gated: Gated) -> XML.Element:
    failed = sum(not check.passed for check in gated.checks)
    suite = XML.Element(
        "testsuite",
        name="goldwire eval gate",
        tests=str(len(gated.checks) + (not gated.compared)),
        failures=str(failed),
        errors="0",
        skipped=str(int(not gated.compared)),
    )
    properties = XML.SubElement(suite, "properties")
    now = gated.now
    for name, value in (
        ("reference", now.reference),
        ("layer", now.layer),
        ("f1", number(now.f1)),
        ("ci95", interval(now.ci95)),
        ("corpus", now.corpus_in_words),
        ("scored on", now.scored_on),
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
    if not gated.compared:
        case = XML.SubElement(
            suite, "testcase", classname=visible(f"eval.{now.layer}"), name="comparison", time="0"
        )
        message = too_few(now, gated.overlap)
        XML.SubElement(case, "skipped", message=visible(f"not compared: {message}"))
    return suite


def badge(gated: Gated) -> dict[str, Any]:
    """A badge as shields reads it from an address; it names a draft reference as such."""
    now = gated.now
    draft = " (reference: draft)" if now.reference == "draft" else ""
    return {
        "schemaVersion": 1,
        "label": f"{now.layer} F1{draft}",
        "message": with_interval(now.f1, now.ci95) + ("" if gated.compared else ", not compared"),
        "color": {True: "blue", False: "red", None: "lightgrey"}[gated.passed],
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


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


_SIGNS = {True: "✅", False: "❌", None: "⚪"}
_MARKUP = re.compile(r"[\\`*_\[\]|#~$!]")
#: Behind these GitHub looks for a name, a number, an address or an emoji.
_LINKED = re.compile(r"[@#]|:(?=\S)|\bGH-(?=\d)|\bwww(?=\.)", re.IGNORECASE | re.ASCII)
