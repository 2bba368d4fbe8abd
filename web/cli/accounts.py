"""Accounts and tokens from the command line, for scripts and for whoever is locked out."""

import sys
from pathlib import Path

import click

from lectern.database.sessions import unit_of_work
from lectern.errors import NotFound
from lectern.models import Role
from lectern.people import members, tokens, users
from web.cli.options import data_option, library

ROLES = click.Choice([role.value for role in Role])


@click.group()
def user() -> None:
    """People who sign in."""


@user.command("add")
@click.argument("email")
@click.option("--role", type=ROLES, default=Role.EDITOR.value, show_default=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--workspace", metavar="SLUG", help="Default: the first. An owner makes a new one.")
@data_option
def add_user(
    email: str, role: str, password_stdin: bool, workspace: str | None, data: Path | None
) -> None:
    """Make an account and its membership; prints nothing secret."""
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    with library(data), unit_of_work() as session:
        made = users.add(
            session, email=email, role=role, workspace_slug=workspace, password=password
        )
        # Read before the block ends: after that the database may be gone.
        shown = made.email
        able = made.password_hash is not None
    click.echo(f"Added {shown} as {role}.")
    if not able:
        click.echo("There is no password yet, so nobody can sign in; see --password-stdin.")


@click.group()
def token() -> None:
    """Bearer tokens for programs."""


@token.command("create")
@click.option("--user", "email", required=True, metavar="EMAIL", help="Whom the token acts for.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    default=["read"],
    show_default=True,
    help="May be repeated: read sees what its owner sees, write does all that its owner may do.",
)
@click.option("--name", default="Command line", show_default=True, help="Shown among the tokens.")
@data_option
def create_token(email: str, scopes: tuple[str, ...], name: str, data: Path | None) -> None:
    """Print a new token once, alone on the last line."""
    with library(data), unit_of_work() as session:
        owner = users.find(session, email)
        workspace_id = members.first_workspace(session, owner.id) if owner else None
        if owner is None or workspace_id is None:
            raise NotFound(f"There is no account {email}; make it with: bin/lectern user add.")
        text = tokens.create(session, owner, workspace_id, name, scopes)
    click.echo("This token is shown once; keep it like a password:", err=True)
    click.echo(text)
