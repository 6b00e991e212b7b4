"""A model is trained again when, and only when, something it is made from has changed."""

from pathlib import Path

import pytest
import release
import train


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    spoken = "locales/ne/LC_MESSAGES/messages.po"
    for name in [
        "bot/components/a.py",
        "bot/domain/domain.yml",
        "bot/config.yml",
        "data/ne/nlu.yml",
        "data/rules.yml",
        spoken,
    ]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(train, "ROOT", tmp_path)
    monkeypatch.setattr(train, "BOT", tmp_path / "bot")
    monkeypatch.setenv("AMANA_MODELS", str(tmp_path / "models"))
    return tmp_path


@pytest.mark.parametrize(
    "name", ["bot/components/a.py", "bot/domain/responses/new.yml", "data/ne/nlu.yml", "data/rules.yml"]
)
def test_every_input_changes_the_name_of_the_model(project: Path, name: str) -> None:
    before = train.fingerprint()
    (project / name).parent.mkdir(parents=True, exist_ok=True)
    (project / name).write_text("changed")

    assert train.fingerprint() != before


def test_other_files_do_not(project: Path) -> None:
    before = train.fingerprint()
    (project / "data" / "notes.md").write_text("x")
    (project / "bot" / "connector.py").write_text("x")

    assert train.fingerprint() == before


def test_an_unchanged_model_is_not_trained_again(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = project / "models" / f"amana-{train.fingerprint()}.tar.gz"
    model.parent.mkdir()
    model.write_bytes(b"trained")
    release.publish(model.parent, model.name)
    (model.parent / "amana-later.tar.gz").write_bytes(b"of another version")
    release.publish(model.parent, "amana-later.tar.gz")

    assert train.main() == 0
    assert "up to date" in capsys.readouterr().out
    assert [one["name"] for one in release.admitted(model.parent)] == [model.name, "amana-later.tar.gz"]


@pytest.mark.parametrize("done", ["changed", "never released"])
def test_a_model_that_nobody_vouches_for_is_trained_again(
    project: Path, monkeypatch: pytest.MonkeyPatch, done: str
) -> None:
    name = f"amana-{train.fingerprint()}"
    model = project / "models" / f"{name}.tar.gz"
    model.parent.mkdir()
    model.write_bytes(b"trained")
    if done == "changed":
        release.publish(model.parent, model.name)
        model.write_bytes(b"trainee")
    trained = []
    monkeypatch.setattr(train, "_trained", lambda *what: trained.append(what) or 0)

    assert train.main() == 0
    assert trained == [(name, model.parent)]


def test_where_models_are_only_served_none_is_trained(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AMANA_MODEL_SIGNER", "A" * 43 + "=")
    monkeypatch.setattr(train, "_trained", lambda *_: pytest.fail("trained"))

    assert train.main() == 1
    assert "AMANA_MODEL_SIGNING_KEY is not set" in capsys.readouterr().err


def test_three_models_stay(project: Path) -> None:
    models = project / "models"
    models.mkdir()
    for number in range(5):
        (models / f"amana-{number}.tar.gz").touch()

    train._drop_old(models)

    assert len(list(models.iterdir())) == 3
