/*
 * s3_memory_repo - a repository below the prefix `pre` of the bucket in memory, and manifests for it.
 */
#ifndef S3_MEMORY_REPO_H
#define S3_MEMORY_REPO_H

#include "repo/bucket.h"
#include "s3_memory.h"

/* The sha256, in hex, of the ten bytes 0123456789. */
#define MEMORY_DATA_SHA256 "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882"

/* Empties the bucket, sets the variables that name it, and opens it. 0, or as bucket_open. */
int memory_repo_begin(void **state, struct bucket *r, struct buf *error);

/* Frees both and empties the bucket; 0. */
int memory_repo_end(void **state, struct bucket *r, struct buf *error);

/* Returns a manifest of so many bytes, with that sha256, for the file of that name; manifest_free after it. */
struct manifest memory_manifest(const char *file, const char *job, const char *kind, int64_t bytes);

/* Stores the manifest of a custom archive beside path, as in memory_manifest. */
void memory_store_manifest(const char *path, const char *file, const char *job, int64_t bytes);

#endif
