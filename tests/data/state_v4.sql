BEGIN TRANSACTION;
CREATE TABLE "_yoyo_log" (
            "id" VARCHAR(36),
            "migration_hash" VARCHAR(64),
            "migration_id" VARCHAR(255),
            "operation" VARCHAR(10),
            "username" VARCHAR(255),
            "hostname" VARCHAR(255),
            "comment" VARCHAR(255),
            "created_at_utc" TIMESTAMP,
            PRIMARY KEY ("id")
        );
CREATE TABLE "_yoyo_migration" (
            "migration_hash" VARCHAR(64),
            "migration_id" VARCHAR(255),
            "applied_at_utc" TIMESTAMP,
            PRIMARY KEY ("migration_hash")
        );
INSERT INTO "_yoyo_migration" VALUES('bd908c3a77852c3f302339e973617cc2739001d8b2594cd73f9a0c253d63684b','0001-library','2026-11-21T17:46:42.070114');
INSERT INTO "_yoyo_migration" VALUES('b9ea6fc65cecaf8449beebb8ffb86fd643c788746c1b1639bdc1c0401f9b551e','0002-mirrors','2026-11-21T17:46:42.111565');
INSERT INTO "_yoyo_migration" VALUES('f8a818473793a0defd56ed1629705a936be929a6380e221931bc5ea42f8e0b30','0003-authenticity','2026-11-21T17:46:42.149050');
INSERT INTO "_yoyo_migration" VALUES('5d46149ef51576e330b4e1217962656d9954cd71f78f7ef9298d6e62313940fd','0004-recycle','2026-11-21T17:46:42.193456');
CREATE TABLE "_yoyo_version" (
            "version" INT NOT NULL PRIMARY KEY,
            "installed_at_utc" TIMESTAMP
        );
INSERT INTO "_yoyo_version" VALUES(2,'2026-11-21T17:46:41.895269');
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
INSERT INTO "art_exports" VALUES(1,X'426AC3B6726B2F506F73742F66726F6E742E6A7067','Björk/Post/front.jpg','0123456789abcdef0123456789abcdef',X'426AC3B6726B2F506F73742F30312041726D79206F66204D652E666C6163','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',1000,'image/jpeg',51200,1700000000123456789,1795262400000);
INSERT INTO "art_exports" VALUES(2,X'426AC3B6726B2F506F73742F66726F6E742E6A7067','Björk/Post/front.jpg','0123456789abcdef0123456789abcdef',X'610A62FF2773205C201B5B33316D2FE40A2E666C6163','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',1000,'image/jpeg',51200,1700000000123456789,1795262400000);
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
INSERT INTO "authenticity" VALUES('0123456789abcdef0123456789abcdef',99.0,'MPEG','Clean','{"edge_hz":16000.5,"floor_db":-118,"codec":"MP3","hits":[0.5,null]}',1795262400000,'suspect','PAC''s own detector: nothing above 16.0 kHz, as \udcff leaves it; auCDtect: it looks like MPEG with a probability of 99 %','[{"detector":"builtin","version":"1","status":"suspect","sentence":"nothing above 16.0 kHz, as \\udcff leaves it","numbers":{"edge_hz":16000.5,"floor_db":-118,"codec":"MP3","hits":[0.5,null]},"words":""},{"detector":"aucdtect","version":"0.8","status":"suspect","sentence":"it looks like MPEG with a probability of 99 %","numbers":{"class":"MPEG","score":99},"words":"This track looks like MPEG with probability 99%"},{"detector":"lac","version":"2.0.5","status":"ok","sentence":"found it clean","numbers":{"result":"Clean"},"words":""}]',X'2F73746174652F7370656374726F6772616D732FFF2E706E67','');
CREATE TABLE counters (
    library_id INTEGER NOT NULL REFERENCES libraries (id) ON DELETE CASCADE,
    mirror TEXT NOT NULL,
    name TEXT NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (library_id, mirror, name)
) STRICT, WITHOUT ROWID;
INSERT INTO "counters" VALUES(1,'','recompressed',1);
INSERT INTO "counters" VALUES(2,'','recompressed',1);
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
INSERT INTO "flac_checks" VALUES(2049,77,31000000,1700000000123456789,'0123456789abcdef0123456789abcdef',1795262400000,1,'','intact','','flac 1.4.2','0123456789abcdef0123456789abcdef',16,44100,2);
CREATE TABLE flac_policy (
    md5 TEXT PRIMARY KEY,
    compression_level INTEGER NOT NULL,
    last_compress_ts INTEGER NOT NULL,
    compression_tag TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "flac_policy" VALUES('0123456789abcdef0123456789abcdef',8,1795262400000,'flac 1.4.2; level=8; verify=1; date=2026-11-21');
CREATE TABLE folders (
    library_id INTEGER NOT NULL REFERENCES libraries (id) ON DELETE CASCADE,
    folder BLOB NOT NULL,
    fingerprint BLOB CHECK (length(fingerprint) = 16),
    policy TEXT NOT NULL,
    files INTEGER NOT NULL,
    at_rest_at INTEGER,
    PRIMARY KEY (library_id, folder)
) STRICT, WITHOUT ROWID;
INSERT INTO "folders" VALUES(1,X'426AC3B6726B2F506F7374',X'30313233343536373839616263646566','policy',1,1795262400000);
INSERT INTO "folders" VALUES(2,X'610A62FF2773205C201B5B33316D',X'30313233343536373839616263646566','policy',1,1795262400000);
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
INSERT INTO "holds" VALUES(1,1,X'426AC3B6726B2F506F73742F30312041726D79206F66204D652E666C6163','Björk/Post/01 Army of Me.flac',X'426AC3B6726B2F506F7374','corrupt','','a reason','{"links":2}','0123456789abcdef0123456789abcdef',2049,77,31000000,1700000000123456789,1700000001000000000,1795262400000,NULL,NULL);
INSERT INTO "holds" VALUES(2,1,X'426AC3B6726B2F506F73742F30312041726D79206F66204D652E666C6163','Björk/Post/01 Army of Me.flac',X'426AC3B6726B2F506F7374','hardlinked','','a reason','{"links":2}','0123456789abcdef0123456789abcdef',2049,77,31000000,1700000000123456789,1700000001000000000,1795262400000,1795262400000,'accepted');
INSERT INTO "holds" VALUES(3,2,X'610A62FF2773205C201B5B33316D2FE40A2E666C6163','a
b\udcff''s \ [31m/\udce4
.flac',X'610A62FF2773205C201B5B33316D','corrupt','','a reason','{"links":2}','0123456789abcdef0123456789abcdef',2049,77,31000000,1700000000123456789,1700000001000000000,1795262400000,NULL,NULL);
INSERT INTO "holds" VALUES(4,2,X'610A62FF2773205C201B5B33316D2FE40A2E666C6163','a
b\udcff''s \ [31m/\udce4
.flac',X'610A62FF2773205C201B5B33316D','hardlinked','','a reason','{"links":2}','0123456789abcdef0123456789abcdef',2049,77,31000000,1700000000123456789,1700000001000000000,1795262400000,1795262400000,'accepted');
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
INSERT INTO "jobs" VALUES(1,1,X'426AC3B6726B2F506F73742F30312041726D79206F66204D652E666C6163','Björk/Post/01 Army of Me.flac',X'426AC3B6726B2F506F7374','recompress','','level 5 is below 8','done',1795262400000,1795262400000,NULL,'');
INSERT INTO "jobs" VALUES(2,1,X'426AC3B6726B2F506F73742F30312041726D79206F66204D652E666C6163','Björk/Post/01 Army of Me.flac',X'426AC3B6726B2F506F7374','mirror-encode','phone','level 5 is below 8','failed',1795262400000,1795262400000,'tool-failed','01 Army of Me.flac could not be encoded');
INSERT INTO "jobs" VALUES(3,2,X'610A62FF2773205C201B5B33316D2FE40A2E666C6163','a
b\udcff''s \ [31m/\udce4
.flac',X'610A62FF2773205C201B5B33316D','recompress','','level 5 is below 8','done',1795262400000,1795262400000,NULL,'');
INSERT INTO "jobs" VALUES(4,2,X'610A62FF2773205C201B5B33316D2FE40A2E666C6163','a
b\udcff''s \ [31m/\udce4
.flac',X'610A62FF2773205C201B5B33316D','mirror-encode','phone','level 5 is below 8','failed',1795262400000,1795262400000,'tool-failed','\udce4
.flac could not be encoded');
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
INSERT INTO "libraries" VALUES(1,'main',X'2F6D75736963','complete',1,1,1795262400000,NULL,1795262400000,'','{"files_discovered":1,"files_added":0,"files_updated":0,"files_moved":0,"files_removed":0,"files_skipped":0,"files_failed":0,"drift":0,"scan_duration_s":0.0,"warnings":["odd"]}');
INSERT INTO "libraries" VALUES(2,'odd',X'2F6DFF','complete',1,1,1795262400000,NULL,1795262400000,'','{"files_discovered":1,"files_added":0,"files_updated":0,"files_moved":0,"files_removed":0,"files_skipped":0,"files_failed":0,"drift":0,"scan_duration_s":0.0,"warnings":["odd"]}');
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
    scanned_at INTEGER NOT NULL, rewritten INTEGER NOT NULL DEFAULT 0
    CHECK (rewritten IN (0, 1)), authenticity TEXT NOT NULL DEFAULT ''
    CHECK (authenticity IN ('', 'ok', 'suspect', 'inconclusive', 'error', 'skipped')),
    UNIQUE (library_id, path)
) STRICT;
INSERT INTO "library_files" VALUES(1,1,X'426AC3B6726B2F506F73742F30312041726D79206F66204D652E666C6163','Björk/Post/01 Army of Me.flac',X'426AC3B6726B2F506F7374','{"audio":[44100,16,2,441000],"audio_md5":"0123456789abcdef0123456789abcdef","tags":[["ARTIST","Bj\u00f6rk"],["ARTIST","\u5742\u672c\u9f8d\u4e00"],["ALBUM","Post"],["TITLE","Army\nof \udcff Me"]],"tags_md5":"ffffffffffffffffffffffffffffffff","pictures":[[3,"image/jpeg","aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",51200],[0,"image/png","bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",9]],"compression":"flac 1.4.2; level=8; verify=1; date=2026-11-21","quirks":["id3v2","unknown-length"]}',31000000,1700000000123,2049,77,1700000000123456789,1700000001000000000,'0123456789abcdef0123456789abcdef',10.0,'Björk','Post','Army
of \udcff Me','flac 1.4.2; level=8; verify=1; date=2026-11-21',NULL,0,NULL,1,1,NULL,1795262400000,0,'suspect');
INSERT INTO "library_files" VALUES(2,2,X'610A62FF2773205C201B5B33316D2FE40A2E666C6163','a
b\udcff''s \ [31m/\udce4
.flac',X'610A62FF2773205C201B5B33316D','{"audio":[44100,16,2,441000],"audio_md5":"0123456789abcdef0123456789abcdef","tags":[["ARTIST","Bj\u00f6rk"],["ARTIST","\u5742\u672c\u9f8d\u4e00"],["ALBUM","Post"],["TITLE","Army\nof \udcff Me"]],"tags_md5":"ffffffffffffffffffffffffffffffff","pictures":[[3,"image/jpeg","aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",51200],[0,"image/png","bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",9]],"compression":"flac 1.4.2; level=8; verify=1; date=2026-11-21","quirks":["id3v2","unknown-length"]}',31000000,1700000000123,2049,77,1700000000123456789,1700000001000000000,'0123456789abcdef0123456789abcdef',10.0,'Björk','Post','Army
of \udcff Me','flac 1.4.2; level=8; verify=1; date=2026-11-21',NULL,0,NULL,1,1,NULL,1795262400000,0,'suspect');
CREATE TABLE memory (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL CHECK (json_valid(value))
) STRICT, WITHOUT ROWID;
INSERT INTO "memory" VALUES('paused','{"until":null}');
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
    ctime_ns INTEGER, orphaned_at INTEGER,
    PRIMARY KEY (library_id, mirror, path)
) STRICT, WITHOUT ROWID;
INSERT INTO "mirror_outputs" VALUES(1,'phone',X'426AC3B6726B2F506F73742F30312041726D79206F66204D652E666C6163','Björk/Post/01 Army of Me.flac',X'426AC3B6726B2F506F73742F30312041726D79206F66204D652E666C6163',X'426AC3B6726B2F506F7374','ours','0123456789abcdef0123456789abcdef','opus 128 kbit/s','ffffffffffffffffffffffffffffffff','opusenc 0.2',2049,500,31000000,1700000000123456789,1700000001000000000,NULL);
INSERT INTO "mirror_outputs" VALUES(2,'phone',X'610A62FF2773205C201B5B33316D2FE40A2E666C6163','a
b\udcff''s \ [31m/\udce4
.flac',X'610A62FF2773205C201B5B33316D2FE40A2E666C6163',X'610A62FF2773205C201B5B33316D','ours','0123456789abcdef0123456789abcdef','opus 128 kbit/s','ffffffffffffffffffffffffffffffff','opusenc 0.2',2049,500,31000000,1700000000123456789,1700000001000000000,NULL);
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
INSERT INTO "observations" VALUES(1,1795262400000,1,X'426AC3B6726B2F506F73742F30312041726D79206F66204D652E666C6163','Björk/Post/01 Army of Me.flac','0123456789abcdef0123456789abcdef','flac_test_ok','{"tool":"flac 1.4.2"}');
INSERT INTO "observations" VALUES(2,1795262400000,2,X'610A62FF2773205C201B5B33316D2FE40A2E666C6163','a
b\udcff''s \ [31m/\udce4
.flac','0123456789abcdef0123456789abcdef','flac_test_ok','{"tool":"flac 1.4.2"}');
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
INSERT INTO "recycled" VALUES(1,1,'20261121T120000Z-0a1b2c3d',X'426AC3B6726B2F506F73742F30312041726D79206F66204D652E666C6163','Björk/Post/01 Army of Me.flac',1795262400000,'resampled, it was 96 kHz, 24 bit',77,31000000,1700000000123456789,'0123456789abcdef0123456789abcdef','fedcba9876543210fedcba9876543210',NULL,NULL,NULL);
INSERT INTO "recycled" VALUES(2,2,'20261121T120000Z-0a1b2c3d',X'610A62FF2773205C201B5B33316D2FE40A2E666C6163','a
b\udcff''s \ [31m/\udce4
.flac',1795262400000,'resampled, it was 96 kHz, 24 bit',77,31000000,1700000000123456789,'0123456789abcdef0123456789abcdef','fedcba9876543210fedcba9876543210',NULL,NULL,NULL);
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
INSERT INTO "setbacks" VALUES(1,X'426AC3B6726B2F506F73742F30312041726D79206F66204D652E666C6163',X'426AC3B6726B2F506F7374','mirror-encode','phone','tool-failed',1,'01 Army of Me.flac could not be encoded','ERROR: \udcff',1795262400000);
INSERT INTO "setbacks" VALUES(2,X'610A62FF2773205C201B5B33316D2FE40A2E666C6163',X'610A62FF2773205C201B5B33316D','mirror-encode','phone','tool-failed',1,'\udce4
.flac could not be encoded','ERROR: \udcff',1795262400000);
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
INSERT INTO "sidecars" VALUES(1,'phone',X'426AC3B6726B2F506F73742F30312041726D79206F66204D652E6C7263','Björk/Post/01 Army of Me.lrc',X'426AC3B6726B2F506F7374',X'426AC3B6726B2F506F73742F30312041726D79206F66204D652E6C7263',77,31000000,1700000000123456789,1700000001000000000,'ours','0123456789abcdef0123456789abcdef',2049,500,31000000,1700000000123456789,1700000001000000000,NULL);
INSERT INTO "sidecars" VALUES(2,'phone',X'610A62FF2773205C201B5B33316D2FE40A2E6C7263','a
b\udcff''s \ [31m/\udce4
.lrc',X'610A62FF2773205C201B5B33316D',X'610A62FF2773205C201B5B33316D2FE40A2E6C7263',77,31000000,1700000000123456789,1700000001000000000,'ours','0123456789abcdef0123456789abcdef',2049,500,31000000,1700000000123456789,1700000001000000000,NULL);
CREATE TABLE "yoyo_lock" ("locked" INT DEFAULT 1, "ctime" TIMESTAMP,"pid" INT NOT NULL,PRIMARY KEY ("locked"));
CREATE INDEX idx_files_folder ON library_files (library_id, folder, path);
CREATE INDEX idx_files_content
    ON library_files (library_id, device, inode, file_size, mtime_ns, is_valid);
CREATE INDEX idx_files_untested
    ON library_files (library_id) WHERE is_valid = 1 AND metadata IS NULL;
CREATE INDEX idx_files_at_target
    ON library_files (library_id) WHERE is_valid = 1 AND compression <> '';
CREATE INDEX idx_checks_md5 ON flac_checks (md5);
CREATE INDEX idx_checks_failed ON flac_checks (device, inode, file_size, mtime_ns) WHERE test_ok = 0;
CREATE INDEX idx_checks_age ON flac_checks (last_test_ts, file_size, mtime_ns);
CREATE INDEX idx_outputs_folder ON mirror_outputs (library_id, mirror, folder, path);
CREATE INDEX idx_exports_md5 ON art_exports (md5);
CREATE INDEX idx_jobs_running ON jobs (id) WHERE state = 'running';
CREATE INDEX idx_jobs_done
    ON jobs (library_id, folder, action, ended_at) WHERE state = 'done';
CREATE INDEX idx_jobs_ended ON jobs (ended_at);
CREATE INDEX idx_setbacks_folder ON setbacks (library_id, folder, path);
CREATE UNIQUE INDEX idx_holds_open
    ON holds (library_id, path, cause, mirror) WHERE ended_at IS NULL;
CREATE INDEX idx_holds_folder ON holds (library_id, folder, path) WHERE ended_at IS NULL;
CREATE INDEX idx_holds_accepted_md5 ON holds (md5) WHERE ended_how = 'accepted';
CREATE INDEX idx_holds_accepted_bytes ON holds (device, inode) WHERE ended_how = 'accepted';
CREATE INDEX idx_observations_path ON observations (library_id, path, id);
CREATE TRIGGER observations_are_not_changed BEFORE UPDATE ON observations
BEGIN
    SELECT RAISE(ABORT, 'the history is append-only');
END;
CREATE TRIGGER observations_are_not_deleted BEFORE DELETE ON observations
BEGIN
    SELECT RAISE(ABORT, 'the history is append-only');
END;
CREATE INDEX idx_outputs_md5 ON mirror_outputs (library_id, mirror, src_md5);
CREATE INDEX idx_outputs_orphans
    ON mirror_outputs (library_id, mirror, path) WHERE orphaned_at IS NOT NULL;
CREATE INDEX idx_outputs_kept ON mirror_outputs (library_id, mirror, state, orphaned_at);
CREATE INDEX idx_files_rewritten
    ON library_files (library_id) WHERE is_valid = 1 AND rewritten = 1;
CREATE INDEX idx_sidecars_folder ON sidecars (library_id, mirror, folder, path);
CREATE INDEX idx_sidecars_source ON sidecars (library_id, mirror, source_inode);
CREATE INDEX idx_sidecars_orphans
    ON sidecars (library_id, mirror, path) WHERE orphaned_at IS NOT NULL;
CREATE INDEX idx_sidecars_kept ON sidecars (library_id, mirror, state, orphaned_at);
CREATE INDEX idx_files_authenticity
    ON library_files (library_id, authenticity) WHERE is_valid = 1 AND authenticity <> '';
CREATE INDEX idx_recycled_lying ON recycled (library_id, id) WHERE ended_at IS NULL;
CREATE INDEX idx_recycled_restored ON recycled (md5) WHERE ended_how = 'restored';
CREATE INDEX idx_recycled_made ON recycled (made_md5) WHERE made_md5 <> '';
CREATE INDEX idx_checks_above_cd ON flac_checks (device, inode, file_size, mtime_ns)
    WHERE test_ok = 1 AND (sample_rate > 44100 OR bit_depth > 16 OR channels > 2);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('jobs',4);
INSERT INTO "sqlite_sequence" VALUES('holds',4);
INSERT INTO "sqlite_sequence" VALUES('observations',2);
INSERT INTO "sqlite_sequence" VALUES('recycled',2);
COMMIT;
PRAGMA application_id = 1346454372;
PRAGMA user_version = 4;
