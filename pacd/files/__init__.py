"""Reads and replaces files, whole or not at all; decides nothing."""
