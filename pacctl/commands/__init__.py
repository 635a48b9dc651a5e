"""One module per family of verbs; each says what its verbs take and carries them out."""
