"""Only what was released is loaded: changed, cut, missing, strange and unsigned models are refused before unpacking."""

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import release
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

NAME = "amana-new.tar.gz"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    for name, content in (("amana-old.tar.gz", b"old" * 1000), (NAME, b"new" * 1000)):
        (tmp_path / name).write_bytes(content)
        release.publish(tmp_path, name)
    return tmp_path


def sign_with_a_new_key(monkeypatch: pytest.MonkeyPatch) -> None:
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    monkeypatch.setenv("AMANA_MODEL_SIGNING_KEY", base64.b64encode(private).decode())
    monkeypatch.setenv("AMANA_MODEL_SIGNER", base64.b64encode(public).decode())


def loaded(models: Path) -> bytes:
    with release.intact(models, release.admitted(models)[0]) as copy:
        return copy.read_bytes()


def edit(models: Path, change: "Callable[[dict], None]") -> None:
    path = models / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


def test_the_newest_comes_first_and_the_others_stay_behind_it(models: Path) -> None:
    assert [entry["name"] for entry in release.admitted(models)] == [NAME, "amana-old.tar.gz"]
    release.serve_next(models, "amana-old.tar.gz")
    assert [entry["name"] for entry in release.admitted(models)] == ["amana-old.tar.gz", NAME]
    (models / NAME).unlink()
    release.publish(models, "amana-old.tar.gz")
    assert [entry["name"] for entry in release.admitted(models)] == ["amana-old.tar.gz"]


def test_what_is_loaded_is_a_copy_of_what_was_looked_at(models: Path) -> None:
    with release.intact(models, release.admitted(models)[0]) as copy:
        (models / NAME).write_bytes(b"put there after the look")
        assert copy.name == NAME
        assert copy.read_bytes() == b"new" * 1000
    assert not copy.exists()


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda file: file.write_bytes(file.read_bytes()[:-1]), "SHA-256 differs"),
        (lambda file: file.write_bytes(b"N" + file.read_bytes()[1:]), "SHA-256 differs"),
        (lambda file: file.write_bytes(b""), "SHA-256 differs"),
        (lambda file: file.unlink(), "is missing"),
    ],
    ids=["cut", "one byte changed", "empty", "missing"],
)
def test_a_model_that_is_not_what_was_released_is_refused(
    models: Path, harm: "Callable[[Path], None]", says: str
) -> None:
    harm(models / NAME)
    assert not release.is_intact(models, NAME)
    with pytest.raises(release.Refused, match=says):
        loaded(models)


def test_a_file_that_is_not_in_the_manifest_is_never_a_candidate(models: Path) -> None:
    (models / "amana-zzz.tar.gz").write_bytes(b"slipped in")
    assert "amana-zzz.tar.gz" not in [entry["name"] for entry in release.admitted(models)]
    assert not release.is_intact(models, "amana-zzz.tar.gz")


def test_a_name_in_the_manifest_cannot_lead_elsewhere(models: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "amana-x.tar.gz"
    outside.write_bytes(b"new" * 1000)
    edit(models, lambda manifest: manifest["models"][0].update(name=f"../{outside.parent.name}/{outside.name}"))
    with pytest.raises(release.Refused, match=r"amana-x\.tar\.gz is missing"):
        loaded(models)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"models": 3}', '{"models": [{"name": "a"}]}', None])
def test_a_manifest_that_cannot_be_read_admits_nothing(models: Path, content: "str | None") -> None:
    if content is None:
        (models / "manifest.json").unlink()
    else:
        (models / "manifest.json").write_text(content)
    with pytest.raises(release.Refused, match=r"manifest\.json"):
        release.admitted(models)


def test_with_our_key_only_what_was_signed_with_it_is_admitted(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_with_a_new_key(monkeypatch)
    with pytest.raises(release.Refused, match="no signature of our key"):
        release.admitted(models)  # made before there was a key
    release.publish(models, NAME)
    assert loaded(models) == b"new" * 1000

    edit(models, lambda manifest: manifest["models"][0].update(sha256="0" * 64))
    with pytest.raises(release.Refused, match="no signature of our key"):
        release.admitted(models)

    release.publish(models, NAME)
    sign_with_a_new_key(monkeypatch)
    with pytest.raises(release.Refused, match="no signature of our key"):
        release.admitted(models)  # signed by somebody else


def test_an_older_manifest_cannot_be_mixed_into_a_signed_one(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_with_a_new_key(monkeypatch)
    release.publish(models, NAME)
    edit(models, lambda manifest: manifest["models"].append({"name": "amana-old.tar.gz", "sha256": "0" * 64}))
    with pytest.raises(release.Refused):
        release.admitted(models)


@pytest.mark.parametrize("key", ["short", "AAAA", "%%%"])
def test_a_key_that_is_none_is_told(models: Path, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("AMANA_MODEL_SIGNER", key)
    with pytest.raises(release.Refused, match="AMANA_MODEL_SIGNER must hold 32 bytes"):
        release.admitted(models)


def test_where_only_the_public_key_is_nothing_is_published(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_with_a_new_key(monkeypatch)
    monkeypatch.delenv("AMANA_MODEL_SIGNING_KEY")
    before = (models / "manifest.json").read_bytes()
    with pytest.raises(release.Refused, match="AMANA_MODEL_SIGNING_KEY is not set"):
        release.publish(models, NAME)
    assert (models / "manifest.json").read_bytes() == before
