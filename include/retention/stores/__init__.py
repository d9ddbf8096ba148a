"""Adapters to where data lives. They list, remove and confirm; they know no rule, no hold and no category."""
