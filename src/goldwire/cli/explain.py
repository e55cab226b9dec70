"""`goldwire explain`: what an error's code means, and what to do."""

from __future__ import annotations

from typing import Any

import click

from goldwire.cli.common import json_option, tell, write_json
from goldwire.explained_errors import explained


@click.command()
@click.argument("codes", nargs=-1, required=True, metavar="CODE...")
@json_option
def command(codes: tuple[str, ...], json_path: Any) -> None:
    """Say what error codes such as GW106 mean, and what to do; no network is needed."""
    rows = [explained(code) for code in codes]
    for code, meaning, way_out in rows:
        tell(code, f"  {meaning}", f"  {way_out}")
    write_json(json_path, [dict(zip(("code", "meaning", "what_to_do"), row, strict=True)) for row in rows])
