/*
 * server_parts - what the files of server share.
 */
#ifndef EXT_SERVER_PARTS_H
#define EXT_SERVER_PARTS_H

#include <stdbool.h>
#include <stdint.h>

struct pg_conn;

/* Waits until the socket is ready for what libpq wants. False at the deadline. */
bool server_wait_socket(struct pg_conn *conn, short events, int64_t deadline);

#endif
