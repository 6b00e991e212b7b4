"""Keys: what is sealed can be read only by the right key, at the right place, unaltered."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.crypto import Unreadable, Vault, decode_key, digest, new_id, new_secret, same
from core.errors import ConfigError

VAULT = Vault(b"m" * 32)
KEY = VAULT.new_data_key("asha")
PLACE = "message|text|1"


@given(st.text())
def test_what_was_sealed_comes_back(text: str) -> None:
    sealed = VAULT.seal("asha", KEY, PLACE, text)
    assert VAULT.unseal("asha", KEY, PLACE, sealed) == text


def test_one_text_never_looks_the_same_twice() -> None:
    sealed = {VAULT.seal("asha", KEY, PLACE, "help") for _ in range(20)}
    assert len(sealed) == 20
    assert not any(b"help" in one for one in sealed)


@pytest.mark.parametrize("place", ["message|text|2", "message|said|1", "case_|brief|1", "", "message|text|1 "])
def test_a_field_that_was_moved_cannot_be_read(place: str) -> None:
    sealed = VAULT.seal("asha", KEY, PLACE, "help")
    with pytest.raises(Unreadable):
        VAULT.unseal("asha", KEY, place, sealed)


def test_an_altered_byte_anywhere_makes_a_field_unreadable() -> None:
    sealed = VAULT.seal("asha", KEY, PLACE, "help")
    for index in range(len(sealed)):
        altered = sealed[:index] + bytes([sealed[index] ^ 1]) + sealed[index + 1 :]
        with pytest.raises(Unreadable):
            VAULT.unseal("asha", KEY, PLACE, altered)


def test_a_field_that_was_cut_is_unreadable_and_never_an_empty_text() -> None:
    sealed = VAULT.seal("asha", KEY, PLACE, "help")
    for length in range(len(sealed)):
        with pytest.raises(Unreadable):
            VAULT.unseal("asha", KEY, PLACE, sealed[:length])


def test_nobody_reads_with_the_key_of_another_person() -> None:
    other = VAULT.new_data_key("bina")
    sealed = VAULT.seal("asha", KEY, PLACE, "help")
    for person, key in (("bina", other), ("bina", KEY), ("asha", other)):
        with pytest.raises(Unreadable):
            VAULT.unseal(person, key, PLACE, sealed)


def test_a_new_key_of_the_same_person_reads_nothing_old() -> None:
    sealed = VAULT.seal("asha", KEY, PLACE, "help")
    with pytest.raises(Unreadable):
        VAULT.unseal("asha", VAULT.new_data_key("asha"), PLACE, sealed)


def test_another_master_key_opens_nothing() -> None:
    sealed = VAULT.seal("asha", KEY, PLACE, "help")
    with pytest.raises(Unreadable):
        Vault(b"n" * 32).unseal("asha", KEY, PLACE, sealed)


def test_unreadable_names_the_place_and_not_the_text() -> None:
    sealed = VAULT.seal("asha", KEY, PLACE, "marmalade")
    with pytest.raises(Unreadable) as caught:
        VAULT.unseal("asha", KEY, "message|text|2", sealed)
    assert str(caught.value) == "message|text|2"


def test_tags_find_the_same_value_for_the_same_purpose_and_key_only() -> None:
    tag = VAULT.tag("address", "+15005550001")
    assert tag == Vault(b"m" * 32).tag("address", "+15005550001")
    others = {
        VAULT.tag("address", "+15005550002"), VAULT.tag("left", "+15005550001"),
        Vault(b"n" * 32).tag("address", "+15005550001"), VAULT.tag("address\0", "+15005550001"),
    }  # fmt: skip
    assert len(others | {tag}) == 5
    assert len(tag) == 64
    assert "5550001" not in tag


def test_ids_and_secrets_are_long_random_and_safe_in_addresses() -> None:
    ids, secrets = {new_id() for _ in range(100)}, {new_secret() for _ in range(100)}
    assert len(ids) == len(secrets) == 100
    assert all(len(one) == 32 and int(one, 16) >= 0 for one in ids)
    assert all(len(one) >= 43 and one.replace("-", "").replace("_", "").isalnum() for one in secrets)


def test_a_digest_is_stored_in_place_of_a_secret() -> None:
    assert digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@given(st.text(), st.text())
def test_comparing_secrets_tells_whether_they_are_the_same(left: str, right: str) -> None:
    assert same(left, left)
    assert same(left, right) == (left == right)


@pytest.mark.parametrize(
    "text", ["", "short", base64.b64encode(b"k" * 31).decode(), base64.b64encode(b"k" * 33).decode(), "ключ", "!" * 44]
)
def test_what_is_no_key_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ConfigError, match=r"AMANA_MASTER_KEY must be 32 random bytes in base64") as caught:
        decode_key(text, "AMANA_MASTER_KEY")
    assert not text or text not in str(caught.value)


def test_a_key_is_read() -> None:
    assert decode_key(base64.b64encode(b"k" * 32).decode(), "X") == b"k" * 32
