"""Train the assistant when something it learns from has changed: `uv run --project bot python bot/train.py`.

A model is named after the hash of its inputs, so an unchanged one is never trained again.
"""

import hashlib
import logging
import os
import shutil
import sys
import tarfile
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any, Dict, List, Optional

import release

BOT = Path(__file__).resolve().parent
ROOT = BOT.parent
KEPT = 3
LEARNT = ("nlu", "red_flags", "danger")
READ_BY_COMPONENTS = ("lexicon.yml", "red_flags.yml", "danger.yml")

SURROUNDINGS = {
    "LOG_LEVEL": "ERROR",  # also what keeps Rasa's own progress bars quiet
    "OMP_NUM_THREADS": "1",  # batches are embedded side by side instead
    "OPENBLAS_NUM_THREADS": "1",
    "RASA_TELEMETRY_ENABLED": "false",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
}


def main() -> int:
    """Train, or say that there is nothing to do."""
    models = Path(os.environ.get("AMANA_MODELS") or ROOT / "models")
    name = f"amana-{fingerprint()}"
    model = models / f"{name}.tar.gz"
    try:
        if release.is_intact(models, model.name):
            model.touch()  # the oldest are dropped
            release.serve_next(models, model.name)
            print(f"model {name} is up to date")
            return 0
        release.check_that_we_may_publish()
        models.mkdir(parents=True, exist_ok=True)
        return _trained(name, models)
    except release.Refused as error:
        print(f"cannot train: {error}", file=sys.stderr)
        return 1


def inputs() -> List[Path]:
    """Name every file that the model is made from."""
    learnt = [ROOT / "data" / "rules.yml", ROOT / "data" / "stories.yml", ROOT / "data" / "lexicon.yml"]
    learnt += [path for name in LEARNT for path in sorted((ROOT / "data").glob(f"*/{name}.yml"))]
    learnt += sorted((BOT / "domain").rglob("*.yml"))
    learnt += [BOT / "config.yml", BOT / "uv.lock", *sorted((BOT / "components").glob("*.py"))]
    return [path for path in learnt if path.exists()]


def fingerprint() -> str:
    """Hash every input with its place."""
    digest = hashlib.sha256()
    for path in inputs():
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _trained(name: str, models: Path) -> int:
    started = time.monotonic()
    print(f"training {name} from {len(inputs())} files; the first time takes minutes, an edit seconds", flush=True)
    os.chdir(BOT)
    sys.path.insert(0, str(BOT))
    for variable, value in SURROUNDINGS.items():
        os.environ.setdefault(variable, value)  # read when the libraries are imported, which is next
    _hush()
    _hurry()
    from rasa.model_training import train
    from rasa.shared.core.domain import Domain

    # Rasa's importer drops a domain with a mistake in it and trains without one; this says what the mistake is
    Domain.load(str(BOT / "domain"))

    files = [path for path in inputs() if path.is_relative_to(ROOT / "data") and path.name not in READ_BY_COMPONENTS]
    # a model that is half written, or written by two at once, must never be the newest one
    unfinished = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=models))
    result = train(
        domain=str(BOT / "domain"),
        config=str(BOT / "config.yml"),
        training_files=[str(path) for path in files],
        output=str(unfinished),
        fixed_model_name=name,
        force_training=True,  # Rasa's own cache does not see a change in a module that a component imports
    )
    if result.code or not result.model:
        print("training failed", file=sys.stderr)
        shutil.rmtree(unfinished)
        return 1
    Path(result.model).replace(models / f"{name}.tar.gz")
    shutil.rmtree(unfinished)
    release.publish(models, f"{name}.tar.gz")
    _drop_old(models)
    print(f"trained {name} in {time.monotonic() - started:.0f} s")
    return 0


def _hurry() -> None:
    """Leave out what takes Rasa long and is of no use here."""
    from absent import leave_out_tensorflow

    leave_out_tensorflow()
    _forget_fingerprints()
    _merge_without_copies()
    _pack_quickly()


def _forget_fingerprints() -> None:
    """Keep Rasa from printing every vector of every example, before and after each step, to hash the text.

    The hashes are the keys of a cache that is not asked when training is forced; they cost two minutes.
    """
    from rasa.engine.training import graph_trainer, hooks

    class NoCache(hooks.TrainingHook):
        def on_before_node(self, *_: Any, **__: Any) -> Dict[str, Any]:
            return {}

        def on_after_node(self, *_: Any, **__: Any) -> None:
            return None

    graph_trainer.TrainingHook = NoCache


def _merge_without_copies() -> None:
    """Keep Rasa from copying every example each time that it adds the few of a story file or of the defaults."""
    from rasa.shared.nlu.training_data.training_data import TrainingData

    def merge(self: TrainingData, *others: Optional[TrainingData]) -> TrainingData:
        every = [self, *(other for other in others if other)]
        examples = [example for each in every for example in each.training_examples]
        regexes = [regex for each in every for regex in each.regex_features]
        tables = [table for each in every for table in each.lookup_tables]
        synonyms = {text: synonym for each in every for text, synonym in each.entity_synonyms.items()}
        responses = {key: response for each in every for key, response in each.responses.items()}
        return TrainingData(examples, synonyms, regexes, tables, responses)

    TrainingData.merge = merge


def _pack_quickly() -> None:
    """Pack a model as small as is worth it: weights hardly shrink, and half a minute would go into trying."""
    usual = tarfile.TarFile.gzopen.__func__  # type: ignore[attr-defined]

    def quick(cls: Any, name: Any, mode: str = "r", fileobj: Any = None, compresslevel: int = 1, **rest: Any) -> Any:
        return usual(cls, name, mode, fileobj, compresslevel, **rest)

    tarfile.TarFile.gzopen = classmethod(quick)  # type: ignore[assignment]


def _hush() -> None:
    """Leave errors and our own progress; Rasa tells every step otherwise."""
    import structlog

    logging.basicConfig(level=logging.ERROR)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    warnings.showwarning = _warned


def _warned(message: Any, category: Any, *_: Any) -> None:
    # what Rasa says about our data; the libraries' talk about their own future is left out
    if category is UserWarning and "Slot auto-fill" not in str(message):
        print(message, file=sys.stderr)


def _drop_old(models: Path) -> None:
    trained = sorted(models.glob("amana-*.tar.gz"), key=lambda path: path.stat().st_mtime)
    for old in trained[:-KEPT]:
        old.unlink()


if __name__ == "__main__":
    sys.exit(main())
