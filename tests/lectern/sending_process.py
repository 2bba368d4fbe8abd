"""Sends the first part of an upload, in a process of its own."""

import base64
import sys
import uuid
from pathlib import Path

from lectern import settings
from lectern.database.sessions import connect, unit_of_work
from lectern.ingest.receiving import Receiver
from lectern.models import Role
from lectern.people.principal import Principal

url, data, upload_id, workspace_id, user_id, part = sys.argv[1:]
engine = connect(url)
sender = Principal(uuid.UUID(workspace_id), uuid.UUID(user_id), Role.OWNER, "", "")
receiver = Receiver.begin(
    unit_of_work,
    settings.read({}, data=Path(data)),
    sender,
    uuid.UUID(upload_id),
    offset=0,
    length=None,
)
receiver.write(base64.b64decode(part))
receiver.finish()
engine.dispose()
