"""A first data map from a live schema: what can be read is filled in, what somebody must decide is left open."""
