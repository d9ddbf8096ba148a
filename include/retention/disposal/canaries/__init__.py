"""Canaries: invented items, due or under a hold, planted where the data map allows it. Each must go, or stay, on time."""
