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

-- Nothing asks for setbacks by the time of their retry.
DROP INDEX idx_setbacks_retry;

PRAGMA user_version = 2;
