"""What the commands that talk to Label Studio import."""

from __future__ import annotations

import subprocess
import sys


def test_talking_to_a_server_imports_no_pandas() -> None:
    """The SDK's whole client brings pandas and seconds of CPU; its transport does not."""
    code = (
        "import sys\n"
        "from goldwire.annotate.labelstudio.client import Client\n"
        "Client('http://127.0.0.1:1', 'x' * 40).close()\n"
        "print(*sorted({'pandas', 'numpy', 'faker'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
