/* http - one request over libcurl. */
#include "ext/http.h"

#include <curl/curl.h>

#include "base/banned.h"
#include "base/clock.h"
#include "ext/ca.h"

static size_t drop(char *bytes, size_t size, size_t n, void *arg)
{
	(void)bytes;
	(void)arg;
	return size * n;
}

/* Signals are ours: the resolver must not use SIGALRM. */
static void set_options(CURL *curl, const char *url, int64_t deadline, char *words)
{
	struct curl_blob bundle = { .flags = CURL_BLOB_NOCOPY };
	const char *file = ca_file();
	int64_t left = clock_left(deadline);

	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(left < 1 ? 1 : left > 86400000 ? 86400000 : left));
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "pgbox");
	if (file) {
		curl_easy_setopt(curl, CURLOPT_CAINFO, file);
	} else {
		bundle.data = ca_bundle(&bundle.len);
		curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &bundle);
	}
}

int http_get(const char *url, int64_t deadline, long *code, struct buf *error)
{
	char words[CURL_ERROR_SIZE] = "";
	CURL *curl = curl_easy_init();
	CURLcode rc = CURLE_FAILED_INIT;

	if (curl) {
		set_options(curl, url, deadline, words);
		rc = curl_easy_perform(curl);
	}
	if (rc == CURLE_OK)
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, code);
	else
		buf_puts(error, *words ? words : curl_easy_strerror(rc));
	curl_easy_cleanup(curl);
	return rc == CURLE_OK ? 0 : -1;
}
