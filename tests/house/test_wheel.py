"""The wheel that is built: complete, and with the example project in it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from goldwire.project import EXAMPLE_PARTS, EXAMPLE_SPLIT, EXAMPLES, FIRST_EXAMPLE
from tests.cli.terminal import called

pytestmark = pytest.mark.slow  # builds it
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds what the wheel would install."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def run(installed: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the wheel's goldwire, not the checkout's."""
    env = {**os.environ, "PYTHONPATH": str(installed)}
    command = [sys.executable, "-P", "-m", "goldwire", *arguments]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)


def test_every_file_of_the_package_is_in_the_wheel(installed: Path) -> None:
    """Templates and the typing mark travel too, not only modules."""
    source = ROOT / "src/goldwire"
    wanted = {
        path.relative_to(source)
        for path in source.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    missing = {path for path in wanted if not (installed / "goldwire" / path).is_file()}
    assert missing == set()


def test_the_wheel_has_its_example_and_copies_it(installed: Path, tmp_path: Path) -> None:
    """An installed goldwire makes the example project anywhere, articles and annotations included."""
    code = (
        "import goldwire, sys; from pathlib import Path; from goldwire.project import copy_example\n"
        "print(goldwire.__file__); copy_example(Path('made'))"
    )
    env = {**os.environ, "PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert str(installed) in done.stdout
    made = tmp_path / "made"
    ours = len(list((ROOT / "seeds/articles").glob("*.txt")))
    assert len(list((made / "seeds/articles").glob("*.txt"))) == ours
    assert list((made / "annotate/annotations").glob("*/*.json"))
    checked = run(installed, "schema", "check", cwd=made)
    assert checked.returncode == 0, checked.stderr
    assert run(installed, "schema", "render", "--check", cwd=made).returncode == 0


def test_an_installed_goldwire_explains_every_code(installed: Path, tmp_path: Path) -> None:
    """The list of errors travels too: each of its codes says what it means and what to do, offline."""
    page = (ROOT / "docs/errors.md").read_text(encoding="utf-8")
    assert (installed / "goldwire/errors.md").read_text(encoding="utf-8") == page
    codes = re.findall(r"^\| \*\*(GW\d{3})\*\* \|", page, re.MULTILINE)
    done = run(installed, "explain", *codes, "--json", "told.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "told.json").read_text(encoding="utf-8"))
    assert [row["code"] for row in told] == codes
    assert all(row["meaning"] and row["what_to_do"] and "](" not in str(row) for row in told)
    assert done.stdout.split("\n")[:-1] == [line for row in told for line in shown(row)]


def shown(row: dict[str, str]) -> list[str]:
    """A code as `explain` prints it."""
    return [row["code"], f"  {row['meaning']}", f"  {row['what_to_do']}"]


def test_a_code_that_no_error_has_is_named() -> None:
    """Small letters are taken; what is no code is one plain error."""
    assert called("explain", "gw106").stdout.startswith("GW106\n")
    for code in ("GW000", "106", ".*", "GW10"):
        done = called("explain", code)
        assert (done.returncode, done.stdout) == (2, "")
        assert f"GW917 no error has the code `{code}`" in done.stderr


def test_the_example_in_the_wheel_is_the_repositorys(installed: Path) -> None:
    """Every config in `train/` travels, and what is tested on; what was trained here does not."""
    split = (installed / "goldwire/examples/politics" / EXAMPLE_SPLIT).read_bytes()
    assert split == (ROOT / EXAMPLE_SPLIT).read_bytes()
    train = installed / "goldwire/examples/politics/train"
    assert {path.name for path in train.iterdir()} == {path.name for path in (ROOT / "train").glob("*.cfg")}
    for name in set(EXAMPLES) - {FIRST_EXAMPLE}:
        theirs, ours = installed / "goldwire/examples" / name, ROOT / "examples" / name
        parts = [ours / part for part in EXAMPLE_PARTS]
        files = [path for part in parts for path in (part, *part.rglob("*")) if path.is_file()]
        kept = [path for path in files if "models" not in path.parts]
        assert kept
        for path in kept:
            assert (theirs / path.relative_to(ours)).read_bytes() == path.read_bytes()
        # Install size: a second example is small.
        assert sum(path.stat().st_size for path in kept) < 100_000
