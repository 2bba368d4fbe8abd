"""Words for the values that the library is filtered and sorted by."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext

Words = Mapping[str, Any]

KINDS: Words = {
    "video": lazy_gettext("Video"),
    "audio": lazy_gettext("Audio"),
    "image": lazy_gettext("Images"),
    "document": lazy_gettext("Documents"),
}
USAGES: Words = {
    "used": lazy_gettext("Used in lessons"),
    "unused": lazy_gettext("Not used now"),
    "formerly": lazy_gettext("No longer used"),
    "never": lazy_gettext("Never used"),
}
STATES: Words = {
    "ready": lazy_gettext("Ready"),
    "processing": lazy_gettext("Being prepared"),
    "failed": lazy_gettext("Failed"),
}
# Empty stands for the best match while there are words, else for the newest.
SORTS: Words = {
    "-created": lazy_gettext("Newest first"),
    "created": lazy_gettext("Oldest first"),
    "name": lazy_gettext("Name, A to Z"),
    "-name": lazy_gettext("Name, Z to A"),
    "-size": lazy_gettext("Largest first"),
    "size": lazy_gettext("Smallest first"),
    "-duration": lazy_gettext("Longest first"),
    "duration": lazy_gettext("Shortest first"),
    "-usage": lazy_gettext("Most used first"),
    "usage": lazy_gettext("Least used first"),
    "-last_used": lazy_gettext("Last used first"),
    "last_used": lazy_gettext("Longest unused first"),
    "relevance": lazy_gettext("Best match first"),
}
