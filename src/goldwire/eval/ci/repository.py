"""git, asked about a project's own files."""

from __future__ import annotations

import subprocess
from pathlib import Path

from goldwire.errors import GoldwireError

#: A folder that looks like a bare repository is data, not one: its config could name programs to run.
_SAFE = ("-c", "safe.bareRepository=explicit", "-c", "core.fsmonitor=false")


def run_git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run git in a folder; raises GW540 where it is not installed."""
    try:
        return subprocess.run(
            ["git", *_SAFE, "-C", str(folder), *arguments],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except FileNotFoundError:
        raise GoldwireError.of("GW540", "git is not installed", hint="install git") from None


def git(folder: Path, *arguments: str) -> str:
    """What git prints; raises GW540 with its last word where it fails."""
    done = run_git(folder, *arguments)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["git failed"])[-1]
        hint = "the history of scores is the git history of eval/baseline.json"
        raise GoldwireError.of("GW540", f"git: {reason}", where=str(folder), hint=hint)
    return done.stdout


def tracked_name(path: Path) -> tuple[Path, str]:
    """The folder in which git is asked about a file, and the file's name from the top of the repository.

    Raises GW540 outside a repository.
    """
    folder = next(parent for parent in path.resolve().parents if parent.is_dir())
    top = Path(git(folder, "rev-parse", "--show-toplevel").strip())
    return folder, path.resolve().relative_to(top.resolve()).as_posix()
