/* hash - SHA-256 and MD5, by OpenSSL. */
#include "ext/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/msg.h"
#include "base/status.h"

void hash_start(struct hash *h)
{
	h->ctx = EVP_MD_CTX_new();
	if (!h->ctx || !EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL))
		die(CANNOT_WRITE, "out of memory (SHA-256)");
}

void hash_add(struct hash *h, const void *bytes, size_t len)
{
	EVP_DigestUpdate(h->ctx, bytes, len);
}

void hash_end(struct hash *h, unsigned char digest[HASH_BYTES])
{
	EVP_DigestFinal_ex(h->ctx, digest, NULL);
	EVP_MD_CTX_free(h->ctx);
	h->ctx = NULL;
}

int hash_add_file(struct hash *h, const char *path, void (*seen)(void *arg, size_t bytes),
                  void *arg)
{
	int fd = beneath_open(path, O_RDONLY, 0), err;
	char bytes[65536];
	ssize_t n;

	if (fd < 0)
		return -1;
	while ((n = read(fd, bytes, sizeof(bytes))) > 0 || (n < 0 && errno == EINTR)) {
		if (n <= 0)
			continue;
		hash_add(h, bytes, (size_t)n);
		if (seen)
			seen(arg, (size_t)n);
	}
	err = errno;
	close(fd);
	errno = err;
	return n < 0 ? -1 : 0;
}

void hash_text(const unsigned char digest[HASH_BYTES], char text[HASH_TEXT])
{
	for (size_t i = 0; i < HASH_BYTES; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
}

void hash_md5(const void *bytes, size_t len, unsigned char digest[HASH_MD5_BYTES])
{
	if (!EVP_Digest(bytes, len, digest, NULL, EVP_md5(), NULL))
		die(CANNOT_WRITE, "out of memory (MD5)");
}

void hash_hex(const void *bytes, size_t len, char text[HASH_TEXT])
{
	unsigned char digest[HASH_BYTES];
	struct hash h;

	hash_start(&h);
	hash_add(&h, bytes, len);
	hash_end(&h, digest);
	hash_text(digest, text);
}
