"""The card's YAML header, in the fields that the Hugging Face Hub knows, and the licence that it names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from goldwire.corpus.dataset.card_facts import Contents
from goldwire.corpus.redistribution import redistribution
from goldwire.formats.dataset.files import config_fields, header_yaml
from goldwire.number_format import amount, counted

if TYPE_CHECKING:
    from goldwire.corpus.corpus import Corpus

#: The least version of `datasets` that reads what we write; a test loads with it.
LEAST_DATASETS = "2.19"
#: The file that `license_link` names: the Hub takes LICENSE, LICENSE.md or an address.
LICENCE_FILE = "LICENSE"
# The identifiers that the Hub takes for a dataset's licence.
_LISTED = (
    "apache-2.0 mit openrail bigscience-openrail-m creativeml-openrail-m bigscience-bloom-rail-1.0 "
    "bigcode-openrail-m afl-3.0 artistic-2.0 bsl-1.0 bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear "
    "c-uda cc cc0-1.0 cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0 "
    "cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 "
    "cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cdla-sharing-1.0 cdla-permissive-1.0 cdla-permissive-2.0 wtfpl "
    "ecl-2.0 epl-1.0 epl-2.0 etalab-2.0 eupl-1.1 eupl-1.2 agpl-3.0 gfdl gpl gpl-2.0 gpl-3.0 lgpl "
    "lgpl-2.1 lgpl-3.0 isc lppl-1.3c ms-pl mpl-2.0 odc-by odbl openrail++ osl-3.0 postgresql ofl-1.1 "
    "ncsa unlicense zlib pddl lgpl-lr unknown other"
)
LICENCES = frozenset(_LISTED.split())
# So many sources of texts are named under a licence; the card's table has all.
_SOURCES = 10
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_MAKERS = {
    "unknown": "other",
    "human": "expert-generated",
    "model": "machine-generated",
    "rule": "machine-generated",
}


def header(contents: Contents, features: Mapping[str, Mapping[str, Any]]) -> str:
    """The header as YAML: for each config the file of each split, and its plain `features`."""
    corpus, facts = contents.corpus, contents.facts
    setting = corpus.project.setting
    fields: dict[str, Any] = {
        "pretty_name": setting("project", "title", corpus.project.name),
        "language": [corpus.project.language],
        **licence_fields(str(setting("corpus", "licence", "other"))),
        "annotations_creators": sorted({_MAKERS[kind] for kind in facts.kinds}),
        "language_creators": ["found"],
        "multilinguality": ["monolingual"],
        "size_categories": [next((name for top, name in _SIZES if facts.documents < top), "n>1M")],
        "source_datasets": ["original"],
        "task_categories": ["token-classification"],
        "tags": ["goldwire", corpus.schema.name, *corpus.schema.layers],
        **config_fields(contents.paths, features),
    }
    return header_yaml(fields)


def licence_fields(licence: str) -> dict[str, str]:
    """`license`, and for one that the Hub does not list a name and the file that holds its text."""
    known = licence.lower()
    if known in LICENCES and known != "other":
        return {"license": known}
    name = re.sub(r"[^a-z0-9.]+", "-", known).strip("-.")
    return {
        "license": "other",
        "license_name": name if name and name != "other" else "see-the-card",
        "license_link": LICENCE_FILE,
    }


def licence_address(licence: str) -> str:
    """Where the text of a Creative Commons licence stands, which it asks to be named; empty for others."""
    creative_commons = re.fullmatch(r"CC[ -](BY(?:-NC)?(?:-SA|-ND)?)[ -](\d\.\d)", licence.upper())
    if creative_commons is not None:
        return f"https://creativecommons.org/licenses/{creative_commons[1].lower()}/{creative_commons[2]}/"
    zero = re.fullmatch(r"CC0(?:[ -](\d\.\d))?", licence.upper())
    return f"https://creativecommons.org/publicdomain/zero/{zero[1] or '1.0'}/" if zero is not None else ""


def annotations_licence(corpus: Corpus) -> str:
    """The licence of the annotations."""
    return str(corpus.project.setting("corpus", "annotations_licence", "Apache-2.0"))


def authors_of(corpus: Corpus) -> str:
    """Who is to be cited."""
    return str(corpus.project.setting("corpus", "authors", f"The {corpus.project.name} annotators"))


def licence_lines(contents: Contents) -> list[str]:
    """What may be done with annotations and texts: of these how many are under each licence, and of whom."""
    corpus, facts = contents.corpus, contents.facts
    lines = [f"Annotations: {annotations_licence(corpus)}."]
    if not contents.has_texts:
        return [*lines, "Texts: none are in this dataset."]
    passed_on = redistribution(corpus.project)
    for licence, texts in sorted(facts.licences.items()):
        allowed = passed_on.allows_licence(licence)
        address = licence_address(licence)
        named = f"{licence} ({address})" if address else licence or "licence not stated"
        if allowed and (listed := [source for source in facts.sources[licence] if source]):
            more = f" and {amount(len(listed) - _SOURCES)} more" if len(listed) > _SOURCES else ""
            named += f", of {'; '.join(listed[:_SOURCES])}{more}"
        if contents.held is None:
            said = "may be passed on" if allowed else "may **not** be passed on with the dataset"
        else:
            said = "in this dataset" if allowed else "**not** in this dataset, but for hashes"
        lines.append(f"{counted(texts, 'text')}: {named}; {said}.")
    return lines


def licence_text(contents: Contents) -> str:
    """The text of `LICENSE`, for licences that the Hub does not list."""
    project = contents.corpus.project
    lines = [line.replace("**", "") for line in licence_lines(contents)]
    return "\n".join([str(project.setting("project", "title", project.name)), "", *lines]) + "\n"
