"""Mirrors kept exact: what stands in them, what may be renamed, what is left over."""
