"""The least application of our packages, for `bench.memory`: one page, one query, one message."""

import os

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from redis import Redis
from rq import Queue
from sqlalchemy import text

from lectern.database.sessions import driver_url

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = driver_url(os.environ["LECTERN_DATABASE_URL"])
db = SQLAlchemy(app)
queue = Queue("bare", connection=Redis.from_url(os.environ["LECTERN_REDIS_URL"]))


@app.get("/")
def index() -> str:
    """Ask each server once."""
    number = db.session.execute(text("SELECT 1")).scalar_one()
    return f"{number} {queue.count}"
