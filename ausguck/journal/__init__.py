"""The append-only log that a message is in before anyone is told it arrived."""
