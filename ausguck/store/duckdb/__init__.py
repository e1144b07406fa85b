"""History embedded in one DuckDB file; nothing of DuckDB or Arrow leaves this package."""
