"""Headers of our own, for whoever calls the API without being it."""

CHANGE_HEADER = "X-Ausguck"
"""Whatever changes something carries it; what it is good for is told in `api.guard`."""
