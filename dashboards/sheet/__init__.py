"""The dashboards as plain pages, with the real answers to their queries."""
