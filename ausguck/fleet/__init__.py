"""What is true now of each bus and station, and of ourselves; pure."""
