DROP INDEX idx_checks_above_cd;
DROP TABLE recycled;
PRAGMA user_version = 3;
