"""Making an InfluxDB ready for us, once: buckets, mappings, tokens; not the way of the data."""
