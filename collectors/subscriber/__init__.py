"""A session at a broker of the city's own: fetches what devices sent there, loses nothing of it."""
