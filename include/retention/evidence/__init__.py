"""The ledger and what stands beside it: holds, modes, stop. No payload, no direct identifiers."""
