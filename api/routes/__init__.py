"""One file a resource; each makes its router from the values it needs."""
