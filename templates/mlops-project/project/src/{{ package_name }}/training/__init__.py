"""Baselines and models, compared on the same days and explained."""
