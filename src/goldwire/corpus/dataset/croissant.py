"""The dataset described in Croissant 1.0, the JSON-LD that search engines and loaders of datasets read.

The format: Akhtar et al. 2024, *Croissant: A Metadata Format for ML-Ready Datasets*.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from goldwire.corpus.dataset.card_facts import Contents
from goldwire.corpus.dataset.card_header import annotations_licence, authors_of, licence_address
from goldwire.corpus.dataset.card_statement import statement, status_of
from goldwire.corpus.redistribution import redistribution
from goldwire.files import sha256_of
from goldwire.formats.dataset.files import features_of

#: The file's name, beside the card.
CROISSANT = "croissant.json"
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "equivalentProperty": "cr:equivalentProperty",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
#: Answers of the data statement, and the property of Croissant's RAI vocabulary that takes each.
_STATED = {
    "curation": "rai:dataCollection",
    "annotators": "rai:annotatorDemographics",
    "preprocessing": "rai:dataPreprocessingProtocol",
    "metadata": "rai:dataAnnotationProtocol",
    "limitations": "rai:dataLimitations",
    "maintenance": "rai:dataReleaseMaintenancePlan",
}
_TYPES = {"string": "sc:Text", "bool": "sc:Boolean", "float64": "sc:Float"}


def croissant(folder: Path, contents: Contents, limits: Sequence[str]) -> str:
    """The description as JSON: each file in `folder` with its SHA-256, of each config and split the columns.

    `limits` are what the card says under that heading. Date, address and authors are those of `[corpus]`:
    what it does not say is left out.
    """
    paths = contents.paths
    files = {path: "application/x-parquet" for sides in paths.values() for path in sides.values()}
    files |= {each.path: "application/jsonlines" for each in contents.registries}
    distribution = [
        {
            "@type": "cr:FileObject",
            "@id": path,
            "name": path,
            "contentUrl": path,
            "contentSize": f"{(folder / path).stat().st_size} B",
            "encodingFormat": form,
            "sha256": sha256_of(folder / path),
        }
        for path, form in files.items()
    ]
    records = [
        {
            "@type": "cr:RecordSet",
            "@id": f"{config}/{side}",
            "name": f"{config}/{side}",
            "field": [
                _field(f"{config}/{side}/{name}", feature, path, name)
                for name, feature in features_of(folder / path).items()
            ],
        }
        for config, sides in paths.items()
        for side, path in sides.items()
    ]
    described = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"],
        "name": contents.corpus.project.name,
        "version": contents.corpus.version,
        **_about(contents, limits),
        "distribution": distribution,
        "recordSet": records,
    }
    return json.dumps(described, ensure_ascii=False, indent=1) + "\n"


def _licences(contents: Contents) -> list[str]:
    """Those of the annotations and of the texts that the dataset has, as addresses where there is one."""
    held, passed_on = contents.held, redistribution(contents.corpus.project)
    named = [annotations_licence(contents.corpus)]
    if contents.has_texts:
        licences = sorted(contents.facts.licences)
        named += [name for name in licences if held is None or passed_on.allows_licence(name)]
    return list(dict.fromkeys(licence_address(name) or name or "not stated" for name in named))


def _about(contents: Contents, limits: Sequence[str]) -> dict[str, Any]:
    corpus = contents.corpus
    setting = corpus.project.setting
    title = str(setting("project", "title", corpus.project.name))
    authors = authors_of(corpus)
    about: dict[str, Any] = {
        "alternateName": title,
        "description": " ".join(
            f"{corpus.schema.description or title} {_plain(status_of(contents.facts)['sentence'])}".split()
        ),
        "license": _licences(contents),
        "inLanguage": corpus.project.language,
        "keywords": ["goldwire", corpus.schema.name, *corpus.schema.layers],
        "creator": {"@type": "sc:Organization", "name": authors},
        "citeAs": f"{authors}: {title}, version {corpus.version}, content {contents.content_hash[:12]}",
    }
    for key, name in (("url", "url"), ("date", "datePublished")):
        if value := str(setting("corpus", key, "")):
            about[name] = value
    answers = statement(corpus, contents.facts, contents.counts)
    # What the card says elsewhere is said here.
    answers["limitations"] = answers["limitations"].replace("See *Limits*.", _plain(" ".join(limits)))
    answers["metadata"] = answers["metadata"].replace("in this card", "in README.md")
    return about | {name: answers[key] for key, name in _STATED.items() if answers.get(key)}


def _plain(markdown: str) -> str:
    return re.sub(r"^> |[*`]", "", markdown)


def _field(
    identifier: str, feature: Mapping[str, Any], path: str, column: str, within: str = ""
) -> dict[str, Any]:
    """A column; what lies in its lists and structs has a JSONPath, `within`."""
    listed = feature.get("_type") == "List"
    inner = feature["feature"] if listed else feature
    field: dict[str, Any] = {"@type": "cr:Field", "@id": identifier, "name": identifier}
    if listed:
        field["repeated"] = True
    if "_type" not in inner:  # a struct
        prefix = f"{within}." if within else ""
        field["subField"] = [
            _field(f"{identifier}/{name}", each, path, column, f"{prefix}{name}")
            for name, each in inner.items()
        ]
        return field
    if inner["_type"] == "ClassLabel":
        field["description"] = "The number of a name, from 0: " + ", ".join(inner["names"])
    field["dataType"] = _TYPES.get(inner.get("dtype", ""), "sc:Integer")
    field["source"] = {
        "fileObject": {"@id": path},
        "extract": {"column": column},
        **({"transform": {"jsonPath": within}} if within else {}),
    }
    return field
