/* properties_look - asks a server what a database is besides its content. */
#include <stdlib.h>

#include "base/banned.h"
#include "dump/properties.h"

/* As one JSON object, with what servers since 9.2 have: the manifest's form. No acl is not an empty
 * one: it means the server's defaults. */
static const char find_properties[] =
	"SELECT row_to_json(p) FROM (SELECT shobj_description(d.oid, 'pg_database') AS comment,"
	"  d.datconnlimit AS connection_limit, d.datistemplate AS template, t.spcname AS tablespace,"
	"  CASE WHEN d.datacl IS NOT NULL THEN (SELECT coalesce(array_to_json(array_agg(row_to_json(r))),"
	" '[]')"
	"   FROM (SELECT CASE a.grantee WHEN 0 THEN NULL ELSE pg_get_userbyid(a.grantee) END AS role,"
	"     a.privilege_type AS privilege, a.is_grantable AS grantable"
	"    FROM (SELECT (aclexplode(d.datacl)).*) a) r) END AS acl,"
	"  (SELECT array_to_json(array_agg(row_to_json(r)))"
	"   FROM (SELECT CASE s.setrole WHEN 0 THEN NULL ELSE pg_get_userbyid(s.setrole) END AS role,"
	"     unnest(s.setconfig) AS setting"
	"    FROM pg_db_role_setting s WHERE s.setdatabase = d.oid) r) AS settings"
	" FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace"
	" WHERE d.datname = current_database()) p";

/* Since 15 a database has a provider of its locale; the column of its name has changed since. */
static const char *find_provider(int version)
{
#define PROVIDER(locale, rules)                                                                    \
	"SELECT CASE datlocprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END, "  \
	locale ", " rules " FROM pg_database WHERE datname = current_database()"
	if (version >= 170000)
		return PROVIDER("datlocale", "daticurules");
	if (version >= 160000)
		return PROVIDER("daticulocale", "daticurules");
	if (version >= 150000)
		return PROVIDER("daticulocale", "NULL");
	return "SELECT 'libc', NULL, NULL";
}

int properties_look(struct db *db, int64_t deadline, bool all, struct manifest *m)
{
	struct rows form = { 0 }, rest = { 0 };
	int rc = server_query(&db->pg, find_provider(server_version(&db->pg)), NULL, 0, deadline, &form);

	if (!rc && all)
		rc = server_query(&db->pg, find_properties, NULL, 0, deadline, &rest);
	if (!rc) {
		manifest_set(&m->locale_provider, rows_get(&form, 0, 0));
		manifest_set(&m->locale, rows_get(&form, 0, 1));
		manifest_set(&m->icu_rules, rows_get(&form, 0, 2));
		manifest_set(&m->properties, rows_get(&rest, 0, 0));
	}
	rows_free(&form);
	rows_free(&rest);
	return rc;
}
