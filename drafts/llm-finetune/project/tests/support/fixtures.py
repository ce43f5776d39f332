"""Fixtures of the tests that serve or export: a small project, made from scratch."""

from collections.abc import Iterator

import pytest
from support.small import Small, template


@pytest.fixture(scope="session")
def small_template(tmp_path_factory):
    """Base and adapters, made once."""
    return template(tmp_path_factory.mktemp)


@pytest.fixture
def small(config, small_template) -> Iterator[Small]:
    """A project of its own for one test."""
    return Small(config, small_template)
