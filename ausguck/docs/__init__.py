"""The reference in `docs/reference` and the example file, written from the code itself."""
