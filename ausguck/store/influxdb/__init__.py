"""History in an InfluxDB 2 server; no line protocol or InfluxQL leaves this package."""
