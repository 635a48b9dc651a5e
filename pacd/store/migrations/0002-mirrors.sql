-- depends: 0001-library
-- Mirrors that are exact: every file of a mirror is on record, also those no master wants.
-- From here on mirror_outputs.folder is the parent of path, in the mirror, and source is what
-- the output itself states (PAC_SOURCE_REL).  orphaned_at says since when no master wants it.

ALTER TABLE mirror_outputs ADD COLUMN orphaned_at INTEGER;

CREATE INDEX idx_outputs_md5 ON mirror_outputs (library_id, mirror, src_md5);
CREATE INDEX idx_outputs_orphans
    ON mirror_outputs (library_id, mirror, path) WHERE orphaned_at IS NOT NULL;
CREATE INDEX idx_outputs_kept ON mirror_outputs (library_id, mirror, state, orphaned_at);

-- What the outputs state is read anew: until now the source was only assumed.
UPDATE mirror_outputs SET ctime_ns = 0 WHERE ctime_ns IS NOT NULL;

-- Whether PAC itself made the file smaller; what it found small enough is counted apart.
ALTER TABLE library_files ADD COLUMN rewritten INTEGER NOT NULL DEFAULT 0
    CHECK (rewritten IN (0, 1));

UPDATE library_files SET rewritten = 1
WHERE compression <> '' AND audio_md5 IN (SELECT md5 FROM flac_policy);

CREATE INDEX idx_files_rewritten
    ON library_files (library_id) WHERE is_valid = 1 AND rewritten = 1;

-- The copies of sidecars (M11), which bear no tags: what PAC made of what, or found in the way.
-- path and folder are the mirror's, source is the library's; source_* say what it was like then.
CREATE TABLE sidecars (
    library_id INTEGER NOT NULL REFERENCES libraries (id) ON DELETE CASCADE,
    mirror TEXT NOT NULL,
    path BLOB NOT NULL,
    path_text TEXT NOT NULL,
    folder BLOB NOT NULL,
    source BLOB NOT NULL,
    source_inode INTEGER NOT NULL,
    source_size INTEGER NOT NULL,
    source_mtime_ns INTEGER NOT NULL,
    source_ctime_ns INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('ours', 'foreign')),
    md5 TEXT NOT NULL,
    device INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    file_size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL,
    orphaned_at INTEGER,
    PRIMARY KEY (library_id, mirror, path)
) STRICT, WITHOUT ROWID;

CREATE INDEX idx_sidecars_folder ON sidecars (library_id, mirror, folder, path);
CREATE INDEX idx_sidecars_source ON sidecars (library_id, mirror, source_inode);
CREATE INDEX idx_sidecars_orphans
    ON sidecars (library_id, mirror, path) WHERE orphaned_at IS NOT NULL;
CREATE INDEX idx_sidecars_kept ON sidecars (library_id, mirror, state, orphaned_at);

-- Nothing asks for setbacks by the time of their retry.
DROP INDEX idx_setbacks_retry;

PRAGMA user_version = 2;
