-- A desk's file as the third version made it, with a row in one of its tables.
CREATE TABLE applied (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	at_ms BIGINT NOT NULL, 
	who VARCHAR NOT NULL, 
	source VARCHAR NOT NULL, 
	changes INTEGER NOT NULL, 
	content BLOB NOT NULL, 
	undoes INTEGER, 
	undone_at_ms BIGINT
);
CREATE TABLE assets (
	id VARCHAR NOT NULL, 
	valid_from_ms BIGINT NOT NULL, 
	valid_to_ms BIGINT, 
	external_ids VARCHAR NOT NULL, 
	lifecycle VARCHAR NOT NULL, 
	successor VARCHAR, 
	title VARCHAR NOT NULL, 
	party VARCHAR, 
	depot VARCHAR, 
	line VARCHAR, 
	zone VARCHAR, 
	lat FLOAT, 
	lon FLOAT, 
	capacity BIGINT, 
	opening_hours VARCHAR, 
	has_controller BOOLEAN, 
	PRIMARY KEY (id, valid_from_ms)
)
 WITHOUT ROWID
;
CREATE TABLE assignments (
	id VARCHAR NOT NULL, 
	valid_from_ms BIGINT NOT NULL, 
	valid_to_ms BIGINT, 
	external_ids VARCHAR NOT NULL, 
	lifecycle VARCHAR NOT NULL, 
	successor VARCHAR, 
	line VARCHAR, 
	trip VARCHAR, 
	block VARCHAR, 
	source VARCHAR NOT NULL, 
	PRIMARY KEY (id, valid_from_ms)
)
 WITHOUT ROWID
;
CREATE TABLE audit (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	at_ms BIGINT NOT NULL, 
	who VARCHAR NOT NULL, 
	action VARCHAR NOT NULL, 
	object VARCHAR NOT NULL, 
	detail VARCHAR NOT NULL
);
CREATE TABLE credentials (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	user VARCHAR NOT NULL, 
	secret_sha256 BLOB NOT NULL, 
	created_at_ms BIGINT NOT NULL, 
	speaks_for VARCHAR NOT NULL, 
	is_gateway BOOLEAN NOT NULL, 
	is_operator BOOLEAN NOT NULL, 
	expires_at_ms BIGINT, 
	revoked_at_ms BIGINT, 
	last_used_at_ms BIGINT, 
	note VARCHAR NOT NULL
);
CREATE TABLE dead_letters (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	topic VARCHAR NOT NULL, 
	reason VARCHAR NOT NULL, 
	sha256 BLOB NOT NULL, 
	detail VARCHAR NOT NULL, 
	element BLOB NOT NULL, 
	count INTEGER NOT NULL, 
	first_at_ms BIGINT NOT NULL, 
	last_at_ms BIGINT NOT NULL, 
	upto_epoch BIGINT NOT NULL, 
	upto_segment BIGINT NOT NULL, 
	upto_offset BIGINT NOT NULL, 
	upto_element BIGINT NOT NULL, 
	UNIQUE (topic, reason, sha256)
);
INSERT INTO "dead_letters" VALUES(1,'v1/t','time',X'44136FA355B3678A1146AD16F7E8649E94FB4FC21FE77E8310C060F61CAAFF8A','at 1',X'7B7D',1,1001,1001,1,1,1,0);
CREATE TABLE denials (
	user VARCHAR NOT NULL, 
	denied_before_ms BIGINT NOT NULL, 
	PRIMARY KEY (user)
);
CREATE TABLE depots (
	id VARCHAR NOT NULL, 
	valid_from_ms BIGINT NOT NULL, 
	valid_to_ms BIGINT, 
	external_ids VARCHAR NOT NULL, 
	lifecycle VARCHAR NOT NULL, 
	successor VARCHAR, 
	title VARCHAR NOT NULL, 
	area VARCHAR NOT NULL, 
	party VARCHAR, 
	PRIMARY KEY (id, valid_from_ms)
)
 WITHOUT ROWID
;
CREATE TABLE devices (
	id VARCHAR NOT NULL, 
	valid_from_ms BIGINT NOT NULL, 
	valid_to_ms BIGINT, 
	external_ids VARCHAR NOT NULL, 
	lifecycle VARCHAR NOT NULL, 
	successor VARCHAR, 
	model VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	sim_pool VARCHAR, 
	sim_pool_2 VARCHAR, 
	PRIMARY KEY (id, valid_from_ms)
)
 WITHOUT ROWID
;
CREATE TABLE dropped_values (
	site VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	reason VARCHAR NOT NULL, 
	example VARCHAR NOT NULL, 
	count INTEGER NOT NULL, 
	first_at_ms BIGINT NOT NULL, 
	last_at_ms BIGINT NOT NULL, 
	upto_epoch BIGINT NOT NULL, 
	upto_segment BIGINT NOT NULL, 
	upto_offset BIGINT NOT NULL, 
	upto_element BIGINT NOT NULL, 
	PRIMARY KEY (site, kind, name, "key", reason)
);
CREATE TABLE duties (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	team VARCHAR NOT NULL, 
	person VARCHAR NOT NULL, 
	from_ms BIGINT NOT NULL, 
	to_ms BIGINT NOT NULL, 
	is_deputy BOOLEAN NOT NULL
);
CREATE TABLE events (
	id VARCHAR NOT NULL, 
	valid_from_ms BIGINT NOT NULL, 
	valid_to_ms BIGINT, 
	external_ids VARCHAR NOT NULL, 
	lifecycle VARCHAR NOT NULL, 
	successor VARCHAR, 
	kind VARCHAR NOT NULL, 
	title VARCHAR NOT NULL, 
	area VARCHAR NOT NULL, 
	lines VARCHAR NOT NULL, 
	assets VARCHAR NOT NULL, 
	source VARCHAR NOT NULL, 
	PRIMARY KEY (id, valid_from_ms)
)
 WITHOUT ROWID
;
CREATE TABLE fittings (
	id VARCHAR NOT NULL, 
	valid_from_ms BIGINT NOT NULL, 
	valid_to_ms BIGINT, 
	external_ids VARCHAR NOT NULL, 
	lifecycle VARCHAR NOT NULL, 
	successor VARCHAR, 
	asset VARCHAR NOT NULL, 
	PRIMARY KEY (id, valid_from_ms)
)
 WITHOUT ROWID
;
CREATE TABLE inventories (
	site VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	observed_at_ms BIGINT NOT NULL, 
	model VARCHAR, 
	firmware VARCHAR, 
	serial VARCHAR, 
	profile VARCHAR, 
	sim_count INTEGER, 
	place_at_ms BIGINT, 
	place_name VARCHAR, 
	lat FLOAT, 
	lon FLOAT, 
	capacity INTEGER, 
	PRIMARY KEY (site, kind, name)
);
CREATE TABLE keys (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	prefix VARCHAR NOT NULL, 
	sha256 BLOB NOT NULL, 
	name VARCHAR NOT NULL, 
	scopes VARCHAR NOT NULL, 
	narrowing VARCHAR NOT NULL, 
	person VARCHAR, 
	is_service BOOLEAN NOT NULL, 
	created_at_ms BIGINT NOT NULL, 
	expires_at_ms BIGINT, 
	last_used_at_ms BIGINT, 
	revoked_at_ms BIGINT, 
	UNIQUE (prefix)
);
CREATE TABLE lines (
	id VARCHAR NOT NULL, 
	valid_from_ms BIGINT NOT NULL, 
	valid_to_ms BIGINT, 
	external_ids VARCHAR NOT NULL, 
	lifecycle VARCHAR NOT NULL, 
	successor VARCHAR, 
	title VARCHAR NOT NULL, 
	party VARCHAR, 
	service_hours VARCHAR, 
	PRIMARY KEY (id, valid_from_ms)
)
 WITHOUT ROWID
;
CREATE TABLE parties (
	id VARCHAR NOT NULL, 
	valid_from_ms BIGINT NOT NULL, 
	valid_to_ms BIGINT, 
	external_ids VARCHAR NOT NULL, 
	lifecycle VARCHAR NOT NULL, 
	successor VARCHAR, 
	role VARCHAR NOT NULL, 
	title VARCHAR NOT NULL, 
	PRIMARY KEY (id, valid_from_ms)
)
 WITHOUT ROWID
;
CREATE TABLE people (
	name VARCHAR NOT NULL, 
	display VARCHAR NOT NULL, 
	email VARCHAR, 
	phone VARCHAR, 
	languages VARCHAR NOT NULL, 
	created_at_ms BIGINT NOT NULL, 
	left_at_ms BIGINT, 
	PRIMARY KEY (name)
);
CREATE TABLE register_parts (
	part VARCHAR NOT NULL, 
	revision BIGINT NOT NULL, 
	PRIMARY KEY (part)
);
CREATE TABLE revisions (
	one INTEGER NOT NULL, 
	revision BIGINT NOT NULL, 
	PRIMARY KEY (one)
);
CREATE TABLE sessions (
	sha256 BLOB NOT NULL, 
	key_id INTEGER NOT NULL, 
	created_at_ms BIGINT NOT NULL, 
	touched_at_ms BIGINT NOT NULL, 
	expires_at_ms BIGINT NOT NULL, 
	PRIMARY KEY (sha256), 
	FOREIGN KEY(key_id) REFERENCES keys (id)
);
CREATE TABLE sim_pools (
	id VARCHAR NOT NULL, 
	valid_from_ms BIGINT NOT NULL, 
	valid_to_ms BIGINT, 
	external_ids VARCHAR NOT NULL, 
	lifecycle VARCHAR NOT NULL, 
	successor VARCHAR, 
	operator VARCHAR, 
	cap_bytes BIGINT, 
	billing_day BIGINT NOT NULL, 
	party VARCHAR, 
	PRIMARY KEY (id, valid_from_ms)
)
 WITHOUT ROWID
;
CREATE TABLE team_members (
	team VARCHAR NOT NULL, 
	person VARCHAR NOT NULL, 
	PRIMARY KEY (team, person)
);
CREATE TABLE teams (
	name VARCHAR NOT NULL, 
	title VARCHAR NOT NULL, 
	lead VARCHAR, 
	deputy VARCHAR, 
	deputy_team VARCHAR, 
	PRIMARY KEY (name)
);
CREATE TABLE zones (
	id VARCHAR NOT NULL, 
	valid_from_ms BIGINT NOT NULL, 
	valid_to_ms BIGINT, 
	external_ids VARCHAR NOT NULL, 
	lifecycle VARCHAR NOT NULL, 
	successor VARCHAR, 
	title VARCHAR NOT NULL, 
	area VARCHAR NOT NULL, 
	PRIMARY KEY (id, valid_from_ms)
)
 WITHOUT ROWID
;
CREATE INDEX ix_keys_name ON keys (name);
CREATE INDEX ix_keys_person ON keys (person);
CREATE TRIGGER audit_keeps_its_rows_on_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
CREATE TRIGGER audit_keeps_its_rows_on_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
CREATE INDEX ix_duties_team ON duties (team);
CREATE INDEX ix_duties_person ON duties (person);
CREATE INDEX ix_credentials_user ON credentials (user);
CREATE INDEX ix_sessions_key_id ON sessions (key_id);
PRAGMA user_version = 3;
