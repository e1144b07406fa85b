"""Grafana dashboards, generated: readings to people who have Grafana."""
