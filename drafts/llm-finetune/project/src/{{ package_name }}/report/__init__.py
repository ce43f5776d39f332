"""What was measured, for people: README blocks, model card in the Hub's format, and a page."""

from .run import ReportResult, report

__all__ = ["ReportResult", "report"]
