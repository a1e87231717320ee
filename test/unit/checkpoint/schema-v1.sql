-- A checkpoint file as schema version 1 wrote it, frozen: every later version must read it. Never edit it.
PRAGMA application_id = 1129599828;
CREATE TABLE log (id TEXT NOT NULL PRIMARY KEY, description TEXT NOT NULL, operator TEXT NOT NULL, kind TEXT NOT NULL, url TEXT NOT NULL, position INTEGER NOT NULL, range BLOB, head_size INTEGER, head_timestamp INTEGER, head_root BLOB, head_signature BLOB, learned TEXT NOT NULL) STRICT;
CREATE TABLE pending_head (log_id TEXT NOT NULL REFERENCES log (id), ordinal INTEGER NOT NULL, size INTEGER NOT NULL, timestamp INTEGER NOT NULL, root BLOB NOT NULL, signature BLOB NOT NULL, PRIMARY KEY (log_id, ordinal)) STRICT, WITHOUT ROWID;
CREATE TABLE gap (id INTEGER PRIMARY KEY, log_id TEXT NOT NULL, log TEXT NOT NULL, first INTEGER NOT NULL, past INTEGER, reason TEXT NOT NULL, recorded_at INTEGER NOT NULL) STRICT;
CREATE UNIQUE INDEX gap_once ON gap (log_id, first, ifnull(past, -1));
CREATE TABLE evidence (id INTEGER PRIMARY KEY, log_id TEXT NOT NULL, log TEXT NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL, detail TEXT NOT NULL, recorded_at INTEGER NOT NULL) STRICT;
CREATE TABLE issuer (fingerprint TEXT NOT NULL PRIMARY KEY, der BLOB NOT NULL) STRICT;
CREATE TABLE list (url TEXT NOT NULL PRIMARY KEY, body BLOB NOT NULL, etag TEXT, last_modified TEXT, fetched_at INTEGER NOT NULL) STRICT;
CREATE TABLE owner (one INTEGER PRIMARY KEY CHECK (one = 1), pid INTEGER NOT NULL, host TEXT NOT NULL, since INTEGER NOT NULL) STRICT;
INSERT INTO log VALUES ('bG9nIG9uZQ==', 'Log One', 'Operator', 'static-ct', 'https://one.example/', 4294967296, x'1111111111111111111111111111111111111111111111111111111111111111', 4294967300, 1790000000000, x'2222222222222222222222222222222222222222222222222222222222222222', x'0403000130', '{"pageSize":256}');
INSERT INTO log VALUES ('bG9nIHR3bw==', 'Log Two', 'Operator', 'rfc6962', 'https://two.example/', 0, NULL, NULL, NULL, NULL, NULL, '{}');
INSERT INTO pending_head VALUES ('bG9nIG9uZQ==', 0, 4294967400, 1790000001000, x'3333333333333333333333333333333333333333333333333333333333333333', x'0403000131');
INSERT INTO gap VALUES (1, 'bG9nIG9uZQ==', '{"id":"bG9nIG9uZQ==","description":"Log One","operator":"Operator","kind":"static-ct","url":"https://one.example/"}', 5, NULL, 'gone', 1790000002000);
INSERT INTO evidence VALUES (1, 'bG9nIG9uZQ==', '{"id":"bG9nIG9uZQ==","description":"Log One","operator":"Operator","kind":"static-ct","url":"https://one.example/"}', 'CT_CONSISTENCY', 'no proof', '{"proof":[]}', 1790000003000);
INSERT INTO issuer VALUES ('aa', x'3000');
INSERT INTO list VALUES ('https://example.com/', x'7b7d', NULL, 'Sun, 22 Nov 2026 12:00:00 GMT', 1790000004000);
PRAGMA user_version = 1;
