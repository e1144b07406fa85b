"""What is out there: assets, the devices in them, lines, zones and duties, each with its time."""
