/*
 * hash - SHA-256 (FIPS 180-4), and MD5 (RFC 1321) for those who ask for it, by OpenSSL.
 */
#ifndef EXT_HASH_H
#define EXT_HASH_H

#include <stddef.h>

struct hash {
	struct evp_md_ctx_st *ctx;
};

#define HASH_BYTES 32
#define HASH_TEXT (2 * HASH_BYTES + 1) /* hexadecimal and NUL */

void hash_start(struct hash *h);
void hash_add(struct hash *h, const void *bytes, size_t len);

/* Ends the hash and frees it. */
void hash_end(struct hash *h, unsigned char digest[HASH_BYTES]);

/* Adds a file's bytes. 0, or -1 with errno. seen, unless it is NULL, hears how many
 * bytes each read gave. */
int hash_add_file(struct hash *h, const char *path, void (*seen)(void *arg, size_t bytes),
                  void *arg);

/* A digest in lower-case hexadecimal. */
void hash_text(const unsigned char digest[HASH_BYTES], char text[HASH_TEXT]);

#define HASH_MD5_BYTES 16

/* The MD5 of some bytes; no defence against anybody who means harm. */
void hash_md5(const void *bytes, size_t len, unsigned char digest[HASH_MD5_BYTES]);

/* The SHA-256 of some bytes, in lower-case hexadecimal. */
void hash_hex(const void *bytes, size_t len, char text[HASH_TEXT]);

#endif
