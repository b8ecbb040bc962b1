"""A stand-in for Amazon Redshift in tests: see README.md in this folder."""

from redshift.server import Standin

__all__ = ["Standin"]
