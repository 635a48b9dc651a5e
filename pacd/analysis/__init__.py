"""Numbers from samples: what the audio itself tells; numpy only, no files, no programs."""
