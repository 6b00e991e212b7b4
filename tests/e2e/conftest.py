"""One product for all conversations; its processes start once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.product import Product, product


@pytest.fixture(scope="session")
def amana(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The whole product, running. Tests that stop a process start it again."""
    folder: Path = tmp_path_factory.mktemp("amana")
    with product(folder, "channels", "desk", "actions", "assistant") as running:
        yield running
