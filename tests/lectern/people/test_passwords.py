import unicodedata

import pytest
from argon2 import PasswordHasher

from lectern.errors import Invalid, RateLimited
from lectern.people import passwords


def test_the_hash_is_argon2id_with_the_librarys_parameters() -> None:
    stored = passwords.hashed("x" * 12)
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert not passwords.outdated(stored)
    assert "x" * 12 not in stored


def test_the_hash_for_nobody_costs_what_a_real_one_costs() -> None:
    assert not PasswordHasher().check_needs_rehash(passwords._NOBODY)


def test_only_the_right_password_verifies() -> None:
    stored = passwords.hashed("correct horse battery")
    assert passwords.verify(stored, "correct horse battery")
    assert not passwords.verify(stored, "Correct horse battery")
    assert not passwords.verify(None, "correct horse battery")
    assert not passwords.verify("not a hash", "correct horse battery")
    assert not passwords.verify(stored, "x" * 5000)


@pytest.mark.parametrize("password", ["", "x" * 11, "x" * 129, "é" * 200])
def test_too_short_and_too_long_ones_are_refused_in_words(password: str) -> None:
    with pytest.raises(Invalid, match="12 to 128") as refusal:
        passwords.hashed(password, "new")
    assert set(refusal.value.fields) == {"new"}


def test_two_spellings_of_the_same_letters_are_one_password() -> None:
    word = "Übergrößenträgerinnen"
    stored = passwords.hashed(unicodedata.normalize("NFD", word))
    assert passwords.verify(stored, unicodedata.normalize("NFC", word))


def test_a_weaker_hash_is_outdated() -> None:
    assert passwords.outdated(PasswordHasher(time_cost=1, memory_cost=64).hash("x" * 12))


def test_a_fifth_at_once_waits_and_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_PATIENCE_S", 0.01)
    turns = [passwords._Turn() for _ in range(4)]
    for turn in turns:
        turn.__enter__()
    try:
        with pytest.raises(RateLimited):
            passwords.verify(None, "x" * 12)
    finally:
        for turn in turns:
            turn.__exit__()
    assert not passwords.verify(None, "x" * 12)
