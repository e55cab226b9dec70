"""`goldwire`: the groups load when they are used, so that help comes at once."""

from __future__ import annotations

import importlib
import io
import os
import sys
import traceback

import click

from goldwire import __version__
from goldwire.cli.streams import guarded
from goldwire.errors import GoldwireError
from goldwire.visible import visible

#: Command or group: its module and the one line that help shows.
COMMANDS = {
    "demo": ("goldwire.cli.demo", "The whole loop on an example project, step by step."),
    "new": (
        "goldwire.cli.new",
        "A new project: empty, of your files, or of a Label Studio project.",
    ),
    "seeds": ("goldwire.cli.seeds", "The articles: choose from an archive, add, list, remove."),
    "predict": ("goldwire.cli.predict", "Annotate articles with a trained model."),
    "schema": ("goldwire.cli.schema", "What is marked: check it, render config and guidelines."),
    "annotate": ("goldwire.cli.annotate", "Label Studio: serve, push articles, pull annotations."),
    "registry": ("goldwire.cli.registry", "The ids of things: settle new ones, merge, split, rename."),
    "corpus": ("goldwire.cli.corpus", "The dataset: build, check, convert, count."),
    "train": ("goldwire.cli.train", "spaCy models, scored on articles that they have not seen."),
    "eval": ("goldwire.cli.eval", "Scores with intervals, agreement, the report."),
    "explain": ("goldwire.cli.explain", "What the code of an error means, and what to do."),
}


class LazyGroup(click.Group):
    """A group whose members are imported only when called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands, in the order of the work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module; its `command` is the click command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name][0]).command
        command.name = cmd_name  # the name that it goes by in the docs
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run the command that was named; what is warned of meanwhile is said."""
        from goldwire.cli.common import telling_warnings

        with telling_warnings():
            return super().invoke(ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="goldwire")
def cli() -> None:
    """Turn news articles into a gold corpus: annotate, build, train, score."""


def main() -> None:
    """Run the command line. Exit 0: done; 1: a check or gate failed; 2: wrong use or bad input."""
    for stream in (sys.stdout, sys.stderr):
        # What a terminal of another encoding has no sign for is escaped, not a traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    with guarded():
        sys.exit(_run())


def _run() -> int:
    """Run it; the exit status."""
    try:
        code = cli.main(standalone_mode=False)
        sys.stdout.flush()
    except GoldwireError as error:
        for fault in error.faults:
            _complain(str(fault))
        code = 2
    except click.ClickException as error:
        _show(error)
        code = 2
    except (KeyboardInterrupt, click.Abort) as stopped:
        code = 130
        if isinstance(stopped.__cause__, EOFError):  # for click an end of input, here an import cut off
            code = 1
            _unexpected()
        else:
            _complain("interrupted")
    except BrokenPipeError:
        # The reader of our output has gone (`| head`): what it took, it has.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception:  # noqa: BLE001  a fault of goldwire's own: the interpreter would print it unredacted
        _unexpected()
        code = 1
    return code if isinstance(code, int) else 0


def _unexpected() -> None:
    from goldwire.cli.common import say

    say(*traceback.format_exc().splitlines())


def _complain(message: str) -> None:
    from goldwire.cli.common import say

    say(f"goldwire: {message}")


def _show(error: click.ClickException) -> None:
    """What click says of wrong use; what was given may be a file's name, and that is data."""
    from goldwire.cli.common import say

    if not isinstance(error, click.exceptions.NoArgsIsHelpError):  # its message is our own help
        error.message = visible(error.message)  # type: ignore[misc]
    output = io.StringIO()
    error.show(file=output)
    say(*output.getvalue().rstrip("\n").split("\n"))
