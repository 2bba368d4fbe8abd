"""The models that machines listen and read with: bringing them here."""

from pathlib import Path

import click

from jobs import broker, enqueue
from lectern import settings
from lectern.database.sessions import unit_of_work
from lectern.errors import LecternError
from lectern.insight import models, transcription
from lectern.insight.models import Model, ModelAway
from lectern.pipeline import due
from web.cli.options import data_option, library


@click.group(name="models")
def models_() -> None:
    """The models that machines listen and read with."""


@models_.command()
@data_option
def fetch(data: Path | None) -> None:
    """Bring the configured models from their hub, with progress; what waited for them begins.

    A model that is in LECTERN_MODELS_DIR already is left as it is.
    """
    here = settings.read(data=data)
    here.models_dir.mkdir(parents=True, exist_ok=True)
    away = []
    for model in (models.speech(here), models.sentences(here)):
        try:
            _bring(model)
        except ModelAway as error:
            away.append(str(error))
    if models.speech(here).here:
        click.echo(f"Steps that waited for it: {_wake(data)}.")
    if away:
        raise LecternError("\n".join(away))


def _bring(model: Model) -> None:
    if model.here:
        click.echo(f"The {model.what} model “{model.name}” is in {model.folder}.")
        return
    click.echo(f"Fetching the {model.what} model “{model.name}” …")
    models.fetch(model)
    click.echo(f"The {model.what} model “{model.name}” is in {model.folder} now.")


def _wake(data: Path | None) -> int:
    """Queue what waited for the model, and enqueue it; returns how many steps."""
    with library(data) as hosted:
        broker.configure(hosted.settings.redis_url)
        with unit_of_work() as session:
            woken = transcription.model_came(session)
        with unit_of_work() as session:
            enqueue.notify(due.everywhere(session))
    return woken
