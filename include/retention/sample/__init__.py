"""The sample company: a small, complete, invented customer base to try and test everything on."""
