-- One of everything: fills an empty database with every kind of object that pg_dump knows, for the round trips.
--
-- Run as superuser by psql -X -v ON_ERROR_STOP=1, of 13 or later and not older than the server. What an older server or
-- a build does not have is left out by \if. Nothing here is random or depends on the time, so that two fills of one
-- server are equal. Left out: security labels (no provider in contrib) and tablespaces (they are folders of the server).
--
-- PostgreSQL itself does not bring back the following alike, so it does not occur here:
--   settings of the database that change how values are printed and that pg_dump does not override (timezone,
--   bytea_output); a check that calls a function that reads another table; varchar IN (...) in a check, a view or an
--   index, which is printed differently after it has been read once.
-- With pg_dump --inserts the -0 of a float comes back as 0, for it is written without quotes.

SET client_min_messages = error;

SELECT :SERVER_VERSION_NUM >= 140000 AS pg14, :SERVER_VERSION_NUM >= 150000 AS pg15,
       :SERVER_VERSION_NUM >= 160000 AS pg16,
       :SERVER_VERSION_NUM >= 170000 AS pg17, :SERVER_VERSION_NUM >= 180000 AS pg18 \gset
SELECT 'postgis' = ANY (names) AS has_postgis, 'postgis_topology' = ANY (names) AS has_topology,
       'vector' = ANY (names) AS has_vector, 'hstore' = ANY (names) AS has_hstore, 'pg_trgm' = ANY (names) AS has_trgm,
       'citext' = ANY (names) AS has_citext, 'ltree' = ANY (names) AS has_ltree,
       'pgcrypto' = ANY (names) AS has_pgcrypto,
       'uuid-ossp' = ANY (names) AS has_uuid, 'btree_gist' = ANY (names) AS has_btree_gist,
       'postgres_fdw' = ANY (names) AS has_fdw, 'unaccent' = ANY (names) AS has_unaccent
  FROM (SELECT array_agg(name) AS names FROM pg_available_extensions) available \gset
SELECT EXISTS (SELECT FROM pg_collation WHERE collprovider = 'i') AS has_icu \gset
SELECT setting LIKE '%with-libxml%' AS has_xml FROM pg_config WHERE name = 'CONFIGURE' \gset
SELECT EXISTS (SELECT FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)) AS has_lz4
    \gset

-- Roles belong to the cluster, which may have them already.

SELECT format('CREATE ROLE %I', name)
  FROM unnest(ARRAY['rt_owner', 'rt_reader', 'rt quo"te']) name
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec

-- Schemas

CREATE SCHEMA rt AUTHORIZATION rt_owner;
CREATE SCHEMA ext;
CREATE SCHEMA "rt quo""te" AUTHORIZATION "rt quo""te";
CREATE SCHEMA rt_empty;
GRANT USAGE ON SCHEMA rt, ext TO PUBLIC;
GRANT USAGE ON SCHEMA "rt quo""te" TO rt_owner, rt_reader WITH GRANT OPTION;
GRANT CREATE ON SCHEMA public TO rt_reader;
COMMENT ON SCHEMA rt IS 'the round trip''s objects
in two lines';
COMMENT ON SCHEMA public IS 'not the standard comment';

-- Extensions, of which the tables come further down

\if :has_hstore
CREATE EXTENSION hstore SCHEMA ext;
\endif
\if :has_trgm
CREATE EXTENSION pg_trgm SCHEMA ext;
\endif
\if :has_citext
CREATE EXTENSION citext SCHEMA ext;
\endif
\if :has_ltree
CREATE EXTENSION ltree SCHEMA ext;
\endif
\if :has_pgcrypto
CREATE EXTENSION pgcrypto SCHEMA ext;
\endif
\if :has_uuid
CREATE EXTENSION "uuid-ossp" SCHEMA ext;
COMMENT ON EXTENSION "uuid-ossp" IS 'not the extension''s own comment';
\endif
\if :has_btree_gist
CREATE EXTENSION btree_gist SCHEMA ext;
\endif
\if :has_unaccent
CREATE EXTENSION unaccent SCHEMA ext;
\endif
\if :has_fdw
CREATE EXTENSION postgres_fdw SCHEMA ext;
\endif
\if :has_vector
CREATE EXTENSION vector SCHEMA ext;
\endif
\if :has_postgis
CREATE EXTENSION postgis SCHEMA public;
\if :has_topology
CREATE EXTENSION postgis_topology;
\endif
\endif

-- Languages, access methods, transforms, casts and conversions: what only superusers make

SET search_path = rt, ext, public;

CREATE FUNCTION rt.lang_handler() RETURNS language_handler AS '$libdir/plpgsql', 'plpgsql_call_handler' LANGUAGE c;
CREATE TRUSTED LANGUAGE rt_lang HANDLER rt.lang_handler;
COMMENT ON LANGUAGE rt_lang IS 'plpgsql under another name';
GRANT USAGE ON LANGUAGE rt_lang TO rt_owner;
REVOKE USAGE ON LANGUAGE rt_lang FROM PUBLIC;
CREATE FUNCTION rt.in_rt_lang(i integer) RETURNS integer LANGUAGE rt_lang AS 'BEGIN RETURN i + 1; END';

CREATE ACCESS METHOD rt_gist TYPE INDEX HANDLER gisthandler;
CREATE ACCESS METHOD rt_heap TYPE TABLE HANDLER heap_tableam_handler;
COMMENT ON ACCESS METHOD rt_heap IS 'the heap under another name';

CREATE TRANSFORM FOR integer LANGUAGE sql
    (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal));
COMMENT ON TRANSFORM FOR integer LANGUAGE sql IS 'is never called';

CREATE DEFAULT CONVERSION rt.to_utf8 FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
CREATE CONVERSION rt.from_utf8 FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1;
COMMENT ON CONVERSION rt.to_utf8 IS 'the default one';

-- Base types: a whole one, and one that stayed a shell

CREATE TYPE rt.int42;
CREATE FUNCTION rt.int42_in(cstring) RETURNS rt.int42 AS 'int4in' LANGUAGE internal STRICT IMMUTABLE;
CREATE FUNCTION rt.int42_out(rt.int42) RETURNS cstring AS 'int4out' LANGUAGE internal STRICT IMMUTABLE;
CREATE TYPE rt.int42 (INPUT = rt.int42_in, OUTPUT = rt.int42_out, INTERNALLENGTH = 4, ALIGNMENT = int4, DEFAULT = '42',
    CATEGORY = 'N', PASSEDBYVALUE);
CREATE TYPE rt.shell;
CREATE CAST (rt.int42 AS integer) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (rt.int42 AS text) WITH INOUT AS ASSIGNMENT;
COMMENT ON CAST (rt.int42 AS integer) IS 'the same bits';
COMMENT ON TYPE rt.int42 IS 'what is six times nine';
ALTER TYPE rt.int42 OWNER TO rt_owner;

SET ROLE rt_owner;

-- Collations

CREATE COLLATION rt.libc_c (provider = libc, locale = 'C');
CREATE COLLATION rt.libc_parts (provider = libc, lc_collate = 'C', lc_ctype = 'POSIX');
CREATE COLLATION rt.copied FROM "POSIX";
COMMENT ON COLLATION rt.libc_c IS 'bytes';
\if :has_icu
CREATE COLLATION rt.german (provider = icu, locale = 'de-u-co-phonebk');
CREATE COLLATION rt.no_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE rt.folded (word text COLLATE rt.no_case PRIMARY KEY, german text COLLATE rt.german);
CREATE INDEX ON rt.folded (german);
INSERT INTO rt.folded VALUES ('Straße', 'Ärger'), ('strasse', 'Aerger'), ('ÜBER', 'Zorn');
\if :pg16
CREATE COLLATION rt.ruled (provider = icu, locale = 'und', rules = '&V << w <<< W');
\endif
\endif
\if :pg17
CREATE COLLATION rt.builtin_c (provider = builtin, locale = 'C.UTF-8');
\endif

-- Enums, whose order is not that of their making; domains; composites; ranges

CREATE TYPE rt.mood AS ENUM ('sad', 'happy');
ALTER TYPE rt.mood ADD VALUE 'so-so' BEFORE 'happy';
ALTER TYPE rt.mood ADD VALUE 'meh''s "worst"' AFTER 'sad';
ALTER TYPE rt.mood ADD VALUE 'ü🐘' BEFORE 'sad';
ALTER TYPE rt.mood RENAME VALUE 'happy' TO 'glad';
CREATE TYPE rt.no_values AS ENUM ();
COMMENT ON TYPE rt.mood IS 'in the order of ALTER TYPE';

CREATE DOMAIN rt.posint AS integer DEFAULT 1 NOT NULL CONSTRAINT is_positive CHECK (VALUE > 0) CHECK (VALUE <> 13);
CREATE DOMAIN rt.small_posint AS rt.posint CONSTRAINT "is small; isn't ""big""" CHECK (VALUE < 1000);
CREATE DOMAIN rt.later AS text COLLATE "C";
ALTER DOMAIN rt.later ADD CONSTRAINT not_checked CHECK (VALUE <> '') NOT VALID;
CREATE DOMAIN rt.moods AS rt.mood[] CHECK (cardinality(VALUE) < 10);
COMMENT ON DOMAIN rt.posint IS 'a domain';
COMMENT ON CONSTRAINT is_positive ON DOMAIN rt.posint IS 'a constraint of a domain';
GRANT USAGE ON DOMAIN rt.posint TO rt_reader;
REVOKE USAGE ON DOMAIN rt.posint FROM PUBLIC;

CREATE TYPE rt.address AS (street text COLLATE "C", gone integer, number rt.posint, moods rt.mood[]);
ALTER TYPE rt.address DROP ATTRIBUTE gone;
ALTER TYPE rt.address ADD ATTRIBUTE "post code" varchar(10);
COMMENT ON TYPE rt.address IS 'a composite';
COMMENT ON COLUMN rt.address."post code" IS 'an attribute';
CREATE TYPE rt.nested AS (home rt.address, others rt.address[], note text);
CREATE TYPE rt.nothing AS ();
GRANT USAGE ON TYPE rt.nested TO rt_reader WITH GRANT OPTION;

CREATE FUNCTION rt.time_apart(a time, b time) RETURNS double precision LANGUAGE sql IMMUTABLE STRICT
    AS 'SELECT extract(epoch FROM a - b)::double precision';
CREATE TYPE rt.timerange AS RANGE (SUBTYPE = time, SUBTYPE_DIFF = rt.time_apart);
CREATE TYPE rt.textrange AS RANGE (SUBTYPE = text, COLLATION = "C", SUBTYPE_OPCLASS = pg_catalog.text_pattern_ops);
RESET ROLE; -- a canonical function takes a shell type, which only superusers make
CREATE TYPE rt.evens;
CREATE FUNCTION rt.evens_canonical(rt.evens) RETURNS rt.evens AS 'int4range_canonical' LANGUAGE internal STRICT
    IMMUTABLE;
CREATE TYPE rt.evens AS RANGE (SUBTYPE = integer, CANONICAL = rt.evens_canonical);
SET ROLE rt_owner;
\if :pg14
CREATE TYPE rt.floatrange AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = float8mi,
    MULTIRANGE_TYPE_NAME = rt.floats_of_ranges);
\endif

-- Functions and procedures

CREATE FUNCTION rt.add(a integer, b integer DEFAULT 2) RETURNS integer
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 3 AS 'SELECT a + b';
CREATE FUNCTION rt.shout(t text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS 'SELECT upper(t)';
CREATE FUNCTION rt.count_parts(INOUT m bigint, OUT n integer, VARIADIC parts text[] DEFAULT '{}') LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = rt, "a b", '' SET work_mem = '3MB' SET application_name = 'it''s "so"'
    AS $rt$
BEGIN
    /* $$ $_$ $function$ and a backslash \ in a body, and two lines that only look like commands:
\.
\unrestrict
    */
    n := cardinality(parts);
END $rt$;
CREATE FUNCTION rt.rows_of(upto integer) RETURNS TABLE (i integer, "a Name" text)
    LANGUAGE plpgsql STABLE ROWS 7 PARALLEL RESTRICTED
    AS $$BEGIN RETURN QUERY SELECT g, g::text FROM generate_series(1, upto) g; END$$;
CREATE FUNCTION rt.poly(anyelement, anyarray) RETURNS SETOF anyelement LANGUAGE sql AS 'SELECT unnest($2 || $1)';
CREATE FUNCTION rt."quo""ted ü"("an ""arg""" rt.nested, "select" text DEFAULT E'it''s\n\\') RETURNS rt.address
    LANGUAGE sql AS 'SELECT $1.home';
CREATE PROCEDURE rt.do_it(INOUT n integer, t text DEFAULT 'x') LANGUAGE plpgsql AS $$BEGIN n := n + length(t); END$$;
CREATE FUNCTION rt.on_row() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN coalesce(new, old); END$$;
CREATE FUNCTION rt.on_event() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN NULL; END$$;
\if :pg14
CREATE FUNCTION rt.sql_body(a integer, b integer) RETURNS integer LANGUAGE sql
    BEGIN ATOMIC
        SELECT a + 1;
        SELECT rt.add(a, b) * 2;
    END;
CREATE FUNCTION rt.sql_return(t text) RETURNS text LANGUAGE sql IMMUTABLE RETURN lower(t) || 'it''s \ ';
CREATE PROCEDURE rt.with_out(i integer, OUT o integer) LANGUAGE sql BEGIN ATOMIC SELECT i * 2; END;
\endif
COMMENT ON FUNCTION rt.add(integer, integer) IS 'adds';
COMMENT ON PROCEDURE rt.do_it(integer, text) IS 'does it';
GRANT EXECUTE ON FUNCTION rt.add(integer, integer) TO rt_reader, "rt quo""te";
REVOKE EXECUTE ON FUNCTION rt.add(integer, integer) FROM PUBLIC;
REVOKE EXECUTE ON PROCEDURE rt.do_it(integer, text) FROM PUBLIC, rt_owner;

RESET ROLE;
CREATE FUNCTION rt.nth(anyelement, integer) RETURNS anyelement LANGUAGE internal WINDOW IMMUTABLE STRICT
    AS 'window_nth_value';
CREATE FUNCTION rt.leaks_not(integer) RETURNS boolean LANGUAGE sql IMMUTABLE LEAKPROOF AS 'SELECT true';
CREATE FUNCTION rt.like_it(text, text) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT
    SUPPORT pg_catalog.textlike_support AS 'textlike';
SET ROLE rt_owner;

-- Aggregates

CREATE AGGREGATE rt.total(integer) (SFUNC = int4_sum, STYPE = bigint, COMBINEFUNC = int8pl, PARALLEL = SAFE,
    INITCOND = '0');
CREATE AGGREGATE rt.moving(float8) (SFUNC = float8pl, STYPE = float8, MSFUNC = float8pl, MINVFUNC = float8mi,
    MSTYPE = float8,
    INITCOND = '0', MINITCOND = '0');
CREATE AGGREGATE rt.smallest(integer) (SFUNC = int4smaller, STYPE = integer, SORTOP = <);
CREATE AGGREGATE rt.count_all(*) (SFUNC = int8inc, STYPE = bigint, INITCOND = '0');
COMMENT ON AGGREGATE rt.total(integer) IS 'a sum';
GRANT EXECUTE ON FUNCTION rt.total(integer) TO rt_reader;
RESET ROLE; -- those of type internal
ALTER AGGREGATE rt.moving(float8) OWNER TO "rt quo""te";
CREATE AGGREGATE rt.average(bigint) (SFUNC = int8_avg_accum, STYPE = internal, SSPACE = 100,
    FINALFUNC = numeric_poly_avg,
    COMBINEFUNC = int8_avg_combine, SERIALFUNC = int8_avg_serialize, DESERIALFUNC = int8_avg_deserialize,
    PARALLEL = SAFE);
CREATE AGGREGATE rt.percentile(float8 ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal,
    FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA, FINALFUNC_MODIFY = read_write);
CREATE AGGREGATE rt.would_rank(VARIADIC "any" ORDER BY VARIADIC "any") (SFUNC = ordered_set_transition_multi,
    STYPE = internal, FINALFUNC = rank_final, FINALFUNC_EXTRA, HYPOTHETICAL);

-- Operators, their classes and families

CREATE OPERATOR rt.<< (FUNCTION = rt.add, LEFTARG = integer, RIGHTARG = integer, COMMUTATOR = OPERATOR(rt.<<));
CREATE OPERATOR rt.!! (FUNCTION = numeric_uminus, RIGHTARG = numeric);
CREATE OPERATOR rt.=== (FUNCTION = int4eq, LEFTARG = integer, RIGHTARG = integer, COMMUTATOR = OPERATOR(rt.===),
    NEGATOR = OPERATOR(rt.!==), RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);
CREATE OPERATOR rt.!== (FUNCTION = int4ne, LEFTARG = integer, RIGHTARG = integer, NEGATOR = OPERATOR(rt.===),
    RESTRICT = neqsel, JOIN = neqjoinsel);
COMMENT ON OPERATOR rt.=== (integer, integer) IS 'very equal';
ALTER OPERATOR rt.<< (integer, integer) OWNER TO rt_owner;

CREATE OPERATOR FAMILY rt.backwards_ops USING btree;
CREATE OPERATOR CLASS rt.int4_backwards FOR TYPE integer USING btree FAMILY rt.backwards_ops AS
    OPERATOR 1 > , OPERATOR 2 >= , OPERATOR 3 = , OPERATOR 4 <= , OPERATOR 5 < ,
    FUNCTION 1 btint4cmp(integer, integer);
ALTER OPERATOR FAMILY rt.backwards_ops USING btree ADD
    OPERATOR 1 > (integer, bigint), OPERATOR 3 = (integer, bigint),
    FUNCTION 1 (integer, bigint) btint48cmp(integer, bigint);
CREATE OPERATOR FAMILY rt.empty_ops USING gin;
CREATE OPERATOR CLASS rt.points FOR TYPE point USING rt_gist AS
    STORAGE box, OPERATOR 1 << (point, point), OPERATOR 15 <-> (point, point) FOR ORDER BY float_ops,
    FUNCTION 1 gist_point_consistent(internal, point, smallint, oid, internal),
    FUNCTION 2 gist_box_union(internal, internal),
    FUNCTION 3 gist_point_compress(internal), FUNCTION 5 gist_box_penalty(internal, internal, internal),
    FUNCTION 6 gist_box_picksplit(internal, internal), FUNCTION 7 gist_box_same(box, box, internal),
    FUNCTION 8 gist_point_distance(internal, point, smallint, oid, internal);
COMMENT ON OPERATOR CLASS rt.int4_backwards USING btree IS 'downwards';
COMMENT ON OPERATOR FAMILY rt.backwards_ops USING btree IS 'a family';
ALTER OPERATOR CLASS rt.int4_backwards USING btree OWNER TO rt_owner;
ALTER OPERATOR FAMILY rt.empty_ops USING gin OWNER TO rt_owner;

-- Casts with functions

CREATE FUNCTION rt.mood_of(integer) RETURNS rt.mood LANGUAGE sql IMMUTABLE AS
    $$SELECT (enum_range(NULL::rt.mood))[$1]$$;
CREATE CAST (integer AS rt.mood) WITH FUNCTION rt.mood_of(integer) AS ASSIGNMENT;

-- Text search

CREATE TEXT SEARCH PARSER rt.parser (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end,
    LEXTYPES = prsd_lextype);
CREATE TEXT SEARCH TEMPLATE rt.template (INIT = dsimple_init, LEXIZE = dsimple_lexize);
CREATE TEXT SEARCH DICTIONARY rt.dictionary (TEMPLATE = rt.template, stopwords = 'english', accept = false);
CREATE TEXT SEARCH CONFIGURATION rt.config (PARSER = rt.parser);
ALTER TEXT SEARCH CONFIGURATION rt.config ADD MAPPING FOR word, asciiword WITH rt.dictionary, simple;
CREATE TEXT SEARCH CONFIGURATION rt.english_copy (COPY = pg_catalog.english);
ALTER TEXT SEARCH CONFIGURATION rt.english_copy ALTER MAPPING FOR email WITH simple;
COMMENT ON TEXT SEARCH PARSER rt.parser IS 'a parser';
COMMENT ON TEXT SEARCH TEMPLATE rt.template IS 'a template';
COMMENT ON TEXT SEARCH DICTIONARY rt.dictionary IS 'a dictionary';
COMMENT ON TEXT SEARCH CONFIGURATION rt.config IS 'a configuration';
ALTER TEXT SEARCH DICTIONARY rt.dictionary OWNER TO rt_owner;
ALTER TEXT SEARCH CONFIGURATION rt.config OWNER TO rt_owner;

-- Sequences: owned ones come with their columns

SET ROLE rt_owner;
CREATE SEQUENCE rt.plain;
CREATE SEQUENCE rt.small AS smallint INCREMENT -3 MINVALUE -300 MAXVALUE 30 START 3 CACHE 5 CYCLE;
CREATE SEQUENCE rt.middle AS integer MINVALUE 10 START 10;
CREATE SEQUENCE rt.big AS bigint START 9223372036854775000;
CREATE SEQUENCE rt.fresh START 5;
SELECT setval('rt.plain', 42), setval('rt.small', -30, false), nextval('rt.middle'), nextval('rt.big') \g /dev/null
COMMENT ON SEQUENCE rt.plain IS 'a sequence';
GRANT USAGE, SELECT ON SEQUENCE rt.plain TO rt_reader;
GRANT UPDATE ON SEQUENCE rt.plain TO "rt quo""te";
\if :pg15
CREATE UNLOGGED SEQUENCE rt.unlogged_numbers;
SELECT nextval('rt.unlogged_numbers') \g /dev/null
\endif

-- Tables: columns of every kind

CREATE TABLE rt.people (
    id integer GENERATED ALWAYS AS IDENTITY (START 7 INCREMENT 3) PRIMARY KEY,
    legacy serial,
    big bigint GENERATED BY DEFAULT AS IDENTITY (MINVALUE -10 START -10 CACHE 2),
    small smallserial,
    gone text,
    name text NOT NULL DEFAULT E'no''body\\' COLLATE rt.libc_c,
    upper_name text GENERATED ALWAYS AS (rt.shout(name)) STORED,
    mood rt.mood DEFAULT 'so-so',
    address rt.address DEFAULT ROW('Way', 1, '{sad}', '12345'),
    former rt.address[],
    number rt.small_posint,
    boss integer REFERENCES rt.people ON DELETE SET NULL ON UPDATE CASCADE,
    born date DEFAULT '2000-01-01' CHECK (born > '1800-01-01'),
    CONSTRAINT "named; isn't ""x""" CHECK (name <> 'x' OR (boss IS NULL AND big < 0)) NO INHERIT
) WITH (fillfactor = 70, autovacuum_enabled = false, toast.autovacuum_vacuum_threshold = 99, parallel_workers = 2);
ALTER TABLE rt.people DROP COLUMN gone;
ALTER TABLE rt.people ALTER name SET STORAGE EXTERNAL, ALTER name SET STATISTICS 500, ALTER mood SET (n_distinct = 4),
    ALTER born SET (n_distinct = -0.5, n_distinct_inherited = -1);
ALTER TABLE rt.people ADD later text DEFAULT 'added later';
\if :pg14
ALTER TABLE rt.people ALTER later SET COMPRESSION pglz;
\if :has_lz4
ALTER TABLE rt.people ALTER upper_name SET COMPRESSION lz4;
\endif
\endif
INSERT INTO rt.people (name, mood, address, former, number, boss) VALUES
    ('Ada', 'glad', ROW('St. "Quote", (1)', 5, '{glad,"meh''s \"worst\""}', NULL), NULL, 1, NULL),
    ('Bob', NULL, NULL, ARRAY[ROW('a', 1, '{}', '')::rt.address, NULL, ROW(NULL, 2, NULL, '\')::rt.address], 2, 7),
    ('', 'ü🐘', DEFAULT, '{}', 999, 10);
INSERT INTO rt.people (name, big) VALUES ('x', -100);
DELETE FROM rt.people WHERE name = '';
COMMENT ON TABLE rt.people IS 'the people''s table';
COMMENT ON COLUMN rt.people.name IS E'a column\twith "quotes", ''quotes'',\na newline and a \\';
COMMENT ON CONSTRAINT "named; isn't ""x""" ON rt.people IS 'a constraint';

CREATE TABLE rt.places (
    code char(3) CONSTRAINT places_key UNIQUE DEFERRABLE INITIALLY DEFERRED,
    person integer,
    "order" integer,
    area int4range,
    tags text[] DEFAULT '{a,"b c"}',
    CONSTRAINT places_pk PRIMARY KEY (person, "order") INCLUDE (code),
    CONSTRAINT places_apart EXCLUDE USING gist (area WITH &&) WHERE (person > 0) DEFERRABLE
);
INSERT INTO rt.places VALUES ('ABC', 7, 1, '[1,5)', DEFAULT), ('D  ', 7, 2, '[5,)', '{}'), (NULL, 10, 1, 'empty', NULL);
ALTER TABLE rt.places ADD FOREIGN KEY (person) REFERENCES rt.people ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT not_checked CHECK (code <> 'ABC') NOT VALID;
ALTER TABLE rt.people ADD favourite_order integer,
    ADD CONSTRAINT favourite FOREIGN KEY (id, favourite_order) REFERENCES rt.places (person, "order")
        MATCH SIMPLE NOT VALID;
CREATE TABLE rt.full_match (a integer, b integer,
    FOREIGN KEY (a, b) REFERENCES rt.places MATCH FULL ON UPDATE SET DEFAULT);
\if :pg15
CREATE TABLE rt.nulls_alike (a integer, b integer, UNIQUE NULLS NOT DISTINCT (a, b));
CREATE TABLE rt.sets_some (a integer, b integer DEFAULT 1,
    FOREIGN KEY (a, b) REFERENCES rt.places ON DELETE SET NULL (a));
\endif
\if :pg18
CREATE TABLE rt.of_18 (
    id integer CONSTRAINT id_is_there NOT NULL NO INHERIT,
    valid daterange,
    twice integer GENERATED ALWAYS AS (id * 2) VIRTUAL,
    loose integer CONSTRAINT is_loose CHECK (loose > 0) NOT ENFORCED,
    tried integer
);
INSERT INTO rt.of_18 VALUES (1, '[2020-01-01,2021-01-01)', DEFAULT, -1, NULL), (2, '[2020-01-01,)', DEFAULT, 1, 1);
ALTER TABLE rt.of_18 ADD CONSTRAINT tried_later NOT NULL tried NOT VALID,
    ADD CONSTRAINT boss_unenforced FOREIGN KEY (tried) REFERENCES rt.people NOT ENFORCED;
COMMENT ON CONSTRAINT id_is_there ON rt.of_18 IS 'a named not-null constraint';
\if :has_btree_gist
CREATE TABLE rt.rooms (room integer, during tsrange, PRIMARY KEY (room, during WITHOUT OVERLAPS));
CREATE TABLE rt.stays (guest text, room integer, during tsrange,
    FOREIGN KEY (room, PERIOD during) REFERENCES rt.rooms (room, PERIOD during));
INSERT INTO rt.rooms VALUES (1, '[2020-01-01,2020-02-01)'), (1, '[2020-02-01,)');
INSERT INTO rt.stays VALUES ('Ada', 1, '[2020-01-15,2020-03-01)');
\endif
\endif

CREATE UNLOGGED TABLE rt.unlogged (id serial PRIMARY KEY, t text);
INSERT INTO rt.unlogged (t) VALUES ('kept'), ('too');
CREATE TABLE rt.no_columns ();
INSERT INTO rt.no_columns DEFAULT VALUES;
CREATE TABLE rt.typed OF rt.address (number WITH OPTIONS DEFAULT 3, PRIMARY KEY (street));
INSERT INTO rt.typed VALUES ('S', DEFAULT, NULL, 'x');
CREATE TABLE rt.uses_base (i rt.int42, n rt.nested, t rt.timerange, x rt.textrange, e rt.evens, m rt.moods, l rt.later);
INSERT INTO rt.uses_base VALUES
    ('7', ROW(ROW('s', 1, NULL, 'p'), ARRAY[ROW('"', 2, '{sad}', '\')::rt.address], E'n\n'), '[08:00,09:30:00.5)',
     '["a ""b""",z)', '[2,5]', '{glad,NULL}', 'ä'),
    (DEFAULT, NULL, 'empty', '(,)', NULL, '{}', NULL);

-- Inheritance

CREATE TABLE rt.base (id integer NOT NULL, note text DEFAULT 'base', CONSTRAINT id_positive CHECK (id > 0));
CREATE TABLE rt.side (extra integer CHECK (extra < 100), note text);
CREATE TABLE rt.child (own integer, note text DEFAULT 'child') INHERITS (rt.base, rt.side) WITH (fillfactor = 50);
CREATE TABLE rt.grandchild (CONSTRAINT id_positive CHECK (id > 0)) INHERITS (rt.child);
ALTER TABLE rt.grandchild ALTER own SET DEFAULT 5;
ALTER TABLE rt.base ADD CONSTRAINT not_for_children CHECK (note <> 'x') NO INHERIT, ADD CHECK (id < 1000) NOT VALID;
INSERT INTO rt.base VALUES (1);
INSERT INTO rt.child VALUES (2, 'two', 20, 200);
INSERT INTO rt.grandchild (id, extra) VALUES (3, 30);

-- Partitions: two levels, defaults, columns in another order, a row of its own default, attached and other indexes

CREATE TABLE rt.events (at date NOT NULL, kind text NOT NULL, id integer NOT NULL,
    body jsonb DEFAULT '{}') PARTITION BY RANGE (at);
CREATE TABLE rt.events_old PARTITION OF rt.events FOR VALUES FROM (MINVALUE) TO ('2020-01-01');
CREATE TABLE rt.events_2020 PARTITION OF rt.events FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')
    PARTITION BY LIST (kind);
CREATE TABLE rt.events_2020_ab PARTITION OF rt.events_2020 (body DEFAULT '{"ab": 1}') FOR VALUES IN ('a', 'b', 'it''s');
CREATE TABLE rt.events_2020_rest PARTITION OF rt.events_2020 DEFAULT;
CREATE TABLE rt.events_2021 (id integer NOT NULL, gone text, body jsonb, kind text NOT NULL, at date NOT NULL);
ALTER TABLE rt.events_2021 DROP COLUMN gone;
CREATE INDEX events_2021_own ON rt.events_2021 (at, id);
ALTER TABLE rt.events ATTACH PARTITION rt.events_2021 FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
CREATE TABLE rt.events_rest PARTITION OF rt.events DEFAULT WITH (fillfactor = 90);
ALTER TABLE rt.events ADD PRIMARY KEY (at, kind, id);
CREATE INDEX events_at ON rt.events (at, id);
CREATE INDEX events_only ON ONLY rt.events (kind);
CREATE INDEX events_rest_kind ON rt.events_rest (kind);
ALTER INDEX rt.events_only ATTACH PARTITION rt.events_rest_kind;
ALTER TABLE rt.events ADD boss integer REFERENCES rt.people;
INSERT INTO rt.events (at, kind, id, boss) VALUES ('1999-12-31', 'a', 1, NULL), ('2020-05-05', 'a', 2, 7),
    ('2020-05-05', 'z', 3, 7),
    ('2021-05-05', 'it''s', 4, NULL), ('infinity', 'z', 5, 10);
CREATE TABLE rt.refers (at date, kind text, id integer,
    FOREIGN KEY (at, kind, id) REFERENCES rt.events ON DELETE CASCADE);
INSERT INTO rt.refers VALUES ('2020-05-05', 'z', 3);
COMMENT ON TABLE rt.events_2020 IS 'a partition with partitions';
COMMENT ON INDEX rt.events_at IS 'an index of partitions';

CREATE TABLE rt.hashed (id bigint, t text) PARTITION BY HASH (id, upper(t));
CREATE TABLE rt.hashed_0 PARTITION OF rt.hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE rt.hashed_1 PARTITION OF rt.hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO rt.hashed SELECT i, 'row ' || i FROM generate_series(1, 50) i;
CREATE TABLE rt.by_mood (mood rt.mood, n integer) PARTITION BY LIST (mood);
CREATE TABLE rt.by_mood_sad PARTITION OF rt.by_mood FOR VALUES IN ('sad', NULL);
INSERT INTO rt.by_mood VALUES ('sad', 1), (NULL, 2);
CREATE TABLE rt.no_partitions (a integer, b integer, c text) PARTITION BY RANGE (a, (b + 1),
    c COLLATE rt.libc_c text_pattern_ops);
\if :pg17
CREATE TABLE rt.numbered (id integer GENERATED ALWAYS AS IDENTITY, t text) PARTITION BY RANGE (id);
CREATE TABLE rt.numbered_1 PARTITION OF rt.numbered FOR VALUES FROM (1) TO (100);
INSERT INTO rt.numbered (t) VALUES ('one'), ('two');
\endif

-- Indexes

CREATE TABLE rt.indexed (id integer PRIMARY KEY, a text, b integer, c jsonb, d tsvector, e int4range, f point, g inet,
    h timestamp);
INSERT INTO rt.indexed SELECT i, 'text ' || i, i % 7, jsonb_build_object('i', i), to_tsvector('english', 'runs ' || i),
    int4range(i, i + 3), point(i, -i), '10.0.0.0'::inet + i, '2020-01-01'::timestamp + i * interval '1 hour'
  FROM generate_series(1, 200) i;
CREATE INDEX partial ON rt.indexed (b DESC NULLS LAST) WHERE a LIKE 'text 1%' AND b IS NOT NULL;
CREATE UNIQUE INDEX expression ON rt.indexed ((lower(a) || 'x'), abs(b), id) INCLUDE (h);
CREATE UNIQUE INDEX covering ON rt.indexed (id) INCLUDE (a, b) WITH (fillfactor = 60, deduplicate_items = off);
CREATE INDEX collated ON rt.indexed (a COLLATE rt.libc_c text_pattern_ops, a COLLATE "C" DESC);
CREATE INDEX backwards ON rt.indexed (b rt.int4_backwards);
CREATE INDEX hashed_index ON rt.indexed USING hash (a) WITH (fillfactor = 55);
CREATE INDEX gin_json ON rt.indexed USING gin (c jsonb_path_ops, d) WITH (fastupdate = off);
CREATE INDEX gist_range ON rt.indexed USING gist (e, f) WITH (buffering = on);
CREATE INDEX gist_signature ON rt.indexed USING gist (d tsvector_ops (siglen = 100));
CREATE INDEX spgist_point ON rt.indexed USING spgist (f);
CREATE INDEX spgist_inet ON rt.indexed USING spgist (g);
CREATE INDEX brin_time ON rt.indexed USING brin (h, b) WITH (pages_per_range = 16, autosummarize = on);
CREATE INDEX own_method ON rt.indexed USING rt_gist (f rt.points);
ALTER INDEX rt.expression ALTER COLUMN 1 SET STATISTICS 321;
COMMENT ON INDEX rt.partial IS 'an index';
\if :pg14
CREATE INDEX brin_bloom ON rt.indexed USING brin (a text_bloom_ops (n_distinct_per_range = 50),
    b int4_minmax_multi_ops);
\endif
ALTER TABLE rt.indexed CLUSTER ON covering;
ALTER TABLE rt.indexed ADD CONSTRAINT from_index UNIQUE USING INDEX covering;
ALTER TABLE rt.places REPLICA IDENTITY USING INDEX places_pk;
ALTER TABLE rt.unlogged REPLICA IDENTITY FULL;
ALTER TABLE rt.typed REPLICA IDENTITY NOTHING;
CREATE TABLE rt.own_heap (i integer) USING rt_heap;
INSERT INTO rt.own_heap VALUES (1);

-- Extended statistics

CREATE STATISTICS rt.all_kinds ON a, b FROM rt.indexed;
CREATE STATISTICS rt.two_kinds (ndistinct, dependencies) ON b, h, id FROM rt.indexed;
ALTER STATISTICS rt.two_kinds SET STATISTICS 50;
COMMENT ON STATISTICS rt.all_kinds IS 'extended statistics';
\if :pg14
CREATE STATISTICS rt.of_expression ON (lower(a)), (b + 1) FROM rt.indexed;
\endif
ANALYZE rt.indexed;

-- Views and materialized views, among them one that needs a primary key, two that need each other's rows, one recursive

CREATE VIEW rt.simple AS SELECT id, name AS "the ""name""", mood FROM rt.people WHERE mood = 'sad'::rt.mood;
CREATE VIEW rt.local_check WITH (security_barrier) AS SELECT * FROM rt.people WHERE id > 5 WITH LOCAL CHECK OPTION;
CREATE VIEW rt.cascaded AS SELECT id, name FROM rt.local_check WHERE id < 100 WITH CASCADED CHECK OPTION;
CREATE VIEW rt.by_key AS SELECT p.id, p.name, count(*) AS n FROM rt.people p JOIN rt.places ON person = id
    GROUP BY p.id;
CREATE RECURSIVE VIEW rt.chain (id, depth) AS
    SELECT id, 1 FROM rt.people WHERE boss IS NULL
    UNION ALL SELECT p.id, depth + 1 FROM rt.people p JOIN chain c ON p.boss = c.id;
CREATE VIEW rt.rich AS
    WITH counted AS MATERIALIZED (SELECT b, count(*) FILTER (WHERE id > 3) AS n FROM rt.indexed GROUP BY ROLLUP (b))
    SELECT c.b, rank() OVER w AS r, CASE WHEN n > 1 THEN 'many' ELSE E'a\\b''c' END AS words, l.x,
           (SELECT max(m.mood) FROM rt.people m) AS best, ARRAY[1, 2]::integer[] AS list, t."a Name"
      FROM counted c LEFT JOIN LATERAL (SELECT c.n * 2 AS x) l ON true, rt.rows_of(2) WITH ORDINALITY t(i, "a Name", o)
     WHERE c.b IS DISTINCT FROM 3 AND 5 OPERATOR(rt.===) 5
    WINDOW w AS (PARTITION BY n ORDER BY c.b DESC NULLS LAST ROWS BETWEEN 1 PRECEDING AND UNBOUNDED FOLLOWING);
CREATE VIEW rt.looped AS SELECT 1 AS one;
CREATE FUNCTION rt.of_looped(rt.looped) RETURNS integer LANGUAGE sql AS 'SELECT $1.one';
CREATE OR REPLACE VIEW rt.looped AS SELECT 1 AS one, rt.of_looped(NULL::rt.looped) AS two;
ALTER VIEW rt.simple ALTER mood SET DEFAULT 'sad';
COMMENT ON VIEW rt.simple IS 'a view';
COMMENT ON COLUMN rt.simple.mood IS 'a column of a view';
GRANT SELECT ON rt.simple TO PUBLIC;
\if :pg15
CREATE VIEW rt.invoker WITH (security_invoker) AS SELECT * FROM rt.places;
\endif
CREATE MATERIALIZED VIEW rt.stored WITH (fillfactor = 80) AS
    SELECT id, rt.shout(a) AS loud FROM rt.indexed WHERE id <= 10;
CREATE UNIQUE INDEX stored_key ON rt.stored (id);
CREATE MATERIALIZED VIEW rt.a_stored_of_stored AS SELECT count(*) AS n, max(loud) AS m FROM rt.stored;
CREATE MATERIALIZED VIEW rt.not_stored AS SELECT 1 AS one, b FROM rt.indexed WITH NO DATA;
CREATE INDEX ON rt.not_stored (b);
ALTER MATERIALIZED VIEW rt.stored CLUSTER ON stored_key;
COMMENT ON MATERIALIZED VIEW rt.stored IS 'a materialized view';
GRANT SELECT ON rt.stored TO rt_reader;

-- Rules

CREATE TABLE rt.log (what text, n integer);
CREATE RULE "log it" AS ON INSERT TO rt.places DO ALSO INSERT INTO rt.log VALUES ('it''s in', new.person);
CREATE RULE keep AS ON DELETE TO rt.log WHERE old.n > 5 DO INSTEAD NOTHING;
CREATE RULE two AS ON UPDATE TO rt.simple DO INSTEAD (
    UPDATE rt.people SET name = new."the ""name""" WHERE id = old.id;
    INSERT INTO rt.log SELECT 'was ' || old.mood, old.id RETURNING n, what, NULL::rt.mood);
CREATE RULE notifies AS ON UPDATE TO rt.full_match DO ALSO NOTIFY rt_changed;
ALTER TABLE rt.places DISABLE RULE "log it";
ALTER TABLE rt.log ENABLE ALWAYS RULE keep;
COMMENT ON RULE keep ON rt.log IS 'a rule';

-- Triggers: their functions change nothing

CREATE TRIGGER a_before BEFORE INSERT OR UPDATE OF name, mood ON rt.people FOR EACH ROW
    WHEN (new.name <> 'it''s') EXECUTE FUNCTION rt.on_row('an argument', 'it''s \', '2');
CREATE TRIGGER b_after AFTER UPDATE ON rt.people REFERENCING OLD TABLE AS was NEW TABLE AS "is"
    FOR EACH STATEMENT EXECUTE FUNCTION rt.on_row();
CREATE TRIGGER c_truncate BEFORE TRUNCATE ON rt.people EXECUTE FUNCTION rt.on_row();
CREATE CONSTRAINT TRIGGER d_constraint AFTER DELETE ON rt.people FROM rt.places DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION rt.on_row();
CREATE TRIGGER "e ""off""" AFTER DELETE ON rt.people FOR EACH ROW EXECUTE FUNCTION rt.on_row();
CREATE TRIGGER f_replica BEFORE DELETE ON rt.people FOR EACH ROW EXECUTE FUNCTION rt.on_row();
CREATE TRIGGER g_always BEFORE DELETE ON rt.people FOR EACH ROW EXECUTE FUNCTION rt.on_row();
ALTER TABLE rt.people DISABLE TRIGGER "e ""off""", ENABLE REPLICA TRIGGER f_replica, ENABLE ALWAYS TRIGGER g_always;
CREATE TRIGGER instead INSTEAD OF INSERT OR DELETE ON rt.by_key FOR EACH ROW EXECUTE FUNCTION rt.on_row();
CREATE TRIGGER on_partitions AFTER INSERT ON rt.events FOR EACH ROW EXECUTE FUNCTION rt.on_row();
ALTER TABLE rt.events_old DISABLE TRIGGER on_partitions;
COMMENT ON TRIGGER a_before ON rt.people IS 'a trigger';

-- Row level security

ALTER TABLE rt.places ENABLE ROW LEVEL SECURITY;
ALTER TABLE rt.people ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY p_all ON rt.people USING (name <> 'hid''den');
CREATE POLICY p_select ON rt.people FOR SELECT TO rt_reader, "rt quo""te"
    USING (boss IN (SELECT person FROM rt.places));
CREATE POLICY p_insert ON rt.people FOR INSERT TO PUBLIC WITH CHECK (current_user = 'rt_reader'::name);
CREATE POLICY "p ""update""" ON rt.people FOR UPDATE TO CURRENT_USER USING (true) WITH CHECK (id > 0);
CREATE POLICY p_delete ON rt.people AS RESTRICTIVE FOR DELETE TO rt_reader USING (false);
CREATE POLICY p_places ON rt.places AS RESTRICTIVE USING (person > 0) WITH CHECK (person > 1);
COMMENT ON POLICY p_all ON rt.people IS 'a policy';

-- Access control lists: of columns, with grant options handed on, with nothing left to the owner

GRANT SELECT, INSERT ON rt.people TO rt_reader;
GRANT SELECT ON rt.people TO "rt quo""te" WITH GRANT OPTION;
GRANT UPDATE (name, mood), REFERENCES (id) ON rt.people TO rt_reader;
GRANT SELECT ("the ""name""") ON rt.simple TO rt_reader WITH GRANT OPTION;
REVOKE ALL ON rt.no_columns FROM rt_owner;
GRANT ALL ON rt.indexed TO rt_reader, "rt quo""te";
REVOKE TRUNCATE, TRIGGER ON rt.indexed FROM rt_owner;
SET ROLE "rt quo""te";
GRANT SELECT ON rt.people TO PUBLIC;
RESET ROLE;
\if :pg17
GRANT MAINTAIN ON rt.indexed TO rt_reader;
\endif
GRANT SELECT ON pg_catalog.pg_authid TO rt_reader;
GRANT SELECT (rolpassword) ON pg_catalog.pg_authid TO "rt quo""te";
GRANT EXECUTE ON FUNCTION pg_catalog.pg_ls_waldir() TO rt_reader;
REVOKE EXECUTE ON FUNCTION pg_catalog.pg_sleep(double precision) FROM PUBLIC;
\if :has_hstore
REVOKE EXECUTE ON FUNCTION ext.hstore(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ext.hstore(text, text) TO rt_reader;
\endif

ALTER DEFAULT PRIVILEGES FOR ROLE rt_owner IN SCHEMA rt GRANT SELECT, INSERT ON TABLES TO rt_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE rt_owner GRANT USAGE ON SEQUENCES TO "rt quo""te" WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES FOR ROLE rt_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE rt_reader REVOKE ALL ON TYPES FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE rt_reader GRANT ALL ON SCHEMAS TO rt_owner;
\if :pg18
ALTER DEFAULT PRIVILEGES FOR ROLE rt_owner GRANT SELECT ON LARGE OBJECTS TO rt_reader;
\endif

-- Large objects: empty, of many pages, with a hole, all byte values

SELECT lo_create(900001), lo_from_bytea(900002, decode(repeat('00ff5c0a27', 50000), 'hex')),
       lo_from_bytea(900003, '\x0102'), lo_from_bytea(900004, decode(string_agg(lpad(to_hex(i), 2, '0'), ''), 'hex'))
  FROM generate_series(0, 255) i \g /dev/null
SELECT lo_put(900003, 100000, 'after a hole') \g /dev/null
ALTER LARGE OBJECT 900002 OWNER TO rt_owner;
GRANT SELECT ON LARGE OBJECT 900002 TO rt_reader;
GRANT ALL ON LARGE OBJECT 900003 TO "rt quo""te" WITH GRANT OPTION;
COMMENT ON LARGE OBJECT 900002 IS 'a large object''s comment';

-- Foreign data: a wrapper without handler, and postgres_fdw

CREATE FOREIGN DATA WRAPPER rt_wrapper OPTIONS (debug 'true', "quo""ted" 'it''s \');
COMMENT ON FOREIGN DATA WRAPPER rt_wrapper IS 'a wrapper';
GRANT USAGE ON FOREIGN DATA WRAPPER rt_wrapper TO rt_owner;
CREATE SERVER "a ""server""" TYPE 'a type' VERSION '1.0''x' FOREIGN DATA WRAPPER rt_wrapper OPTIONS (host 'nowhere');
COMMENT ON SERVER "a ""server""" IS 'a server';
GRANT USAGE ON FOREIGN SERVER "a ""server""" TO rt_owner, rt_reader WITH GRANT OPTION;
CREATE USER MAPPING FOR PUBLIC SERVER "a ""server""";
CREATE USER MAPPING FOR "rt quo""te" SERVER "a ""server""" OPTIONS ("user" 'u', password 'it''s "secret" \');
CREATE FOREIGN TABLE rt.foreign_one (id integer OPTIONS (column_name 'ID') NOT NULL, t text DEFAULT 'x' COLLATE "C",
    CHECK (id > 0))
    SERVER "a ""server""" OPTIONS (table_name 'it''s');
CREATE FOREIGN TABLE rt.events_foreign PARTITION OF rt.by_mood FOR VALUES IN ('glad') SERVER "a ""server""";
COMMENT ON FOREIGN TABLE rt.foreign_one IS 'a foreign table';
ALTER FOREIGN TABLE rt.foreign_one OWNER TO rt_owner;
GRANT SELECT (id) ON rt.foreign_one TO rt_reader;
\if :has_fdw
CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'nowhere.invalid', dbname 'd', fetch_size '17');
CREATE USER MAPPING FOR rt_owner SERVER elsewhere OPTIONS ("user" 'u', password_required 'false');
CREATE FOREIGN TABLE rt.foreign_two (id integer OPTIONS (column_name 'other id')) SERVER elsewhere
    OPTIONS (schema_name 's', updatable 'false');
CREATE TRIGGER on_foreign BEFORE INSERT ON rt.foreign_two FOR EACH ROW EXECUTE FUNCTION rt.on_row();
\endif

-- Rows of every type: ordinary ones, extreme ones, none

CREATE TABLE rt.numbers (b boolean, s smallint, i integer, l bigint, n numeric, n2 numeric(12, 3), r real,
    d double precision, m money);
INSERT INTO rt.numbers VALUES
    (true, -32768, -2147483648, -9223372036854775808, '-1e-100', 1.0005, '-Infinity', '-Infinity',
    '-92233720368547758.08'),
    (false, 32767, 2147483647, 9223372036854775807, repeat('9', 500)::numeric, 999999999.999, 3.4028235e38,
    1.7976931348623157e308, 12.34),
    (NULL, 0, 0, 0, 'NaN', 'NaN', 'NaN', 'NaN', 0), (true, 1, 1, 1, 0.000, -0.001, '-0', 5e-324, 1),
    (true, 1, 1, 1, 1.10, 1.1, 0.1, 0.1, 1), (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
\if :pg14
INSERT INTO rt.numbers (n) VALUES ('Infinity'), ('-Infinity');
\endif
\if :pg15
CREATE TABLE rt.scales (rounded numeric(3, -2), fine numeric(2, 5));
INSERT INTO rt.scales VALUES (12345, 0.00012);
\endif

CREATE TABLE rt.times (d date, t time, t3 time(3), tz timetz, ts timestamp, tstz timestamptz, ts0 timestamptz(0),
    i interval,
    ym interval year to month, s2 interval second(2));
INSERT INTO rt.times VALUES
    ('infinity', '24:00', '00:00:00.123', '23:59:59.999999+15:59', '-infinity', 'infinity', '2020-02-29 23:59:59.7+00',
     '-1 year 2 mons -3 days 04:05:06.789', '1-2', '1.239'),
    ('4713-01-01 BC', '00:00', NULL, '00:00-15:59', '4713-01-01 00:00:00 BC', '294276-12-31 23:59:59.999999+00', NULL,
     '178000000 years', '-1-2', '-0.01'),
    ('5874897-12-31', '12:34:56.789012', '1:2:3', '01:02:03+05:30', '0001-01-01', '1883-11-18 12:03:57+00', NULL,
    '00:00', '0-0', '0');
\if :pg17
INSERT INTO rt.times (i) VALUES ('infinity'), ('-infinity');
\endif

CREATE TABLE rt.texts (id integer GENERATED ALWAYS AS IDENTITY, t text, v varchar(20), c char(5), n name, one "char",
    b bytea);
INSERT INTO rt.texts (t) VALUES ('\.'), (E'a\n\\.\nb'), (E'\\.\n'), (E'\n\\.'), (E'\\N'), (''), (NULL),
    (E'tab\tcr\rlf\nbs\bff\fvt\v\x01\x7f'),
    ('back\slash \\ \n \t end\'), ('it''s "quoted" $$ $1 %s %% -- ; /* */'), ('   blanks   '), ('\restrict x'),
    ('\! false'),
    ('Zürich, Ελλάδα, 日本語, العربية, 🐘👩‍👩‍👧, ' || U&'\FEFF\0301\202E\10FFFF'), (repeat('x', 70000)),
    (repeat(E'long\n\\.\n', 200000));
-- More than a megabyte that does not compress, kept out of line.
INSERT INTO rt.texts (t) SELECT string_agg(md5(i::text), '') FROM generate_series(1, 40000) i;
INSERT INTO rt.texts (v, c, n, one, b) VALUES
    ('twenty characters ü!', 'ab', 'name', 'x', '\x00ff5c275c5c0a'), ('', '', '', '', ''), (' ', ' a', repeat('n', 63),
    '\', '\x5c2e0a');
INSERT INTO rt.texts (b) SELECT decode(string_agg(md5(i::text), ''), 'hex') FROM generate_series(1, 10000) i;

CREATE TABLE rt.documents (j json, b jsonb, p jsonpath);
INSERT INTO rt.documents VALUES
    ('{"b" : 1, "a":  [1.10, null, "\u00e4 \\ \" \n"], "a": 2 }',
    '{"b": 1, "a": [1.10, null, "\u00e4 \\ \" \n", {}], "n": 1e400}', '$.a[*] ? (@ > 1)'),
    ('null', 'null', 'strict $'), ('"\ud83d\ude00"', '"\ud83d\ude00"', 'lax $."quo\"te"'), (E'[\n]', '[]', NULL),
    (NULL, NULL, NULL);
\if :has_xml
CREATE TABLE rt.markup (x xml);
INSERT INTO rt.markup VALUES ('<?xml version="1.0"?><a b="c">&lt;ü<!-- - --></a>'), ('just text'), (E'<a>\n</a><b/>'),
    (NULL);
\endif

CREATE TABLE rt.others (u uuid, i inet, c cidr, m macaddr, m8 macaddr8, b bit(3), vb varbit, ts tsvector, tq tsquery,
    o oid, x xid, x8 xid8, ci cid, ti tid, l pg_lsn, sn pg_snapshot, tx txid_snapshot, cur refcursor, iv int2vector,
    ov oidvector);
INSERT INTO rt.others VALUES
    ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '192.168.0.1/24', '10.0.0.0/8', '08:00:2b:01:02:03',
    '08:00:2b:01:02:03:04:05', '101', '1',
     '''it''''s'':1A,2B ''a b'':3 plain \\x', '''it''''s'' & !b:* <2> c:AB', 4294967295, '7', '18446744073709551615',
     '9', '(4294967295,65535)',
     'FFFFFFFF/FFFFFFFF', '10:20:10,14,15', '10:20:10', 'a "cursor"', '1 2 -3', '1 2 3'),
    (NULL, '::1', '2001:db8::/32', NULL, NULL, NULL, '', '', '', 0, NULL, NULL, NULL, '(0,1)', '0/0', NULL, NULL, '',
    '', '');
CREATE TABLE rt.names (c regclass, t regtype, p regproc, pp regprocedure, o regoper, oo regoperator, n regnamespace,
    r regrole,
    tc regconfig, td regdictionary, a aclitem);
INSERT INTO rt.names VALUES ('rt.people', 'rt.mood[]', 'rt.shout', 'rt.add(integer,integer)', 'rt.===',
    'rt.===(integer,integer)', 'rt',
    '"rt quo""te"', 'rt.config', 'rt.dictionary', 'rt_reader=r*w/rt_owner'), ('-', '-', '-', '-', '0', '0', '-', '-',
    NULL, NULL, NULL);
\if :pg14
ALTER TABLE rt.names ADD coll regcollation DEFAULT 'rt.libc_c'::regcollation;
CREATE TABLE rt.multiranges (i int4multirange, t tsmultirange, n nummultirange, f rt.floats_of_ranges);
INSERT INTO rt.multiranges VALUES ('{[1,3),[5,)}', '{(,2020-01-01]}', '{}', '{[1.5,2.5]}'), (NULL, NULL, NULL, NULL);
\endif
CREATE TABLE rt.shapes (p point, l line, s lseg, b box, pa path, pb path, po polygon, c circle);
INSERT INTO rt.shapes VALUES ('(0.1,-1e300)', '{1,2,3}', '[(1,2),(3,4)]', '(3,4),(1,2)', '((1,1),(2,2))',
    '[(1,1),(2,2),(3,0)]',
    '((0,0),(1,0),(0,1))', '<(1,2),3.5>'), ('(NaN,Infinity)', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE rt.ranges (i int4range, l int8range, n numrange, t tsrange, z tstzrange, d daterange);
INSERT INTO rt.ranges VALUES ('[1,5]', '(,5)', '(1.10,2.200]', '[2020-01-01,infinity]', '[2020-01-01 00:00+00,)',
    '[2020-01-01,2020-01-02]'),
    ('empty', '(,)', 'empty', '(,-infinity)', NULL, NULL);
CREATE TABLE rt.arrays (i integer[], i2 integer[][], t text[], b bytea[], m rt.mood[], d rt.posint[], j jsonb[],
    r int4range[], s integer[3]);
INSERT INTO rt.arrays VALUES
    ('[-2:0]={1,NULL,3}', '{{1,2},{3,4}}', E'{"",NULL,"NULL","a,b","{}","\\"","\\\\"," b ","line\nbreak",it''s}',
    ARRAY['\x00'::bytea, '\x5c'],
     '{sad,"meh''s \"worst\""}', '{1,2}', ARRAY['{"a": "b\"c"}'::jsonb, 'null'], '{"[1,3)",empty}', '{1,2,3,4}'),
    ('{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', NULL), ('[2:3][0:1]={{1,2},{3,4}}', '{{{1}}}', '{{a,b},{c,NULL}}',
    NULL, NULL, NULL, NULL, NULL, NULL);

-- Names: quotes, newlines, blanks at the end, unicode, reserved words, 63 bytes

CREATE TABLE "rt quo""te"."select" ("from" integer PRIMARY KEY, "WHERE" text, "user" text DEFAULT CURRENT_USER,
    "a.b" integer,
    "%s" integer, "$1" integer, "1st" integer, "é" integer, " lead" integer, "trail " integer, "tab	tab" integer,
    "back\slash\" integer,
    "new
line" integer, "--" integer, ";" integer, "'" integer, """" integer, "\." integer, "🐘" integer, "ctid " integer,
    "naïve;DROP" integer);
INSERT INTO "rt quo""te"."select" VALUES (1, 'x', 'u', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18);
COMMENT ON COLUMN "rt quo""te"."select"."new
line" IS 'a column with a newline';
CREATE TABLE "rt quo""te"."line one
-- line two
\! false
\." ("a
b" serial, CONSTRAINT "check
it" CHECK ("a
b" > 0));
INSERT INTO "rt quo""te"."line one
-- line two
\! false
\." VALUES (DEFAULT);
CREATE INDEX "index
of" ON "rt quo""te"."line one
-- line two
\! false
\." ("a
b");
CREATE TABLE "rt quo""te"."exactly 63 bytes, no more, no less, and the last ones are ü€" (
    "éééééééééééééééééééééééééééééééx" serial PRIMARY KEY, "🐘🐘🐘🐘🐘🐘🐘🐘🐘🐘🐘🐘🐘🐘🐘abc" text UNIQUE);
INSERT INTO "rt quo""te"."exactly 63 bytes, no more, no less, and the last ones are ü€" VALUES (DEFAULT, 'x');
CREATE TABLE "rt quo""te"." " (" " integer, "  " integer);
CREATE TABLE "rt quo""te"."ends in a blank " (a integer);
CREATE TABLE "rt quo""te"."Ends In \" (a integer);
CREATE TABLE "rt quo""te"."Straße 日本語 العربية" ("Größe" integer);
CREATE TABLE "rt quo""te".table (a integer) ;
CREATE TYPE "rt quo""te"."it's" AS ENUM (' ', '''', '"', E'\n', '\',
    'exactly 63 bytes, no more, no less, and the last ones are ü€');
CREATE TABLE "rt quo""te"."values" (v "rt quo""te"."it's" DEFAULT '''');
INSERT INTO "rt quo""te"."values" SELECT unnest(enum_range(NULL::"rt quo""te"."it's"));
CREATE FUNCTION "rt quo""te"."new
line"("an
arg" text) RETURNS text LANGUAGE sql AS 'SELECT $1';
CREATE VIEW "rt quo""te"."user" AS SELECT "from" AS "select
it", "WHERE" AS """" FROM "rt quo""te"."select";
COMMENT ON VIEW "rt quo""te"."user" IS E'\\.\n\\! false\n-- not a comment';
CREATE SEQUENCE "rt quo""te"."'; DROP TABLE x; --";
GRANT SELECT ("new
line") ON "rt quo""te"."select" TO "rt quo""te";

-- Extensions' tables

\if :has_hstore
CREATE TABLE rt.pairs (h ext.hstore);
CREATE INDEX ON rt.pairs USING gin (h);
INSERT INTO rt.pairs VALUES ('a=>1, "quo\"te"=>NULL, ""=>"x y"'), (''), (NULL);
\endif
\if :has_trgm
CREATE INDEX ON rt.indexed USING gin (a ext.gin_trgm_ops);
CREATE INDEX ON rt.indexed USING gist (a ext.gist_trgm_ops (siglen = 32));
\endif
\if :has_citext
CREATE TABLE rt.folding (c ext.citext PRIMARY KEY DEFAULT 'X'::ext.citext);
INSERT INTO rt.folding VALUES ('Abc'), ('DEF');
\endif
\if :has_ltree
CREATE TABLE rt.trees (path ext.ltree, q ext.lquery);
CREATE INDEX ON rt.trees USING gist (path);
INSERT INTO rt.trees VALUES ('a.b.c', '*.b@.*{1,2}'), ('', NULL);
\endif
\if :has_pgcrypto
CREATE TABLE rt.digests (t text, d bytea GENERATED ALWAYS AS (ext.digest(t, 'sha256')) STORED);
INSERT INTO rt.digests VALUES ('a'), (NULL);
\endif
\if :has_uuid
CREATE TABLE rt.uuids (u uuid DEFAULT ext.uuid_generate_v4());
INSERT INTO rt.uuids VALUES (ext.uuid_nil());
\endif
\if :has_btree_gist
CREATE TABLE rt.bookings (room integer, during tsrange, EXCLUDE USING gist (room WITH =, during WITH &&));
INSERT INTO rt.bookings VALUES (1, '[2020-01-01,2020-01-02)'), (1, '[2020-01-02,2020-01-03)');
\endif
\if :has_vector
CREATE TABLE rt.embeddings (id integer PRIMARY KEY, v ext.vector(3), h ext.halfvec(3), s ext.sparsevec(5),
    free ext.vector, vs ext.vector(3)[]);
INSERT INTO rt.embeddings SELECT i, ARRAY[i, 0.1, -i]::real[]::ext.vector, ARRAY[i, 0.5, 1]::real[]::ext.halfvec,
    format('{1:%s,3:2.5}/5', i)::ext.sparsevec, CASE WHEN i > 1 THEN array_fill(0.25::real, ARRAY[i])::ext.vector END,
    ARRAY['[1,2,3]'::ext.vector]
  FROM generate_series(1, 100) i;
CREATE INDEX ON rt.embeddings USING hnsw (v ext.vector_l2_ops) WITH (m = 8, ef_construction = 32);
CREATE INDEX ON rt.embeddings USING hnsw (h ext.halfvec_cosine_ops);
CREATE INDEX ON rt.embeddings USING ivfflat (v ext.vector_cosine_ops) WITH (lists = 4);
\endif
\if :has_postgis
CREATE TABLE rt.shores (id integer PRIMARY KEY, g geometry(Point, 4326), any_g geometry, z geometry(LineStringZ, 3857),
    geo geography(Polygon, 4326), b box2d, mine geometry(Point, 990001));
-- A row of the user's in a table that the extension owns and has marked as holding configuration.
INSERT INTO spatial_ref_sys (srid, auth_name, auth_srid, srtext, proj4text)
    SELECT 990001, 'it''s mine', 990001, srtext, proj4text FROM spatial_ref_sys WHERE srid = 4326;
INSERT INTO rt.shores SELECT i, ST_SetSRID(ST_MakePoint(i, i / 3.0), 4326),
    'GEOMETRYCOLLECTION(POINT(1 2),POLYGON((0 0,1 0,1 1,0 0)))',
    'SRID=3857;LINESTRING Z(1 2 3,4 5 6)', 'POLYGON((0 0,1 0,1 1,0 0))', 'BOX(1 2,3 4)', ST_SetSRID(ST_MakePoint(1, i),
    990001)
  FROM generate_series(1, 100) i;
INSERT INTO rt.shores VALUES (101, 'SRID=4326;POINT EMPTY', NULL, NULL, NULL, NULL, NULL);
CREATE INDEX ON rt.shores USING gist (g);
CREATE INDEX ON rt.shores USING gist (z gist_geometry_ops_nd);
CREATE INDEX ON rt.shores USING gist (geo);
CREATE INDEX ON rt.shores USING spgist (g);
CREATE INDEX ON rt.shores USING brin (g);
CREATE INDEX ON rt.shores USING gist (ST_Transform(g, 3857));
CREATE VIEW rt.near AS SELECT id, ST_AsText(g) AS wkt FROM rt.shores WHERE g && ST_MakeEnvelope(0, 0, 5, 5, 4326);
GRANT SELECT ON spatial_ref_sys TO rt_reader;
\if :has_topology
SELECT topology.CreateTopology('rt_topology', 4326, 0.5) \g /dev/null
CREATE TABLE rt.parcels (id integer);
SELECT topology.AddTopoGeometryColumn('rt_topology', 'rt', 'parcels', 'topo', 'POINT') \g /dev/null
INSERT INTO rt.parcels SELECT 1, topology.toTopoGeom('SRID=4326;POINT(1 2)'::geometry, 'rt_topology', 1);
\endif
\endif

-- Publications and subscriptions, which connect to nothing

CREATE PUBLICATION rt_all FOR ALL TABLES WITH (publish = 'insert, truncate');
CREATE PUBLICATION "rt none" WITH (publish_via_partition_root = true);
CREATE PUBLICATION rt_tables FOR TABLE rt.places, rt.events, ONLY rt.base WITH (publish = 'insert');
ALTER PUBLICATION rt_tables OWNER TO rt_owner;
COMMENT ON PUBLICATION rt_tables IS 'a publication';
\if :pg15
CREATE PUBLICATION rt_columns FOR TABLE rt.indexed (id, a, b) WHERE (id > 5 AND a <> 'it''s'), rt.people (id, name);
CREATE PUBLICATION rt_schemas FOR TABLES IN SCHEMA "rt quo""te", rt_empty, TABLE rt.log WITH (publish = 'insert');
\endif
\if :pg18
CREATE PUBLICATION rt_generated FOR TABLE rt.people WITH (publish_generated_columns = stored);
\endif
-- pg_dump 18 writes run_as_owner for servers before 16, and streaming for those before 14, which do not know them: a dump
-- is for servers of its pg_dump's major and later, and this is the one place here where that shows.
\if :pg16
CREATE SUBSCRIPTION "rt sub" CONNECTION 'host=nowhere.invalid password=''it\''s'' dbname=d' PUBLICATION rt_all,
    "rt none"
    WITH (connect = false, enabled = false, slot_name = NONE, synchronous_commit = 'remote_apply');
CREATE SUBSCRIPTION rt_more CONNECTION 'dbname=d' PUBLICATION "it's" WITH (connect = false, slot_name = NONE,
    binary = true,
    streaming = true, two_phase = true, disable_on_error = true);
CREATE SUBSCRIPTION rt_most CONNECTION 'dbname=d password=x' PUBLICATION p WITH (connect = false, slot_name = NONE,
    streaming = parallel,
    origin = none, run_as_owner = true, password_required = false);
COMMENT ON SUBSCRIPTION "rt sub" IS 'a subscription';
\endif

-- Event triggers

CREATE EVENT TRIGGER rt_start ON ddl_command_start WHEN TAG IN ('CREATE TABLE',
    'DROP TABLE') EXECUTE FUNCTION rt.on_event();
CREATE EVENT TRIGGER "rt end" ON ddl_command_end EXECUTE FUNCTION rt.on_event();
CREATE EVENT TRIGGER rt_drop ON sql_drop EXECUTE FUNCTION rt.on_event();
CREATE EVENT TRIGGER rt_rewrite ON table_rewrite EXECUTE FUNCTION rt.on_event();
ALTER EVENT TRIGGER "rt end" DISABLE;
ALTER EVENT TRIGGER rt_drop ENABLE ALWAYS;
ALTER EVENT TRIGGER rt_rewrite ENABLE REPLICA;
COMMENT ON EVENT TRIGGER rt_start IS 'an event trigger';
\if :pg17
CREATE EVENT TRIGGER rt_login ON login EXECUTE FUNCTION rt.on_event();
\endif

-- The database itself and roles in it: this comes with pg_dump -C only

ALTER DATABASE :"DBNAME" SET datestyle = 'SQL, DMY';
ALTER DATABASE :"DBNAME" SET intervalstyle = 'sql_standard';
ALTER DATABASE :"DBNAME" SET "rt.setting" = 'it''s "so" \';
-- Making the extension adds its schema to the database's search_path, behind what a dump has set there.
\if :has_topology
ALTER DATABASE :"DBNAME" SET search_path = rt, "a b", public, topology;
\else
ALTER DATABASE :"DBNAME" SET search_path = rt, "a b", public;
\endif
ALTER DATABASE :"DBNAME" CONNECTION LIMIT 77;
ALTER ROLE rt_reader IN DATABASE :"DBNAME" SET statement_timeout = '5min';
ALTER ROLE "rt quo""te" IN DATABASE :"DBNAME" SET work_mem = '5MB';
GRANT CREATE, TEMPORARY ON DATABASE :"DBNAME" TO rt_owner WITH GRANT OPTION;
REVOKE TEMPORARY ON DATABASE :"DBNAME" FROM PUBLIC;
COMMENT ON DATABASE :"DBNAME" IS 'a database''s comment';
