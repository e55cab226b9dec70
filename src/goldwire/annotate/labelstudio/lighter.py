"""The script that starts Label Studio without what no server of goldwire needs: a third of a start's work.

nltk, with which Label Studio cuts words for an export, imports scipy and scikit-learn where there are any
(1.1 s of CPU, 80 MB), and does without them where there are none. The client of its feature flags reads JSON
as YAML where there is YAML's parser (.2 s). Python looks for garbage after 700 objects, .5 s while all is
imported and 5 s while tables are made.
"""

from __future__ import annotations

import gc
import runpy
import sys
from contextlib import suppress
from importlib import import_module


def main() -> None:
    """Run the program whose path and arguments follow."""
    gc.set_threshold(50_000)
    for name in ("scipy", "sklearn"):
        sys.modules[name] = None  # type: ignore[assignment]  # to import it is an ImportError now
    sys.modules["yaml"] = None  # type: ignore[assignment]
    with suppress(ImportError):
        import_module("ldclient.integrations")
    del sys.modules["yaml"]
    del sys.argv[0]
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
