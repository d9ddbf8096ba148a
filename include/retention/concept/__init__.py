"""The deletion concept (Löschkonzept), written from promises, rules and data map, so that it can't drift from what is done."""

from retention.concept.content import Concept, read_concept
from retention.concept.page import render_html, render_pdf

__all__ = ["Concept", "read_concept", "render_html", "render_pdf"]
