// libcurl, loaded when the first request is sent: a program that only works with folders starts
// without it and its thirty libraries, and its TLS library cannot mix with the one linked in here.
#pragma once

#include "core/result.h"

#include <curl/curl.h>

namespace muster {

struct CurlLibrary {
    decltype(&curl_global_init) global_init = nullptr;
    decltype(&curl_easy_init) easy_init = nullptr;
    decltype(&curl_easy_cleanup) easy_cleanup = nullptr;
    decltype(&curl_easy_reset) easy_reset = nullptr;
    decltype(&curl_easy_setopt) easy_setopt = nullptr;
    decltype(&curl_easy_perform) easy_perform = nullptr;
    decltype(&curl_easy_getinfo) easy_getinfo = nullptr;
    decltype(&curl_easy_strerror) easy_strerror = nullptr;
    decltype(&curl_slist_append) slist_append = nullptr;
    decltype(&curl_slist_free_all) slist_free_all = nullptr;
};

// Loads it once per process; thread-safe. kUsage naming the package if it is not installed.
Result<const CurlLibrary*> curl_library();

}  // namespace muster
