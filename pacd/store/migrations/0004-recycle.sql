-- depends: 0003-authenticity
-- The recycle bins of the libraries.  Each file in one tells of itself there (about.json in its
-- folder, whose name is entry): these rows are its index, and remember what became of it.
-- entry is the folder's name in the bin; path is where the file stood; recycled_at is never
-- before what was recorded before it.  due_since is when its retention was first found over.

CREATE TABLE recycled (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    library_id INTEGER NOT NULL REFERENCES libraries (id) ON DELETE CASCADE,
    entry TEXT NOT NULL,
    path BLOB NOT NULL,
    path_text TEXT NOT NULL,
    recycled_at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    inode INTEGER NOT NULL,
    file_size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    md5 TEXT NOT NULL,
    made_md5 TEXT NOT NULL,
    due_since INTEGER,
    ended_at INTEGER,
    ended_how TEXT CHECK ((ended_how IS NULL) = (ended_at IS NULL)),
    UNIQUE (library_id, entry)
) STRICT;

CREATE INDEX idx_recycled_lying ON recycled (library_id, id) WHERE ended_at IS NULL;
CREATE INDEX idx_recycled_restored ON recycled (md5) WHERE ended_how = 'restored';

CREATE INDEX idx_recycled_made ON recycled (made_md5) WHERE made_md5 <> '';

-- Masters above CD form, which are few, are counted where nothing is there to resample them.
CREATE INDEX idx_checks_above_cd ON flac_checks (device, inode, file_size, mtime_ns)
    WHERE test_ok = 1 AND (sample_rate > 44100 OR bit_depth > 16 OR channels > 2);

PRAGMA user_version = 4;
