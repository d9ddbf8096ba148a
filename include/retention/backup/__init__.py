"""Our own database, backed up and restored. Losing it means losing holds, and lost holds delete what must stay."""
