"""A log table in partitions: expired partitions go whole, and rows one by one where that can't be."""
