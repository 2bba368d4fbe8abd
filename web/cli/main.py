"""The commands of `bin/lectern`, and how a refusal reaches the person who typed one."""

import signal
import sys
from types import FrameType
from typing import NoReturn

import click
from sqlalchemy.exc import DBAPIError

from lectern.errors import LecternError
from web.cli.accounts import token, user
from web.cli.backups.backup import backup, restore
from web.cli.backups.drill import drill
from web.cli.checks import test
from web.cli.exchange import export
from web.cli.fsck import fsck
from web.cli.garbage import collect
from web.cli.importing import import_
from web.cli.models import models_
from web.cli.server.serve import schedule, serve, web, worker
from web.cli.storage import storage


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def lectern() -> None:
    """Lectern, the media library of people who teach."""


for _command in (
    serve,
    test,
    web,
    worker,
    schedule,
    user,
    token,
    fsck,
    collect,
    export,
    import_,
    backup,
    restore,
    drill,
    storage,
    models_,
):
    lectern.add_command(_command)


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
