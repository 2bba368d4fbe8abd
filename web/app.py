"""The application factory. Nothing connects anywhere until the first request needs it."""

from flask import Flask

from jobs import broker
from lectern.database.sessions import driver_url
from lectern.people import audit
from lectern.settings import Settings
from lectern.storage import storage_of
from web import auth, htmx, problems, security
from web.api import bp as api
from web.bytes import derived, media, streams
from web.extensions import babel, db
from web.filters import init_app as init_filters
from web.pages import health, uploads
from web.pages.admin import audit as audit_log
from web.pages.admin import custom_fields, exchange, people, processing, storage
from web.pages.assets import near, posters, trash, views, watch
from web.pages.bulk import views as bulk
from web.pages.captions import editor, files, glossary
from web.pages.captions import views as captions
from web.pages.courses import lessons, picker
from web.pages.courses import views as courses
from web.pages.duplicates import views as duplicates
from web.pages.library import downloads, matches, selection, sidebar
from web.pages.library import views as library
from web.pages.taxonomy import folders, saved_searches, tags
from web.pages.versions import replace, schedule
from web.pages.versions import views as versions

# Forms and JSON; upload bodies never pass through here (reliability.md §4.14).
LONGEST_BODY = 1 << 20


def create_app(settings: Settings) -> Flask:
    """Lectern's web side for these settings."""
    app = Flask(__name__, template_folder="../templates", static_folder="static")
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=driver_url(settings.database_url),
        # Connections are tried before use: PostgreSQL may have been restarted meanwhile.
        SQLALCHEMY_ENGINE_OPTIONS={"pool_pre_ping": True, "pool_size": 12, "max_overflow": 8},
        MAX_CONTENT_LENGTH=LONGEST_BODY,
        MAX_FORM_MEMORY_SIZE=LONGEST_BODY,
        MAX_FORM_PARTS=500,
        TEMPLATES_AUTO_RELOAD=False,
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.strict_slashes = False
    # The redirect that would merge them repeats the Host header, whoever wrote that.
    app.url_map.merge_slashes = False
    app.extensions["lectern.settings"] = settings
    app.extensions["lectern.storage"] = storage_of(settings)
    broker.configure(settings.redis_url)
    audit.configure(settings.secret_key)
    db.init_app(app)
    babel.init_app(app)
    htmx.init_app(app)
    auth.public(app.view_functions["static"])
    auth.init_app(app)
    problems.init_app(app)
    security.init_app(app)
    init_filters(app)
    pages = (library, views, uploads, courses, lessons, picker, people, health, tags, selection)
    places_of = (sidebar, folders, saved_searches, replace, duplicates, processing, posters)
    changes = (custom_fields, bulk, downloads, versions, schedule, trash)
    for module in (*pages, *places_of, *changes, audit_log, near, storage, derived, watch):
        app.register_blueprint(module.bp)
    for module in (captions, editor, files, glossary, exchange, matches):
        app.register_blueprint(module.bp)
    app.register_blueprint(media.bp)
    app.register_blueprint(streams.bp)
    app.register_blueprint(api)
    return app
