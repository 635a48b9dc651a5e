"""Decides; does nothing."""
