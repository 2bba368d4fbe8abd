"""Small forms that are asked in a dialog of the open page, or without scripts on a page alone.

Each form is one template with the root #step; where it ends, the page is told by an event.
"""

from typing import Any

from flask import redirect, render_template
from flask.typing import ResponseReturnValue

from web import htmx


def ask(part: str, *, status: int = 200, **values: Any) -> ResponseReturnValue:
    """Show the form `part`: in a dialog, or as a page."""
    template = "folders/_dialog.html" if htmx.wants_fragment() else "folders/alone.html"
    return htmx.fragment(render_template(template, part=part, **values), status=status)


def go_on(part: str, *, status: int = 200, **values: Any) -> ResponseReturnValue:
    """Show `part` in the place of the form that was sent; 422 for one that was refused."""
    template = part if htmx.wants_fragment() else "folders/alone.html"
    return htmx.fragment(render_template(template, part=part, **values), status=status)


def done(url: str, *, event: str, toast: str, leave: bool = False) -> ResponseReturnValue:
    """Close the dialog and tell the page; without one, or to `leave` it, go to `url`."""
    if leave:
        return htmx.go_to(url)
    if not htmx.wants_fragment():
        return redirect(url, code=303)
    # htmx swaps nothing for this status: the dialog goes by itself.
    return htmx.fragment("", status=204, event=event, toast=toast)
