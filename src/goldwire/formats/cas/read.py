"""UIMA CAS, read: XMI or JSON, as goldwire writes them and as INCEpTION and WebAnno export them."""

from __future__ import annotations

from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec

from goldwire import strict_json
from goldwire.errors import Fault, GoldwireError
from goldwire.files import sha256
from goldwire.formats.cas.article import from_cas, meet_layers
from goldwire.formats.cas.types import cassis
from goldwire.formats.inception.documents import Documents
from goldwire.formats.inception.files import Export, ExportFile
from goldwire.formats.inception.layers import Layers
from goldwire.formats.options import ConversionOptions
from goldwire.model import Article
from goldwire.strict_xml import Watch


def read_cas(path: Path, setting: ConversionOptions) -> list[Article]:
    """The articles of a file, a folder or a zip: `DOCUMENT/ANNOTATOR.xmi` (or `.json`), or a whole project.

    XMI is read with the `TypeSystem.xml` beside it or in a folder above, up to `path`. What lies at no extent
    is counted in `setting.lost`. Refused are files that can't be read (GW280) or break the model's rules
    (GW201 to GW206). Raises GW650 and GW651 for exports, GW652 and GW653 for layers and features that were
    asked for and are not there.
    """
    layers = Layers(setting)
    documents = Documents(setting, "GW280")
    type_systems: dict[str, Any] = {}
    for file in Export(path, (".xmi", ".json"), "UIMA CAS (XMI or JSON)", setting):
        try:
            article = from_cas(_load(file, type_systems, layers), file, layers)
            msgspec.json.encode(article)  # half a surrogate pair can't be written again
        except GoldwireError as error:
            setting.refuse(file.place, *error.faults)
            continue
        except (AttributeError, KeyError, TypeError, ValueError, msgspec.MsgspecError) as error:
            message = f"not as expected: {type(error).__name__} {error}"
            setting.refuse(file.place, Fault("GW280", message, file.place, "export it again"))
            continue
        documents.add(article, file)
    articles = documents.joined()
    if not setting.faults:
        layers.check()
    return articles


def _load(file: ExportFile, type_systems: dict[str, Any], layers: Layers) -> Any:
    """The CAS in a file; of many files with the same type system it is read once."""
    library = cassis()
    if not file.name.lower().endswith(".json") and file.type_system is None:
        hint = "put the TypeSystem.xml of the export beside it"
        raise GoldwireError.of("GW280", "no TypeSystem.xml", where=file.place, hint=hint)
    try:
        if file.type_system is None or file.name.lower().endswith(".json"):
            strict_json.check_strict(file.data)
            cas = library.load_cas_from_json(BytesIO(file.data))
            meet_layers(cas.typesystem, layers)
            return cas
        key = sha256(file.type_system)
        if key not in type_systems:
            _watch(file.type_system)
            type_systems[key] = library.load_typesystem(BytesIO(file.type_system))
            meet_layers(type_systems[key], layers)
        _watch(file.data)
        # The limits that this lifts are libxml2's, on the length of a text; what grows was refused above.
        return library.load_cas_from_xmi(BytesIO(file.data), typesystem=type_systems[key], trusted=True)
    except Exception as error:  # noqa: BLE001 - lxml, json and cassis each raise their own
        plain = not isinstance(error, (AttributeError, TypeError, KeyError))
        suffix = "." + file.name.rpartition(".")[2]
        reason = f"{type(error).__name__} {str(error)[:200]}" if plain else f"not the form of a {suffix}"
        message = f"no CAS: {reason}"
        raise GoldwireError.of("GW280", message, where=file.place, hint="XMI 1.1 or UIMA JSON 0.4") from None


def _watch(data: bytes) -> None:
    """Look through XML before it is read: no document type, no nesting without end."""
    etree = import_module("lxml.etree")
    options = {"resolve_entities": False, "load_dtd": False, "no_network": True, "huge_tree": True}
    etree.parse(BytesIO(data), etree.XMLParser(target=Watch(), **options))
