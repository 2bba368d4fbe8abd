"""What templates may call: static addresses with their digest, sizes, durations, rights."""

from datetime import datetime

from flask import Flask
from flask_babel import format_decimal, get_locale, gettext

from lectern.people.principal import Principal
from lectern.people.rights import Action, Owned, can
from lectern.pipeline.registry import step_label
from lectern.text import duration_text, size_text
from web.frontend.addresses import script_url, static_url, style_url, vendor_url


def init_app(app: Flask) -> None:
    """Put the globals and filters into the application's Jinja environment."""
    app.jinja_env.globals.update(
        get_locale=get_locale,
        script_url=script_url,
        static_url=static_url,
        style_url=style_url,
        vendor_url=vendor_url,
        may=may,
        problem_title=problem_title,
    )
    app.jinja_env.filters.update(
        duration=duration_text,
        initials=initials,
        iso=iso,
        number=format_decimal,
        size=size_text,
        step_label=step_label,
    )


def may(principal: Principal, action: str, obj: Owned | None = None) -> bool:
    """Whether to offer a control: `rights.can`, by the action's name."""
    return can(principal, Action(action), obj)


def problem_title(status: int) -> str:
    """What went wrong, in a few words a person can use; the detail follows it."""
    titles = {
        401: gettext("Please sign in"),
        403: gettext("You don't have permission"),
        404: gettext("Page not found"),
        405: gettext("Method not allowed"),
        409: gettext("There is a conflict"),
        410: gettext("No longer available"),
        412: gettext("Someone else changed this"),
        413: gettext("Too large"),
        422: gettext("Check what you entered"),
        429: gettext("Too many requests"),
        503: gettext("Temporarily unavailable"),
        507: gettext("The disk is full"),
    }
    return str(titles.get(status) or gettext("Something went wrong"))


def initials(name: str) -> str:
    """Up to two letters that stand for a person."""
    words = [word for word in name.replace("@", " ").split() if word[0].isalnum()]
    return "".join(word[0] for word in words[:1] + words[1:][-1:]).upper() or "?"


def iso(moment: datetime) -> str:
    """For `<time datetime>`: an element of ours shows it in the reader's zone."""
    return moment.isoformat(timespec="seconds")
