"""One frozen tree of settings, from TOML and `AUSGUCK_*`."""
