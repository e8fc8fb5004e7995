/* The applets, sorted: one line registers one. */
APPLET(isempty)
APPLET(journal)
APPLET(pg_dump)
APPLET(pg_dumpall)
APPLET(pg_restore)
APPLET(psql)
APPLET(seedonce)
APPLET(waitdb)
