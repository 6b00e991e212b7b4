"""One product for all conversations; its processes start once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.product import Product, product


@pytest.fixture(scope="session")
def amana(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The gateway, the assistant and its actions, running."""
    folder: Path = tmp_path_factory.mktemp("dialogue")
    with product(folder, "channels", "actions", "assistant") as running:
        yield running
