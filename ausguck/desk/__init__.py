"""Operational SQL: what people work on, apart from the history of readings."""
