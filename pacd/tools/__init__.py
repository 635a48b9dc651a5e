"""One module per external program; process.py alone starts them."""
