"""The application factory. Nothing connects anywhere until the first request needs it."""

from flask import Flask

from jobs import broker
from lectern.database.sessions import driver_url
from lectern.people import audit
from lectern.settings import Settings
from lectern.storage import storage_of
from web import api, auth, filters, htmx, i18n, navigation, problems, security
from web.extensions import db
from web.frontend import addresses

# Forms and JSON; upload bodies never pass through here (docs/reliability.md#limits).
LONGEST_BODY = 1 << 20


def create_app(settings: Settings) -> Flask:
    """Lectern's web side for these settings."""
    app = Flask(__name__, template_folder="../templates", static_folder=None)
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
    i18n.init_app(app)
    htmx.init_app(app)
    app.add_url_rule("/static/<path:filename>", "static", auth.public(addresses.serve))
    auth.init_app(app)
    problems.init_app(app)
    security.init_app(app)
    filters.init_app(app)
    navigation.init_app(app)
    app.register_blueprint(api.bp)
    return app
