"""Versions, the gate that decides which one serves, and the record of why."""
