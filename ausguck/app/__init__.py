"""Which parts run together: the only room that knows them all."""
