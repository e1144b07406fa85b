"""The programs of `deploy/`, apart from their arguments; nothing here but the standard library."""
