"""What people bring along about their fleet: CSV and TOML folders, GTFS, GBFS; read and judged."""
