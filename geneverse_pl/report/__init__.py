"""The report of a test run, as one HTML file and as Markdown."""

from geneverse_pl.report.markdown import render_markdown
from geneverse_pl.report.page import render_report
from geneverse_pl.report.writing import write_report, write_reports

__all__ = ["render_markdown", "render_report", "write_report", "write_reports"]
