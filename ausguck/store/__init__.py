"""History behind one port."""
