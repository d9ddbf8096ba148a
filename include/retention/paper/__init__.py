"""What we write, on paper: a page of ours in HTML becomes a PDF, in the same words. Knows no report, no rule and no database."""

from retention.paper.printing import PaperError, to_pdf, to_pictures

__all__ = ["PaperError", "to_pdf", "to_pictures"]
