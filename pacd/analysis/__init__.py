"""Numbers from samples: what the audio itself tells; numpy only, no files, no programs."""

import os

# Before numpy is first imported: a worker has one core, and numpy's threads would take the others'.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
