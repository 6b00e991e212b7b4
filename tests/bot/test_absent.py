"""Rasa can be imported, trained and asked without TensorFlow; nothing of it is loaded."""

import subprocess
import sys

from conftest import BOT

CHECK = """
import sys
sys.path.insert(0, {bot!r})
from absent import Absent, leave_out_tensorflow
leave_out_tensorflow()
leave_out_tensorflow()
import tensorflow as tf
from tensorflow.keras.layers import Dense
import rasa.core.agent, rasa.engine.recipes.default_recipe
assert issubclass(tf.keras.utils.Sequence, Absent) and isinstance(Dense(3)(4), Absent)
assert not hasattr(tf, "__version__")
assert sum(name.split(".")[0] == "tensorflow" for name in sys.modules) < 20
assert "jax" not in sys.modules
"""


def test_rasa_is_imported_without_it() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", CHECK.format(bot=str(BOT))], capture_output=True, check=False, timeout=120
    )

    assert ended.returncode == 0, ended.stderr.decode()
