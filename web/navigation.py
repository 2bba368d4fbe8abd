"""The pages of the application and the ways to them: a page is added here, and nowhere else.

A page is a blueprint in `PAGES`. A way to it is an `Entry` in `BAR` or `MENU`, in the order shown.
The panels of a file's page are declared beside it, in `web.pages.assets.panels`.
"""

from typing import NamedTuple

from flask import Flask, request
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from lectern.people.principal import Principal
from lectern.people.rights import Action, can
from web.bytes import derived, media, streams
from web.pages.admin import audit, custom_fields, exchange, health, processing, storage
from web.pages.assets import posters, trash, views, watch
from web.pages.bulk import views as bulk
from web.pages.captions import editor, files, glossary
from web.pages.captions import views as captions
from web.pages.courses import lessons, picker
from web.pages.courses import views as courses
from web.pages.duplicates import views as duplicates
from web.pages.library import downloads, matches, selection, sidebar
from web.pages.library import views as library
from web.pages.people import account, members, sign_in
from web.pages.proposals import views as proposals
from web.pages.taxonomy import folders, saved_searches, tags
from web.pages.uploads import views as uploads
from web.pages.versions import replace, schedule
from web.pages.versions import views as versions

PAGES = (
    *(library.bp, sidebar.bp, matches.bp, selection.bp, downloads.bp, bulk.bp),
    *(folders.bp, saved_searches.bp, tags.bp, duplicates.bp),
    *(views.bp, posters.bp, trash.bp, watch.bp, versions.bp, replace.bp, schedule.bp),
    *(captions.bp, editor.bp, files.bp, glossary.bp, proposals.bp),
    *(courses.bp, lessons.bp, picker.bp),
    *(sign_in.bp, account.bp, members.bp),
    *(processing.bp, storage.bp, audit.bp, exchange.bp, custom_fields.bp),
    *(uploads.bp, health.bp, derived.bp, media.bp, streams.bp),
)


class Entry(NamedTuple):
    """A way to a page, shown to whoever has the right; `icon` is a symbol's name.

    It is the current one on every page of its endpoint's blueprint, and of those in `also`.
    """

    endpoint: str
    label: LazyString
    right: Action
    icon: str = ""
    also: tuple[str, ...] = ()

    @property
    def current(self) -> bool:
        """Whether the page that is asked for belongs to it."""
        return request.blueprint in {self.endpoint.partition(".")[0], *self.also}


BAR = (
    Entry("library.index", _("Library"), Action.SEE, also=("assets",)),
    Entry("courses.index", _("Courses"), Action.SEE_COURSES, also=("lessons",)),
)
MENU = (
    Entry("account.show", _("Account and tokens"), Action.MANAGE_TOKENS, "key"),
    Entry("processing.show_notices", _("Notifications"), Action.SEE, "bell"),
    Entry("proposals.index", _("Proposals"), Action.SEE, "check"),
    Entry("processing.index", _("Processing"), Action.SEE, "refresh"),
    Entry("bulk.index", _("Recent bulk changes"), Action.EDIT, "clock"),
    Entry("members.index", _("Members"), Action.MANAGE_MEMBERS, "users"),
    Entry("storage.index", _("Storage"), Action.SEE_STORAGE, "storage"),
    Entry("audit_log.index", _("Audit log"), Action.SEE_AUDIT, "list"),
    Entry("exchange.index", _("Import and export"), Action.EXCHANGE, "download"),
)


def init_app(app: Flask) -> None:
    """Register every page, and give templates the ways to them."""
    for blueprint in PAGES:
        app.register_blueprint(blueprint)
    app.jinja_env.globals.update(navigation=navigation)


def navigation(principal: Principal) -> dict[str, list[Entry]]:
    """The entries this person may follow: `bar` and `menu`."""
    return {
        name: [entry for entry in entries if can(principal, entry.right)]
        for name, entries in (("bar", BAR), ("menu", MENU))
    }
