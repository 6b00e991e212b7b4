"""Runs multilingual-e5-small with onnxruntime in eight bits: the numbers of `weights`, the pieces of `wordpieces`."""

from typing import List

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from components.weights import BLOCK, Weights
from components.wordpieces import WordPieces

_PREFIX = "query: "  # the model was trained to compare texts that begin so (model card of multilingual-e5-small)
_STEPS = 63
"""Weights reach from -63 to 63: with more, processors without VNNI overflow, and would give other vectors."""
_OURS = "com.microsoft"


class Encoder:
    """Gives texts their vectors. Texts are read one by one, so that no vector depends on its neighbours."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._pieces = WordPieces(*weights.pieces(), weights.respelt, weights.unknown)
        self._places = weights.row("emb.pos").reshape(-1, weights.width) + weights.row("emb.type")[: weights.width]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # who wants more asks in several threads
        options.enable_cpu_mem_arena = False
        model = _Graph(weights).built().SerializeToString()
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def embed(self, texts: List[str]) -> np.ndarray:
        """Return one row of float32 of length 1 for each text."""
        if not texts:
            return np.zeros((0, self._weights.width), np.float32)
        return np.stack([self._one(text) for text in texts])

    def _one(self, text: str) -> np.ndarray:
        weights = self._weights
        inside = self._pieces.numbers(_PREFIX + text)[: weights.longest - 2]
        numbers = np.array([weights.first, *inside, weights.last])
        rows = weights.matrix("emb.word", numbers) + self._places[: len(numbers)]
        (mean,) = self._session.run(None, {"rows": rows[np.newaxis]})
        return mean[0] / max(float(np.linalg.norm(mean[0])), 1e-6)


class _Graph:
    """BERT as ONNX: rows of a text in, their mean after all layers out."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._nodes: List[onnx.NodeProto] = []
        self._kept: List[TensorProto] = []

    def built(self) -> onnx.ModelProto:
        """Return the model."""
        weights = self._weights
        last = self._add("LayerNormalization", ["rows", *self._norm("emb.ln")], "start", epsilon=weights.epsilon)
        for layer in range(weights.layers):
            last = self._layer(f"l{layer}.", last)
        self._add("ReduceMean", [last, self._keep("axis", np.array([1]))], "mean", keepdims=0)
        rows = helper.make_tensor_value_info("rows", TensorProto.FLOAT, [1, "length", weights.width])
        mean = helper.make_tensor_value_info("mean", TensorProto.FLOAT, [1, weights.width])
        graph = helper.make_graph(self._nodes, "e5", [rows], [mean], self._kept)
        versions = [helper.make_opsetid("", 18), helper.make_opsetid(_OURS, 1)]
        return helper.make_model(graph, opset_imports=versions, ir_version=9)

    def _layer(self, name: str, before: str) -> str:
        weights = self._weights
        parts = [self._times(before, name + part) for part in "qkv"]
        shifts = self._keep(name + "qkv.b", np.concatenate([weights.row(f"{name}{part}.b") for part in "qkv"]))
        seen = self._add("MultiHeadAttention", [*parts, shifts], name + "seen", _OURS, num_heads=weights.heads)
        middle = self._sum(before, self._times(seen, name + "ao"), name + "ao.b", name + "aln")
        wide = self._add("BiasGelu", [self._times(middle, name + "fi"), self._row(name + "fi.b")], name + "wide", _OURS)
        return self._sum(middle, self._times_exactly(wide, name + "fo"), name + "fo.b", name + "oln")

    def _times(self, rows: str, name: str) -> str:
        """Multiply by a matrix, kept in eight bits with a scale for each output."""
        matrix = self._weights.matrix(name + ".w")
        scales = np.abs(matrix).max(axis=1) / _STEPS
        steps = np.rint(matrix / scales[:, np.newaxis]).astype(np.int8).T
        kept = self._keep(name + ".w", steps), self._keep(name + ".s", scales.astype(np.float32))
        return self._add("DynamicQuantizeMatMul", [rows, *kept], name + ".y", _OURS)

    def _times_exactly(self, rows: str, name: str) -> str:
        """Multiply by a matrix in its own four bits. Slower, for rows too uneven to share one scale."""
        values, scales = self._weights.blocks(name + ".w")
        pairs = values[:, :, 0::2] | (values[:, :, 1::2] << 4)
        kept = self._keep(name + ".w", pairs), self._keep(name + ".s", scales.ravel())
        outputs, blocks = scales.shape
        shape = {"N": outputs, "K": blocks * BLOCK, "bits": 4, "block_size": BLOCK, "accuracy_level": 4}
        return self._add("MatMulNBits", [rows, *kept], name + ".y", _OURS, **shape)

    def _sum(self, one: str, other: str, shift: str, norm: str) -> str:
        inputs = [one, other, *self._norm(norm), self._row(shift)]
        return self._add("SkipLayerNormalization", inputs, norm + ".y", _OURS, epsilon=self._weights.epsilon)

    def _norm(self, name: str) -> List[str]:
        return [self._row(name + ".w"), self._row(name + ".b")]

    def _row(self, name: str) -> str:
        return self._keep(name, self._weights.row(name))

    def _keep(self, name: str, values: np.ndarray) -> str:
        self._kept.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def _add(self, kind: str, inputs: List[str], output: str, domain: str = "", **settings: float) -> str:
        self._nodes.append(helper.make_node(kind, inputs, [output], domain=domain, **settings))
        return output
