-- depends: 0002-mirrors
-- What detectors found of each recording (A6): moves and changes of tags repeat nothing.
-- findings has all of every detector, as JSON; the columns before it are what people ask for.

CREATE TABLE authenticity (
    md5 TEXT PRIMARY KEY,
    aucdtect_score REAL,
    aucdtect_class TEXT,
    lac_result TEXT,
    builtin_evidence TEXT CHECK (builtin_evidence IS NULL OR json_valid(builtin_evidence)),
    analyzed_ts INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('ok', 'suspect', 'inconclusive', 'error')),
    rationale TEXT NOT NULL,
    findings TEXT NOT NULL CHECK (json_valid(findings)),
    spectrogram_path BLOB,
    undrawn TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- How the present bytes of a file stand: a status of above, or that they are not examined.
ALTER TABLE library_files ADD COLUMN authenticity TEXT NOT NULL DEFAULT ''
    CHECK (authenticity IN ('', 'ok', 'suspect', 'inconclusive', 'error', 'skipped'));

CREATE INDEX idx_files_authenticity
    ON library_files (library_id, authenticity) WHERE is_valid = 1 AND authenticity <> '';

PRAGMA user_version = 3;
