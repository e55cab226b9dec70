"""goldwire in processes that may hold so much memory: `python -m tests.bounded BYTES SAID`.

Each line of standard input, a JSON list of words, is run by a fork of this process, which has imported what
goldwire needs. What it says on standard error is in the file SAID then, and its exit status is printed.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import traceback

# What the commands import when they are used.
import goldwire.cli.corpus
import goldwire.cli.schema
import goldwire.formats.convert
import goldwire.schemas.load  # noqa: F401
from goldwire.cli.main import main


def run(words: list[str], memory: int, said: str) -> None:
    """`goldwire WORDS`; this process ends with its exit status."""
    code: object = 70
    try:
        os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        sys.argv = ["goldwire", *words]
        main()
    except SystemExit as ended:
        code = ended.code
    except BaseException:  # noqa: BLE001
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 0)


def serve() -> None:
    """Run what is asked for, one after the other, until nobody asks."""
    memory, said = sys.argv[1:]
    for line in sys.stdin:
        child = os.fork()
        if not child:
            run(json.loads(line), int(memory), said)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    serve()
