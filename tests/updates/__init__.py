"""Releases: that they stay what they are, and that projects of each update to every later one."""
