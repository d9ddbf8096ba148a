"""Proof from the stores themselves, against the promises; shares no listing, SQL or decision with disposal."""
