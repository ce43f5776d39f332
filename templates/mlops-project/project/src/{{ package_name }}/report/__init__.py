"""What was measured, for people: README blocks, model card, pictures and a page."""

from .run import ReportResult, report

__all__ = ["ReportResult", "report"]
