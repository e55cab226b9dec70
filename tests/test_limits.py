"""Small hostile files are refused by name, in little memory; what honest files hold is read."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from click.testing import CliRunner

from goldwire import strict_xml
from goldwire.cli.schema import command
from goldwire.errors import GoldwireError
from goldwire.formats.convert import convert
from goldwire.formats.jsonl import write_jsonl
from goldwire.formats.options import ConversionOptions
from goldwire.formats.registry import FORMATS
from goldwire.limits import ALIASED, DEPTH, INFLATED
from goldwire.model import Annotation, Article, Relation, Span
from goldwire.project import load_project, name_faults
from goldwire.schemas import load_schema
from goldwire.schemas.yaml_lines import parse_yaml
from goldwire.seeds import load_seeds

ROOT = Path(__file__).parents[1]
#: What the process may hold: its libraries take the half of it.
MEMORY = 3 << 30
#: Says what goldwire says of an input that it refuses, given its words.
Refused = Callable[..., str]


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Refused]:
    """Runs goldwire in a process with bounded memory, forked from one that has its imports behind it."""
    said = tmp_path_factory.mktemp("bounded") / "said"
    command = [sys.executable, "-m", "tests.bounded", str(MEMORY), str(said)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as source:
        assert source.stdin is not None and source.stdout is not None
        asked, answered = source.stdin, source.stdout

        def run(*words: str) -> str:
            asked.write(json.dumps(words) + "\n")
            asked.flush()
            code, told = int(answered.readline()), said.read_text(encoding="utf-8")
            assert code == 2, (code, told[-2000:])
            assert "Traceback" not in told
            return told

        yield run
        asked.close()


def bomb(levels: int) -> str:
    """A YAML text whose aliases stand for nine times as much on each level."""
    lines = ["name: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"b{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    "text",
    [
        bomb(12),
        bomb(300),
        "name: &a [*a]",
        "name: &a {x: {y: *a}}",
        "name: " + "[" * 40_000 + "]" * 40_000,
        "name: " + "[" * 40_000,
        "name: " + "{a: " * 40_000 + "}" * 40_000,
        "- " * 40_000 + "x",
        "\n".join(" " * n + "a:" for n in range(3_000)),
    ],
)
def test_a_yaml_bomb_is_refused_with_its_line(text: str, tmp_path: Path, refused: Refused) -> None:
    """Aliases that stand for too much or for themselves, brackets and indents without end."""
    path = tmp_path / "bomb.yaml"
    path.write_text(text)
    assert f"GW101 {path}:" in refused("schema", "check", str(path))


def test_honest_aliases_and_depth_are_read() -> None:
    """Anchors that share a list are YAML as any; the limits are far from them."""
    text = "a: &values {x: {title: X}, y: {title: Y}}\n" + "".join(f"b{n}: *values\n" for n in range(500))
    assert parse_yaml(text, "s")[0] == yaml.safe_load(text)
    deep = "[" * DEPTH + "]" * DEPTH
    assert parse_yaml(deep, "s")[0] == yaml.safe_load(deep)
    assert ALIASED > 500 * 5


@pytest.mark.parametrize("levels", [DEPTH + 1, 500, 100_000])
def test_a_project_that_is_nested_too_deep_is_refused(levels: int, tmp_path: Path) -> None:
    """goldwire.toml is TOML that others may have written."""
    (tmp_path / "goldwire.toml").write_text("a = " + "[" * levels + "]" * levels)
    with pytest.raises(GoldwireError, match="GW910"):
        load_project(tmp_path)


LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
)
ENTITIES = [f"{LAUGHS}]><x>&j;</x>", '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>']


@pytest.mark.parametrize("text", [*ENTITIES, "<x>" * 5_000 + "</x>" * 5_000, "<x>" * 5_000])
def test_xml_that_grows_is_refused(text: str, tmp_path: Path, refused: Refused) -> None:
    """As a config, as a CAS and as its types: document types, entities, files from elsewhere, depth."""
    config = tmp_path / "config.xml"
    config.write_text(text)
    assert "GW121" in refused("schema", "import", str(config), "--out", str(tmp_path / "s.yaml"))
    for name, other in (("doc.xmi", "TypeSystem.xml"), ("TypeSystem.xml", "doc.xmi")):
        folder = tmp_path / name
        folder.mkdir()
        (folder / name).write_text(text)
        (folder / other).write_text("<typeSystemDescription/>")
        said = refused(
            "corpus", "convert", str(folder), str(tmp_path / "o.jsonl"), "--from", "cas", "--to", "jsonl"
        )
        assert "GW280" in said and "root:" not in said


def test_xml_without_a_document_type_is_read() -> None:
    """Up to the depth that is allowed."""
    root = strict_xml.parse("<x>" * DEPTH + "é" + "</x>" * DEPTH)
    assert "".join(root.itertext()) == "é"


def inflating(size: int) -> bytes:
    """So many zero bytes, in whole megabytes, as zlib packs them; made of one packed megabyte."""
    packing = zlib.compressobj()
    first = packing.compress(bytes(1 << 20)) + packing.flush(zlib.Z_FULL_FLUSH)
    again = packing.compress(bytes(1 << 20)) + packing.flush(zlib.Z_FULL_FLUSH)
    checksum = (size % 65521) << 16 | 1  # Adler-32 of zeros
    last = b"\x03\x00" + checksum.to_bytes(4, "big")
    return first + again * ((size >> 20) - 1) + last


def test_the_bombs_are_what_they_seem() -> None:
    """A small one of the same make is whole, and inflates to what it stands for."""
    assert zlib.decompress(inflating(5 << 20)) == bytes(5 << 20)


@pytest.mark.slow
def test_a_docbin_that_inflates_without_end_is_refused(tmp_path: Path, refused: Refused) -> None:
    """Two megabytes that stand for two gigabytes: refused before they are held."""
    path = tmp_path / "bomb.spacy"
    path.write_bytes(inflating(2 << 30))
    assert path.stat().st_size < 3 << 20
    said = refused(
        "corpus", "convert", str(path), str(tmp_path / "o.jsonl"), "--from", "docbin", "--to", "jsonl"
    )
    assert f"GW278 {path}: it inflates beyond" in said


def write_bomb(path: Path, kind: str) -> None:
    """A parquet file of less than a megabyte that stands for 128: one text packed, one that a dictionary
    gives to every row, one of fixed length, one in a map."""
    number = 2 * INFLATED >> 20
    text = "a" * (1 << 20)
    texts = pa.array([text] * number)
    if kind == "fixed":
        texts = pa.array([text.encode()] * number, pa.binary(len(text)))
    elif kind == "map":
        texts = pa.array([[("x", text)]] * number, pa.map_(pa.string(), pa.string()))
    columns = {"id": [str(n) for n in range(number)], "meta": ["{}"] * number}
    columns |= {
        "annotations": ["[]"] * number,
        "text": texts if kind in ("plain", "dictionary") else columns["id"],
    }
    more = {"more": texts} if kind in ("fixed", "map") else {}
    pq.write_table(pa.table(columns | more), path, compression="zstd", use_dictionary=kind != "plain")
    assert path.stat().st_size < 1 << 20


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["plain", "dictionary", "fixed", "map"])
def test_a_parquet_file_that_inflates_without_end_is_refused(
    kind: str, tmp_path: Path, refused: Refused
) -> None:
    """As a file that is converted, and as a shard of an archive."""
    path = tmp_path / "bomb.parquet"
    write_bomb(path, kind)
    said = refused(
        "corpus", "convert", str(path), str(tmp_path / "o.jsonl"), "--from", "parquet", "--to", "jsonl"
    )
    assert f"GW283 {path}: it holds more than" in said
    out = tmp_path / "chosen"
    said = refused("seeds", "select", str(path), str(out), "--number", "1", "--workers", "1")
    assert f"GW950 {path}: it holds more than" in said
    assert not out.exists()


MINI = Path(__file__).parents[0] / "data/mini/schemas/mini.yaml"


@pytest.mark.parametrize("character", ["\\0", "\\a", "\\e", "\\x7f", "\\x9b", "\\x0b", "\\uFFFE"])
def test_control_characters_in_a_schema_are_refused_with_their_line(character: str, tmp_path: Path) -> None:
    """In every text and every name of it: Label Studio refuses the XML, a terminal obeys it."""
    lines = MINI.read_text(encoding="utf-8").split("\n")
    for old, new in (
        ("title: Recettes", f'title: "a{character}b"'),
        ("{title: cru}", f'{{title: "a{character}b"}}'),
        ("raw:", f'"a{character}b":'),
    ):
        number = next(n for n, line in enumerate(lines) if old in line)
        changed = [*lines[:number], lines[number].replace(old, new), *lines[number + 1 :]]
        path = tmp_path / "s.yaml"
        path.write_text("\n".join(changed), encoding="utf-8")
        with pytest.raises(GoldwireError) as caught:
            load_schema(path)
        assert f"GW125 {path}:{number + 1} $." in str(caught.value)


@pytest.mark.parametrize(
    ("name", "said"),
    [("ab", "2 characters"), ("x" * 51, "51 characters"), ("a\\u0007b", "control character")],
)
def test_a_projects_name_that_label_studio_refuses_fails_the_check(
    name: str, said: str, tmp_path: Path
) -> None:
    """With its line in goldwire.toml; the shortest and the longest that it takes pass."""
    shutil.copytree(MINI.parents[1], tmp_path / "mini")
    path = tmp_path / "mini/goldwire.toml"
    text = path.read_text(encoding="utf-8")
    for each, fails in ((name, True), ("abc", False), ("x" * 50, False)):
        path.write_text(text.replace('name = "mini"', f'name = "{each}"'), encoding="utf-8")
        faults = [str(fault) for fault in name_faults(load_project(path.parent))]
        assert len(faults) == fails
        assert not fails or (said in faults[0] and f"GW915 {path}:3: " in faults[0])
        done = CliRunner().invoke(command, ["check", "--project", str(path.parent)])
        assert (done.exit_code != 0) == fails


TARGETS = [name for name, each in FORMATS.items() if each.writes]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("part", ["layer", "label", "attribute", "value", "relation"])
def test_what_a_named_schema_lacks_reaches_no_writer(target: str, part: str, tmp_path: Path) -> None:
    """Layers, labels, attributes, their values and relations alike, and nothing is written."""
    project = tmp_path / "mini"
    shutil.copytree(MINI.parents[1], project)
    document = load_seeds(load_project(project))[0]
    layer, label, attributes = "thing", "FOOD", {"state": "raw"}
    layer = "nolayer" if part == "layer" else layer
    label = "NOLABEL" if part == "label" else label
    attributes |= {"attribute": {"nosuch": "raw"}, "value": {"state": "frozen"}}.get(part, {})
    ends = (Span("a", layer, label, 0, 2, dict(attributes)), Span("b", "step", "CUT", 2, 4))
    relations = (Relation("norelation" if part == "relation" else "object", "b", "a"),)
    annotation = Annotation(document.id, "anna", "mini@0.1", spans=ends, relations=relations)
    source = tmp_path / "in.jsonl"
    write_jsonl(source, [Article(document, (annotation,))])
    out = project if target == "store" else tmp_path / ("out.parquet" if target == "parquet" else "out")
    for setting in (ConversionOptions(schema_path=MINI), ConversionOptions(project_path=project)):
        with pytest.raises(GoldwireError, match="GW270"):
            convert(source, out, source="jsonl", target=target, setting=setting)
        assert not (project / "annotate/annotations").exists() and (target == "store" or not out.exists())
