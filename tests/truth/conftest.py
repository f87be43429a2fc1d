"""The installation of the integration tests, for the tests of the truth."""

from tests.integration.conftest import install

__all__ = ["install"]
