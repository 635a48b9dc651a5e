CREATE INDEX idx_setbacks_retry ON setbacks (retry_at);
DROP TABLE sidecars;
DROP INDEX idx_files_rewritten;
ALTER TABLE library_files DROP COLUMN rewritten;
DROP INDEX idx_outputs_kept;
DROP INDEX idx_outputs_orphans;
DROP INDEX idx_outputs_md5;
ALTER TABLE mirror_outputs DROP COLUMN orphaned_at;
PRAGMA user_version = 1;
