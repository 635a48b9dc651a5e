-- The library and its maintenance (S2).  Times are Unix milliseconds unless a
-- name ends in _ns; paths are bytes, relative to the library root; `folder` is
-- the path's parent, `path_text` what people see.  The catalogue's tables come
-- with a later migration.

CREATE TABLE libraries (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    root_path BLOB NOT NULL,
    scan_status TEXT NOT NULL DEFAULT 'never_scanned'
        CHECK (scan_status IN ('never_scanned', 'scanning', 'complete', 'error')),
    scan_progress INTEGER NOT NULL DEFAULT 0,
    scan_total INTEGER NOT NULL DEFAULT 0,
    scan_started_at INTEGER,
    scan_failed_at INTEGER,
    scanned_at INTEGER,
    scan_error TEXT NOT NULL DEFAULT '',
    scan_report TEXT CHECK (scan_report IS NULL OR json_valid(scan_report))
) STRICT;

CREATE TABLE library_files (
    id INTEGER PRIMARY KEY,
    library_id INTEGER NOT NULL REFERENCES libraries (id) ON DELETE CASCADE,
    path BLOB NOT NULL,
    path_text TEXT NOT NULL,
    folder BLOB NOT NULL,
    metadata TEXT CHECK (metadata IS NULL OR json_valid(metadata)),
    file_size INTEGER NOT NULL,
    modified_time INTEGER NOT NULL,
    device INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL,
    audio_md5 TEXT,
    duration REAL,
    artist TEXT,
    album TEXT,
    title TEXT,
    compression TEXT,
    content_hash TEXT UNIQUE,
    tagged INTEGER NOT NULL DEFAULT 0 CHECK (tagged IN (0, 1)),
    tagged_at INTEGER,
    needs_tagging INTEGER NOT NULL DEFAULT 1 CHECK (needs_tagging IN (0, 1)),
    is_valid INTEGER NOT NULL DEFAULT 1 CHECK (is_valid IN (0, 1)),
    gone_at INTEGER,
    scanned_at INTEGER NOT NULL,
    UNIQUE (library_id, path)
) STRICT;

CREATE INDEX idx_files_folder ON library_files (library_id, folder, path);
CREATE INDEX idx_files_content
    ON library_files (library_id, device, inode, file_size, mtime_ns, is_valid);
CREATE INDEX idx_files_untested
    ON library_files (library_id) WHERE is_valid = 1 AND metadata IS NULL;
CREATE INDEX idx_files_at_target
    ON library_files (library_id) WHERE is_valid = 1 AND compression <> '';

CREATE TABLE folders (
    library_id INTEGER NOT NULL REFERENCES libraries (id) ON DELETE CASCADE,
    folder BLOB NOT NULL,
    fingerprint BLOB CHECK (length(fingerprint) = 16),
    policy TEXT NOT NULL,
    files INTEGER NOT NULL,
    at_rest_at INTEGER,
    PRIMARY KEY (library_id, folder)
) STRICT, WITHOUT ROWID;

-- A verdict belongs to bytes: two files may claim one MD5.
CREATE TABLE flac_checks (
    device INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    file_size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    md5 TEXT NOT NULL,
    last_test_ts INTEGER NOT NULL,
    test_ok INTEGER NOT NULL CHECK (test_ok IN (0, 1)),
    test_msg TEXT NOT NULL,
    verdict TEXT NOT NULL,
    words TEXT NOT NULL,
    tool TEXT NOT NULL,
    streaminfo_md5 TEXT,
    bit_depth INTEGER,
    sample_rate INTEGER,
    channels INTEGER,
    PRIMARY KEY (device, inode)
) STRICT, WITHOUT ROWID;

CREATE INDEX idx_checks_md5 ON flac_checks (md5);
CREATE INDEX idx_checks_failed ON flac_checks (device, inode, file_size, mtime_ns) WHERE test_ok = 0;
CREATE INDEX idx_checks_age ON flac_checks (last_test_ts, file_size, mtime_ns);

CREATE TABLE flac_policy (
    md5 TEXT PRIMARY KEY,
    compression_level INTEGER NOT NULL,
    last_compress_ts INTEGER NOT NULL,
    compression_tag TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- A cache of the mirrors' own tags: path is relative to the mirror root, source
-- and folder to the library root.
CREATE TABLE mirror_outputs (
    library_id INTEGER NOT NULL REFERENCES libraries (id) ON DELETE CASCADE,
    mirror TEXT NOT NULL,
    path BLOB NOT NULL,
    path_text TEXT NOT NULL,
    source BLOB NOT NULL,
    folder BLOB NOT NULL,
    state TEXT NOT NULL,
    src_md5 TEXT NOT NULL,
    quality TEXT NOT NULL,
    src_tags TEXT NOT NULL,
    encoder TEXT NOT NULL,
    device INTEGER,
    inode INTEGER,
    file_size INTEGER,
    mtime_ns INTEGER,
    ctime_ns INTEGER,
    PRIMARY KEY (library_id, mirror, path)
) STRICT, WITHOUT ROWID;

CREATE INDEX idx_outputs_folder ON mirror_outputs (library_id, mirror, folder, path);

-- Path is relative to the art root; md5 is the audio MD5 of the master whose
-- cover it is, source its path.
CREATE TABLE art_exports (
    library_id INTEGER NOT NULL REFERENCES libraries (id) ON DELETE CASCADE,
    path BLOB NOT NULL,
    path_text TEXT NOT NULL,
    md5 TEXT NOT NULL,
    source BLOB NOT NULL,
    picture_md5 TEXT NOT NULL,
    max_px INTEGER NOT NULL,
    mime TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    last_export_ts INTEGER NOT NULL,
    PRIMARY KEY (library_id, path)
) STRICT, WITHOUT ROWID;

CREATE INDEX idx_exports_md5 ON art_exports (md5);

CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    library_id INTEGER NOT NULL REFERENCES libraries (id) ON DELETE CASCADE,
    path BLOB NOT NULL,
    path_text TEXT NOT NULL,
    folder BLOB NOT NULL,
    action TEXT NOT NULL,
    mirror TEXT NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed', 'interrupted')),
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    failure TEXT,
    message TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX idx_jobs_running ON jobs (id) WHERE state = 'running';
CREATE INDEX idx_jobs_done
    ON jobs (library_id, folder, action, ended_at) WHERE state = 'done';
CREATE INDEX idx_jobs_ended ON jobs (ended_at);

CREATE TABLE setbacks (
    library_id INTEGER NOT NULL REFERENCES libraries (id) ON DELETE CASCADE,
    path BLOB NOT NULL,
    folder BLOB NOT NULL,
    action TEXT NOT NULL,
    mirror TEXT NOT NULL,
    kind TEXT NOT NULL,
    tries INTEGER NOT NULL,
    message TEXT NOT NULL,
    words TEXT NOT NULL,
    retry_at INTEGER NOT NULL,
    PRIMARY KEY (library_id, path, action, mirror)
) STRICT, WITHOUT ROWID;

CREATE INDEX idx_setbacks_folder ON setbacks (library_id, folder, path);
CREATE INDEX idx_setbacks_retry ON setbacks (retry_at);

CREATE TABLE holds (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    library_id INTEGER NOT NULL REFERENCES libraries (id) ON DELETE CASCADE,
    path BLOB NOT NULL,
    path_text TEXT NOT NULL,
    folder BLOB NOT NULL,
    cause TEXT NOT NULL,
    mirror TEXT NOT NULL,
    reason TEXT NOT NULL,
    evidence TEXT NOT NULL CHECK (json_valid(evidence)),
    md5 TEXT NOT NULL,
    device INTEGER,
    inode INTEGER,
    file_size INTEGER,
    mtime_ns INTEGER,
    ctime_ns INTEGER,
    since INTEGER NOT NULL,
    ended_at INTEGER,
    ended_how TEXT CHECK ((ended_how IS NULL) = (ended_at IS NULL))
) STRICT;

CREATE UNIQUE INDEX idx_holds_open
    ON holds (library_id, path, cause, mirror) WHERE ended_at IS NULL;
CREATE INDEX idx_holds_folder ON holds (library_id, folder, path) WHERE ended_at IS NULL;
CREATE INDEX idx_holds_accepted_md5 ON holds (md5) WHERE ended_how = 'accepted';
CREATE INDEX idx_holds_accepted_bytes ON holds (device, inode) WHERE ended_how = 'accepted';

-- The history outlives files; it has no cascade, and nobody changes it.
CREATE TABLE observations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time INTEGER NOT NULL,
    library_id INTEGER NOT NULL REFERENCES libraries (id),
    path BLOB NOT NULL,
    path_text TEXT NOT NULL,
    md5 TEXT NOT NULL,
    event TEXT NOT NULL,
    details_json TEXT NOT NULL CHECK (json_valid(details_json))
) STRICT;

CREATE INDEX idx_observations_path ON observations (library_id, path, id);

CREATE TRIGGER observations_are_not_changed BEFORE UPDATE ON observations
BEGIN
    SELECT RAISE(ABORT, 'the history is append-only');
END;

CREATE TRIGGER observations_are_not_deleted BEFORE DELETE ON observations
BEGIN
    SELECT RAISE(ABORT, 'the history is append-only');
END;

-- mirror '' holds the library's own counts.
CREATE TABLE counters (
    library_id INTEGER NOT NULL REFERENCES libraries (id) ON DELETE CASCADE,
    mirror TEXT NOT NULL,
    name TEXT NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (library_id, mirror, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE memory (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL CHECK (json_valid(value))
) STRICT, WITHOUT ROWID;

-- "PACd" in ASCII.
PRAGMA application_id = 1346454372;
PRAGMA user_version = 1;
