#include "aws/detail/curl_library.h"

#include <dlfcn.h>

namespace muster {
namespace {

constexpr const char* kSharedObject = "libcurl.so.4";

template <typename Function>
bool find(void* library, const char* name, Function& function) {
    function = reinterpret_cast<Function>(::dlsym(library, name));
    return function != nullptr;
}

Result<CurlLibrary> load() {
    // Never closed: threads of its resolver may outlive every request.
    void* library = ::dlopen(kSharedObject, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        const char* why = ::dlerror();
        return Error{.code = ErrorCode::kUsage,
                     .message = "S3 and the services of AWS need libcurl, which is not installed",
                     .hint = "apt-get install libcurl4",
                     .detail = why != nullptr ? why : ""};
    }
    CurlLibrary curl;
    const bool complete = find(library, "curl_global_init", curl.global_init) &&
                          find(library, "curl_easy_init", curl.easy_init) &&
                          find(library, "curl_easy_cleanup", curl.easy_cleanup) &&
                          find(library, "curl_easy_reset", curl.easy_reset) &&
                          find(library, "curl_easy_setopt", curl.easy_setopt) &&
                          find(library, "curl_easy_perform", curl.easy_perform) &&
                          find(library, "curl_easy_getinfo", curl.easy_getinfo) &&
                          find(library, "curl_easy_strerror", curl.easy_strerror) &&
                          find(library, "curl_slist_append", curl.slist_append) &&
                          find(library, "curl_slist_free_all", curl.slist_free_all);
    if (!complete || curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return Error{.code = ErrorCode::kInternal,
                     .message = "the installed libcurl cannot be used",
                     .hint = "apt-get install --reinstall libcurl4"};
    }
    return curl;
}

}  // namespace

Result<const CurlLibrary*> curl_library() {
    static const Result<CurlLibrary> library = load();
    if (!library.ok()) {
        return library.error();
    }
    return &library.value();
}

}  // namespace muster
