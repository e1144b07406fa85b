-- A desk's file as the second version made it, with a row in one of its tables.
CREATE TABLE dead_letters (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, topic VARCHAR NOT NULL,
    reason VARCHAR NOT NULL, sha256 BLOB NOT NULL, detail VARCHAR NOT NULL, element BLOB NOT NULL,
    count INTEGER NOT NULL, first_at_ms BIGINT NOT NULL, last_at_ms BIGINT NOT NULL, upto_epoch BIGINT NOT NULL, upto_segment BIGINT NOT NULL,
    upto_offset BIGINT NOT NULL, upto_element BIGINT NOT NULL,
    UNIQUE (topic, reason, sha256));
CREATE TABLE dropped_values (site VARCHAR NOT NULL, kind VARCHAR NOT NULL, name VARCHAR NOT NULL,
    "key" VARCHAR NOT NULL, reason VARCHAR NOT NULL, example VARCHAR NOT NULL,
    count INTEGER NOT NULL, first_at_ms BIGINT NOT NULL, last_at_ms BIGINT NOT NULL, upto_epoch BIGINT NOT NULL, upto_segment BIGINT NOT NULL,
    upto_offset BIGINT NOT NULL, upto_element BIGINT NOT NULL,
    PRIMARY KEY (site, kind, name, "key", reason));
CREATE TABLE inventories (site VARCHAR NOT NULL, kind VARCHAR NOT NULL, name VARCHAR NOT NULL,
    observed_at_ms BIGINT NOT NULL, model VARCHAR, firmware VARCHAR, serial VARCHAR,
    profile VARCHAR, sim_count INTEGER, place_at_ms BIGINT, place_name VARCHAR, lat FLOAT,
    lon FLOAT, capacity INTEGER, PRIMARY KEY (site, kind, name));
INSERT INTO dead_letters VALUES (1, 'v1/t', 'time', x'00', 'd', x'7b7d', 1, 1, 1, 1, 1, 1, 0);
PRAGMA user_version = 2;
