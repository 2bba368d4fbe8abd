"""The panels of a file's page, in their order: each is declared once, here.

The page includes a panel's template, and the address `/assets/ID/NAME` answers with the same
template alone, for when the file has changed. Its root element has the name as its id.
"""

from typing import NamedTuple

from lectern.people.rights import Action


class Panel(NamedTuple):
    """A part of the page that is asked for by itself; its template needs `page`, an AssetPage.

    Shown to whoever has `right` to the file; `side` puts it into the narrow column.
    """

    name: str
    template: str
    right: Action = Action.SEE
    side: bool = False


PANELS = (
    Panel("stage", "assets/_stage.html"),
    Panel("contents", "assets/_contents.html"),
    Panel("details", "assets/_details.html"),
    Panel("captions", "captions/_panel.html"),
    Panel("said", "said/_panel.html"),
    Panel("usages", "assets/_usages.html", Action.SEE_COURSES),
    Panel("versions", "assets/_versions.html"),
    Panel("history", "assets/_history.html"),
    Panel("tasks", "assets/_tasks.html", side=True),
    Panel("facts", "assets/_facts.html", side=True),
    Panel("posters", "assets/_posters.html", side=True),
    Panel("similar", "assets/_similar.html", side=True),
)
# Smaller parts that have an address too: the title, and the waveform within the stage.
_PARTS = (Panel("title", "assets/_title.html"), Panel("waveform", "assets/_waveform.html"))
BY_NAME = {panel.name: panel for panel in (*PANELS, *_PARTS)}
