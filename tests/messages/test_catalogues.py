"""The texts that annotators read are there in each language, and all that is rendered takes them."""

from __future__ import annotations

import re
import string
import tomllib
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from msgspec.structs import replace

from goldwire.annotate.adjudication.push import config as adjudication_config
from goldwire.messages import fallback_note, in_all_languages, languages, messages_in
from goldwire.schemas import load_schema
from goldwire.schemas.rendering.guidelines import guidelines
from goldwire.schemas.rendering.label_config import label_config

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src/goldwire"
MINI = ROOT / "tests/data/mini/schemas/mini.yaml"


def placeholders(text: str) -> set[str]:
    """What is filled in."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", languages())
def test_every_catalogue_has_the_same_keys_and_placeholders(language: str) -> None:
    """A text that one language has, all have, with the same parts to fill in; none is empty."""
    own, english = messages_in(language).texts, messages_in("en").texts
    assert own.keys() == english.keys()
    for key, text in own.items():
        assert text.strip(), key
        assert placeholders(text) == placeholders(english[key]), key


def test_every_text_is_used() -> None:
    """No key is left of what nobody shows any more: the code has each, whole or its name to be put in."""
    files = [
        *SOURCE.rglob("*.py"),
        *SOURCE.rglob("*.j2"),
        *SOURCE.glob("new_project/templates/*.yaml"),
    ]
    code = "".join(path.read_text(encoding="utf-8") for path in files)
    for key in messages_in("en").texts:
        section, name = key.split(".")
        whole = f'"{key}"' in code or f"'{key}'" in code
        filled = section == "template" and (f"${{{name}}}" in code or name.startswith("registry_"))
        assert whole or filled or (f"{section}.{{" in code and f'"{name}"' in code), key


def test_no_two_catalogues_serve_one_code() -> None:
    """A code of a language names one catalogue, whose file bears the ISO 639-1 code."""
    codes: list[str] = []
    for path in (SOURCE / "messages").glob("*.toml"):
        own = tomllib.loads(path.read_text(encoding="utf-8"))["language"]["codes"]
        assert path.stem in own
        codes += own
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("fr", "fr"),
        ("fra", "fr"),
        ("fr-CA", "fr"),
        ("DE_at", "de"),
        ("ger", "de"),
        ("spa", "es"),
        ("en", "en"),
    ],
)
def test_codes_of_a_language_lead_to_its_catalogue(code: str, language: str) -> None:
    """ISO 639-1, 639-2 and 639-3, with a region or without: and nothing is said of it."""
    assert messages_in(code).language == language
    assert fallback_note(code) == ""


@pytest.mark.parametrize("code", ["pt", "ar", "zh", "frr", "xx", ""])
def test_a_language_without_a_catalogue_gets_english_and_is_told(code: str) -> None:
    """Rendered in English, with the languages that there are; a longer code is not cut to a shorter one."""
    assert messages_in(code).language == "en"
    assert f"`{code}`" in fallback_note(code) and "de, en, es, fr" in fallback_note(code)


def words(text: str) -> set[str]:
    """Its words, in lower case."""
    return set(re.findall(r"[^\W\d_]{2,}", text.lower()))


def shown(config: str) -> str:
    """What a label config shows to people; `$NAME` is a field of the task."""
    items = ET.fromstring(config).iter()
    texts = [item.get(name, "") for item in items for name in ("value", "placeholder", "hint")]
    return " ".join(text for text in texts if not text.startswith("$"))


@pytest.mark.parametrize("language", languages())
def test_what_is_rendered_is_in_one_language(language: str) -> None:
    """Guidelines, config and adjudication of a schema have the words of its language, and no other's."""
    schema = replace(load_schema(MINI), language=language)
    rendered = guidelines(schema) + shown(label_config(schema)) + shown(adjudication_config(schema))
    own = messages_in(language)
    for key in ("config.guide", "adjudication.disagreements", "guidelines.origin"):
        assert own(key, schema=schema.id) in rendered
    kept = words(MINI.read_text(encoding="utf-8")) | set().union(*map(words, own.texts.values()))
    for other in set(languages()) - {language}:
        for key in (
            "config.guide",
            "guidelines.common_rules",
            "adjudication.disagreements",
        ):
            for word in words(messages_in(other).texts[key]) - kept:
                assert word not in words(rendered), (other, key)


def test_a_text_is_known_again_in_every_language() -> None:
    """What was written in one language is found by who asks in another."""
    assert {"By uncertainty", "Par incertitude"} <= in_all_languages("assist.by_uncertainty")
    assert len(in_all_languages("assist.by_uncertainty")) == len(languages())
