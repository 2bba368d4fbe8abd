"""The commands of `bin/lectern`, and how a refusal reaches the person who typed one."""

import importlib
import signal
import sys
from collections.abc import Mapping
from types import FrameType
from typing import NoReturn

import click
from sqlalchemy.exc import DBAPIError

from lectern.errors import LecternError

# Where each command is, loaded when it is asked for: `serve` starts a second sooner without what
# only a restore or an import needs.
COMMANDS: Mapping[str, str] = {
    "backup": "web.cli.backups.backup:backup",
    "bench": "web.cli.benches:bench",
    "collect": "web.cli.garbage:collect",
    "drill": "web.cli.backups.drill:drill",
    "export": "web.cli.exchange:export",
    "fsck": "web.cli.fsck:fsck",
    "import": "web.cli.importing:import_",
    "models": "web.cli.models:models_",
    "restore": "web.cli.backups.backup:restore",
    "schedule": "web.cli.server.parts:schedule",
    "serve": "web.cli.server.serve:serve",
    "storage": "web.cli.storage:storage",
    "test": "web.cli.checks:test",
    "token": "web.cli.accounts:token",
    "user": "web.cli.accounts:user",
    "web": "web.cli.server.serve:web",
    "worker": "web.cli.server.parts:worker",
}


class Commands(click.Group):
    """The group that finds its commands by `COMMANDS`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All of them, in the order of the alphabet."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, or None when there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
def lectern() -> None:
    """Lectern, the media library of people who teach."""


def run() -> NoReturn:
    """Run the command line; one clear line on standard error and status 1 when it is refused."""
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGHUP, _end)
    try:
        lectern.main(prog_name="bin/lectern", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(error.exit_code)
    except click.ClickException as error:
        click.echo(f"lectern: {error.format_message()}{_where(error)}", err=True)
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except LecternError as error:
        sys.exit("\n".join(f"lectern: {line}" for line in str(error).splitlines()))
    except DBAPIError as error:
        sys.exit(f"lectern: The database refused: {str(error.orig).strip().splitlines()[0]}")
    except BrokenPipeError:
        sys.exit(1)
    sys.exit(0)


def _where(error: click.ClickException) -> str:
    """For a mistyped command, which help to read."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f" See: {context.command_path} --help" if context else ""


def _end(number: int, frame: FrameType | None) -> NoReturn:
    # Unwinds the stack, so that what was started is stopped.
    raise SystemExit(128 + number)
