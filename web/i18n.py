"""Which language a person reads, and sentences of the domain in that language."""

from collections.abc import Mapping
from typing import Any, overload

from flask import Flask, g, has_request_context, request
from flask_babel import gettext, ngettext
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from lectern.errors import Message
from lectern.people.principal import Principal
from web.extensions import babel

# Languages with a catalog in `web/translations`, by the name that their readers know.
LANGUAGES = {"en": "English", "de": "Deutsch", "es": "Español"}


def init_app(app: Flask) -> None:
    """Choose the language of each answer; translate the domain's messages as they are printed."""
    babel.init_app(app, locale_selector=language)
    app.jinja_env.finalize = _printed
    app.jinja_env.filters["translated"] = translated


def language() -> str:
    """The reader's own choice, else the best that the browser asks for; programs read English."""
    if not has_request_context():
        return "en"
    return language_of(g.get("principal"), request.headers.get("Accept-Language", ""))


def language_of(principal: Principal | None, accepted: str) -> str:
    """As `language`, for whoever asks with this Accept-Language header."""
    if principal is not None:
        if principal.scopes is not None:
            return "en"
        if principal.language in LANGUAGES:
            return principal.language
    languages = parse_accept_header(accepted, LanguageAccept)
    return languages.best_match(list(LANGUAGES), "en") or "en"


@overload
def translated(text: str) -> str: ...
@overload
def translated(text: None) -> None: ...
def translated(text: str | None) -> str | None:
    """A message of the domain in the reader's language; other text as it is."""
    if not isinstance(text, Message):
        return text
    params = {name: _value(value) for name, value in text.params.items()}
    if text.plural:
        return str(ngettext(text.template, text.plural, params["n"], **params))
    sentence = str(gettext(text.template))
    return sentence % params if params else sentence


def translated_fields(fields: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with each field, in the reader's language."""
    return {name: translated(text) for name, text in fields.items()}


def _value(value: Any) -> Any:
    return translated(value) if isinstance(value, Message) else value


def _printed(value: Any) -> Any:
    return translated(value) if isinstance(value, Message) else value
