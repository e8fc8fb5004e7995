# What the round trip tests share, behind base.bash: a database with one of everything, and what tells two databases apart.

# roundtrip_fill DIR DATABASE: makes it on DIR's server, with one of everything in it; its roles then are there, too.
# Its subscriptions are without slots: `drop subscription` lets the database be dropped.
roundtrip_fill() {
	server_sql "$1" postgres "create database \"$2\" template template0"
	"$PG_BIN/psql" -X -q -v ON_ERROR_STOP=1 -h "$1" -p "$(cat "$1/port")" -U postgres -d "$2" \
		-f "$ROOT/tests/roundtrip/all.sql"
}

# roundtrip_roles DIR: the roles alone, for a server that receives what another one's database holds.
roundtrip_roles() {
	server_sql "$1" postgres 'create role rt_owner' 'create role rt_reader' 'create role "rt quo""te"'
}

# roundtrip_dump URL FILE [OPTION...]: a plain dump by our pg_dump, of which two are equal when the databases are, but for
# the server's version in the header, which is left out for dumps that have gone to another server.
roundtrip_dump() {
	local url=$1 file=$2
	shift 2
	"$PGBOX" pg_dump --restrict-key=roundtrip "$@" "$url" >"$file.raw" || return
	LC_ALL=C sed -e '1,12 { /^-- Dumped from database version /d; }' "$file.raw" >"$file"
	rm "$file.raw"
}

# --- the same in any major: what a restore into a newer server keeps ---

# Values are printed alike whatever the database or the role has set; names always with their schema.
ROUNDTRIP_SETTINGS="-c search_path= -c datestyle=ISO -c intervalstyle=postgres -c timezone=UTC -c bytea_output=hex
	-c lc_monetary=C -c extra_float_digits=3 -c row_security=off -c statement_timeout=0"

# roundtrip_sql URL: the rows of the SQL on its input, unaligned.
roundtrip_sql() {
	PGOPTIONS=$ROUNDTRIP_SETTINGS "$PG_BIN/psql" -X -q -A -t -F ' ' -v ON_ERROR_STOP=1 -d "$1" -f -
}

# roundtrip_counts URL: "KIND COUNT" lines, without what extensions own and what comes by itself with something else: array
# types, multiranges, rows' types, the functions of a range, triggers of constraints and of partitions. Not-null
# constraints, which have been objects only since 18, are counted as columns.
roundtrip_counts() {
	roundtrip_sql "$1" <<-'SQL'
		CREATE TEMP VIEW owned AS
		    SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype = 'e';
		CREATE TEMP VIEW schemas AS
		    SELECT oid FROM pg_catalog.pg_namespace
		     WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
		       AND NOT EXISTS (SELECT FROM pg_temp.owned WHERE classid = 'pg_catalog.pg_namespace'::regclass AND objid = oid);
		CREATE TEMP VIEW relations AS
		    SELECT c.* FROM pg_catalog.pg_class c
		     WHERE relnamespace IN (SELECT oid FROM pg_temp.schemas)
		       AND NOT EXISTS (SELECT FROM pg_temp.owned WHERE classid = 'pg_catalog.pg_class'::regclass AND objid = c.oid);

		-- The plain catalogs, by what they call the schema, if anything.
		SELECT format($$SELECT %L, count(*) FROM pg_catalog.%I o WHERE oid >= 16384 AND %s
		                   AND NOT EXISTS (SELECT FROM pg_temp.owned WHERE classid = 'pg_catalog.%2$I'::regclass AND objid = o.oid)$$,
		              kind, catalog, condition)
		  FROM (VALUES
		    ('schema', 'pg_namespace', 'oid IN (SELECT oid FROM pg_temp.schemas)'),
		    ('access method', 'pg_am', 'true'),
		    ('cast', 'pg_cast', 'NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
		        WHERE d.classid = ''pg_catalog.pg_cast''::regclass AND d.objid = o.oid AND deptype = ''i'')'),
		    ('collation', 'pg_collation', 'true'),
		    ('conversion', 'pg_conversion', 'true'),
		    ('default privileges', 'pg_default_acl', 'true'),
		    ('event trigger', 'pg_event_trigger', 'true'),
		    ('extension', 'pg_extension', 'true'),
		    ('foreign data wrapper', 'pg_foreign_data_wrapper', 'true'),
		    ('foreign server', 'pg_foreign_server', 'true'),
		    ('user mapping', 'pg_user_mapping', 'true'),
		    ('language', 'pg_language', 'true'),
		    ('large object', 'pg_largeobject_metadata', 'true'),
		    ('operator', 'pg_operator', 'true'),
		    ('operator class', 'pg_opclass', 'true'),
		    ('operator family', 'pg_opfamily', 'true'),
		    ('publication', 'pg_publication', 'true'),
		    ('statistics', 'pg_statistic_ext', 'true'),
		    ('transform', 'pg_transform', 'true'),
		    ('text search parser', 'pg_ts_parser', 'true'),
		    ('text search template', 'pg_ts_template', 'true'),
		    ('text search dictionary', 'pg_ts_dict', 'true'),
		    ('text search configuration', 'pg_ts_config', 'true')
		  ) kinds (kind, catalog, condition)
		\gexec

		SELECT 'relation ' || relkind::text || CASE relpersistence WHEN 'p' THEN '' ELSE ' ' || relpersistence::text END, count(*)
		  FROM pg_temp.relations WHERE relkind <> 'c' GROUP BY 1 ORDER BY 1;
		SELECT 'partitions', count(*) FROM pg_temp.relations WHERE relispartition;
		SELECT 'row security' || CASE WHEN relforcerowsecurity THEN ' forced' ELSE '' END, count(*)
		  FROM pg_temp.relations WHERE relrowsecurity GROUP BY 1 ORDER BY 1;
		SELECT 'column', count(*) FROM pg_catalog.pg_attribute JOIN pg_temp.relations c ON c.oid = attrelid
		 WHERE attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'p', 'v', 'm', 'f', 'c');
		SELECT 'column' || coalesce(' generated ' || nullif(attgenerated::text, ''), '') || coalesce(' identity ' || nullif(attidentity::text, ''), '')
		       || CASE WHEN attnotnull THEN ' not null' ELSE '' END, count(*)
		  FROM pg_catalog.pg_attribute JOIN pg_temp.relations c ON c.oid = attrelid
		 WHERE attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'p', 'f')
		   AND (attnotnull OR attgenerated <> '' OR attidentity <> '')
		 GROUP BY 1 ORDER BY 1;
		SELECT 'default', count(*) FROM pg_catalog.pg_attrdef JOIN pg_temp.relations c ON c.oid = adrelid;
		SELECT 'inheritance', count(*) FROM pg_catalog.pg_inherits JOIN pg_temp.relations c ON c.oid = inhrelid;
		SELECT 'constraint ' || contype::text || CASE WHEN convalidated THEN '' ELSE ' not valid' END
		       || CASE WHEN condeferrable THEN ' deferrable' ELSE '' END, count(*)
		  FROM pg_catalog.pg_constraint o
		 WHERE connamespace IN (SELECT oid FROM pg_temp.schemas) AND contype <> 'n' AND conparentid = 0
		   AND NOT EXISTS (SELECT FROM pg_temp.owned WHERE objid IN (conrelid, contypid))
		 GROUP BY 1 ORDER BY 1;
		SELECT 'type ' || typtype::text, count(*)
		  FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_class c ON c.oid = typrelid
		 WHERE typnamespace IN (SELECT oid FROM pg_temp.schemas) AND typtype <> 'm' AND coalesce(relkind, 'c') = 'c'
		   AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = t.oid)
		   AND NOT EXISTS (SELECT FROM pg_temp.owned WHERE classid = 'pg_catalog.pg_type'::regclass AND objid = t.oid)
		 GROUP BY 1 ORDER BY 1;
		SELECT 'enum value', count(*) FROM pg_catalog.pg_enum JOIN pg_catalog.pg_type t ON t.oid = enumtypid
		 WHERE typnamespace IN (SELECT oid FROM pg_temp.schemas);
		SELECT 'routine ' || prokind::text, count(*)
		  FROM pg_catalog.pg_proc p
		 WHERE pronamespace IN (SELECT oid FROM pg_temp.schemas)
		   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
		                    WHERE classid = 'pg_catalog.pg_proc'::regclass AND objid = p.oid AND deptype IN ('e', 'i'))
		 GROUP BY 1 ORDER BY 1;
		SELECT 'rule ' || ev_type::text || ' ' || ev_enabled::text, count(*)
		  FROM pg_catalog.pg_rewrite JOIN pg_temp.relations c ON c.oid = ev_class WHERE rulename <> '_RETURN' GROUP BY 1 ORDER BY 1;
		SELECT 'trigger ' || tgenabled::text, count(*)
		  FROM pg_catalog.pg_trigger JOIN pg_temp.relations c ON c.oid = tgrelid
		 WHERE NOT tgisinternal AND tgparentid = 0 GROUP BY 1 ORDER BY 1;
		SELECT 'policy ' || polcmd::text, count(*) FROM pg_catalog.pg_policy GROUP BY 1 ORDER BY 1;
		SELECT 'published table', count(*) FROM pg_catalog.pg_publication_rel;
		SELECT 'subscription', count(*) FROM pg_catalog.pg_subscription
		 WHERE subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database());
		-- Extensions comment on what is theirs, and a new server may say more about its own.
		SELECT 'comment of ' || classoid::regclass::text, count(*)
		  FROM pg_catalog.pg_description
		 WHERE objoid >= 16384 AND NOT EXISTS (SELECT FROM pg_temp.owned WHERE (classid, objid) = (classoid, objoid))
		 GROUP BY 1 ORDER BY 1;
		SELECT 'index flags', count(*) FILTER (WHERE indisclustered) || ' clustered, ' || count(*) FILTER (WHERE indisreplident)
		       || ' identity, ' || count(*) FILTER (WHERE NOT indisvalid) || ' invalid'
		  FROM pg_catalog.pg_index JOIN pg_temp.relations c ON c.oid = indexrelid;
	SQL
}

# roundtrip_hashes URL: for each table and filled materialized view its name, the rows it holds itself, and a hash of them
# that does not depend on their order; the state of each sequence; the hash of each large object. A name is a JSON string,
# so that it stays on its line.
roundtrip_hashes() {
	roundtrip_sql "$1" <<-'SQL'
		SELECT CASE relkind WHEN 'S' THEN
		         format('SELECT %L, last_value, is_called FROM %s', to_json(c.oid::regclass::text), c.oid::regclass)
		       ELSE
		         format('SELECT %L, count(*), md5(string_agg(md5(t::text), '''' ORDER BY md5(t::text) COLLATE "C")) FROM ONLY %s t',
		                to_json(c.oid::regclass::text), c.oid::regclass)
		       END
		  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace
		 WHERE relkind IN ('r', 'm', 'S') AND relispopulated AND nspname !~ '^pg_' AND nspname <> 'information_schema'
		   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend
		                    WHERE classid = 'pg_catalog.pg_class'::regclass AND objid = c.oid AND deptype = 'e')
		 ORDER BY c.oid::regclass::text COLLATE "C"
		\gexec
		SELECT 'large object', oid, md5(lo_get(oid)) FROM pg_catalog.pg_largeobject_metadata ORDER BY oid;
	SQL
}

# --- SQLite ---

# roundtrip_lite FILE [wal]: makes it and fills it. With "wal" nobody closes it, so that all rows are still in FILE-wal.
roundtrip_lite() {
	python3 - "$ROOT/tests/roundtrip/sqlite.sql" "$@" <<-'PYTHON'
		import os, sqlite3, sys

		script, file, *wal = sys.argv[1:]
		db = sqlite3.connect(file, isolation_level=None)
		db.execute("PRAGMA wal_autocheckpoint = 0")
		db.executescript(open(script, encoding="utf-8").read())
		if wal:
		    os._exit(0)
		db.close()
	PYTHON
}

# sqlite_hashes FILE: its pragmas, its schema and the rows of all its tables, also those behind virtual ones, as text. Rows
# are sorted; a value is what Python prints of it, so that 1, 1.0, '1' and x'31' differ, or a hash when that is long.
# Opened read only; without a WAL to read even as immutable, for a reader of a WAL database leaves files beside it.
sqlite_hashes() {
	python3 - "$1" <<-'PYTHON'
		import hashlib, os, sqlite3, sys, urllib.parse

		file = sys.argv[1]
		wal = os.path.exists(file + "-wal") and os.path.getsize(file + "-wal") > 0
		db = sqlite3.connect("file:" + urllib.parse.quote(file) + ("?mode=ro" if wal else "?immutable=1"), uri=True)
		db.text_factory = lambda text: text.decode("utf-8", "surrogateescape")

		def quoted(name):
		    return '"' + name.replace('"', '""') + '"'

		def printed(value):
		    text = ascii(value)
		    return text if len(text) < 200 else f"{type(value).__name__}:{len(value)}:{hashlib.md5(text.encode()).hexdigest()}"

		for pragma in "user_version", "application_id", "encoding", "auto_vacuum", "integrity_check", "foreign_key_check":
		    print(pragma, ascii(db.execute("PRAGMA " + pragma).fetchall()))
		objects = db.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name, tbl_name").fetchall()
		for kind, name, table, sql in objects:
		    print(*map(ascii, (kind, name, table, sql)))
		for kind, name, _, _ in objects:
		    if kind == "table":
		        rows = db.execute("SELECT * FROM " + quoted(name)).fetchall()
		        print("rows of", ascii(name), len(rows))
		        for row in sorted(" ".join(map(printed, row)) for row in rows):
		            print(row)
	PYTHON
}
