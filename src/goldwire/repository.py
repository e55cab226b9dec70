"""git, asked about a project's own files."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import NamedTuple

from goldwire.errors import GoldwireError

#: A folder that looks like a bare repository is data, not one: its config could name programs to run.
_SAFE = ("-c", "safe.bareRepository=explicit", "-c", "core.fsmonitor=false")


class GitResult(NamedTuple):
    """What git said: 0 where it did as asked, its output, and on one line what it complained of."""

    code: int
    output: bytes
    complaint: str

    @property
    def text(self) -> str:
        """The output as text."""
        return self.output.decode(errors="replace")


def ask_git(folder: Path, *arguments: str) -> GitResult:
    """Run git in a folder; raises GW540 where it is not installed."""
    command = ["git", *_SAFE, "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except OSError:
        raise GoldwireError.of("GW540", "git is not installed", hint="install git") from None
    complaint = " ".join(done.stderr.decode(errors="replace").split())
    return GitResult(done.returncode, done.stdout, complaint)


def git(folder: Path, *arguments: str) -> str:
    """What git prints; raises GW540 with its complaint where it fails."""
    answer = ask_git(folder, *arguments)
    if answer.code:
        hint = "the history of scores is the git history of eval/baseline.json"
        message = f"git: {answer.complaint or 'it failed'}"
        raise GoldwireError.of("GW540", message, where=str(folder), hint=hint)
    return answer.text


def tracked_name(path: Path) -> tuple[Path, str]:
    """The folder in which git is asked about a file, and the file's name from the top of the repository.

    Raises GW540 outside a repository.
    """
    folder = next(parent for parent in path.resolve().parents if parent.is_dir())
    top = Path(git(folder, "rev-parse", "--show-toplevel").strip())
    return folder, path.resolve().relative_to(top.resolve()).as_posix()
