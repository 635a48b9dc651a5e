"""Makes recordings whose origin is known: genuine ones, and what lossy codecs leave of them."""
