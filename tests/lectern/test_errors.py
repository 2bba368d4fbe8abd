"""Messages of the domain: English text that can be said in another language later."""

import json

import pytest
from sqlalchemy import func, text
from sqlalchemy.orm import Session

from lectern.errors import Conflict, Invalid, LecternError, Message, plural_message
from lectern.models import Upload, UploadState
from tests.factories import make_principal


def test_a_message_is_its_english_text() -> None:
    message = Message("“%(name)s” is used.", name="Intro")
    assert message == "“Intro” is used."
    assert (message.template, message.params) == ("“%(name)s” is used.", {"name": "Intro"})


def test_a_message_without_values_keeps_its_percent_signs() -> None:
    assert Message("100 % of it") == "100 % of it"


@pytest.mark.parametrize(("n", "text"), [(0, "0 files"), (1, "1 file"), (2, "2 files")])
def test_a_plural_message_fits_its_number(n: int, text: str) -> None:
    assert plural_message("%(n)s file", "%(n)s files", n) == text


@pytest.mark.parametrize(
    "message",
    [
        Message("Nothing was changed."),
        Message("50 %% of “%(name)s”", name="a % b"),
        plural_message("%(n)s file", "%(n)s files", 3),
        Message("Check “%(field)s”: %(problem)s", field="x", problem=Message("No.")),
        Message("%(what)s", what=plural_message("one", "%(n)s of %(all)s", 2, all=5)),
    ],
)
def test_a_message_survives_json(message: Message) -> None:
    again = Message.from_json(json.loads(json.dumps(message.to_json())))
    assert again == message
    assert (again.template, again.plural, again.params) == (
        message.template,
        message.plural,
        message.params,
    )


def test_text_from_before_is_read_as_a_message() -> None:
    assert Message.from_json("It was 100 % broken.") == "It was 100 % broken."


def test_an_error_keeps_its_template_and_its_text() -> None:
    error = Conflict("%(count)d lessons use it.", count=3)
    assert str(error) == "3 lessons use it."
    assert error.message.params == {"count": 3}
    assert error.code == "conflict"


def test_an_error_takes_a_message() -> None:
    message = plural_message("%(n)s left", "%(n)s left", 1)
    assert LecternError(message).message is message


def test_a_bad_field_is_named_in_the_whole_sentence() -> None:
    error = Invalid.of("name", "At most %(most)d characters.", most=5)
    assert str(error) == "Check “name”: At most 5 characters."
    assert error.fields == {"name": "At most 5 characters."}


def test_postgresql_takes_a_message_as_text(session: Session) -> None:
    found = session.execute(text("SELECT CAST(:it AS text)"), {"it": Message("a %(b)s", b="c")})
    assert found.scalar_one() == "a c"


def test_a_stored_reason_keeps_its_values(session: Session) -> None:
    reason = plural_message("%(n)s frame is damaged.", "%(n)s frames are damaged.", 4)
    owner = make_principal(session)
    upload = Upload(
        workspace_id=owner.workspace_id,
        created_by=owner.user_id,
        filename="a.mp4",
        byte_size=1,
        state=UploadState.REFUSED,
        reason=reason,
        expires_at=func.clock_timestamp(),
    )
    session.add(upload)
    session.flush()
    session.expire(upload)
    assert isinstance(upload.reason, Message)
    assert (upload.reason, upload.reason.params) == ("4 frames are damaged.", {"n": 4})
    upload.reason = "Text of an older release."
    session.flush()
    session.expire(upload)
    assert upload.reason == "Text of an older release."
