"""The loops of a running process, one file each."""
