"""The retention rules of what we note about deletion itself, and how those records go."""
