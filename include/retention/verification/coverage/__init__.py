"""Coverage, fail closed: whatever the connections can see is mapped, or declared free of personal data, or a finding.

Names of tables and columns come from the sources' own catalogs. What columns hold is matched inside the source: counts come back,
never a value.
"""
