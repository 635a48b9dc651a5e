DROP INDEX idx_files_authenticity;
ALTER TABLE library_files DROP COLUMN authenticity;
DROP TABLE authenticity;
PRAGMA user_version = 2;
