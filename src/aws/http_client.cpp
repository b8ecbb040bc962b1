#include "aws/http_client.h"

#include "core/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <ctime>
#include <mutex>
#include <vector>

#include "aws/detail/curl_library.h"

namespace muster {
namespace {

constexpr std::size_t kIdleHandlesMax = 32;
constexpr std::size_t kTextBytesMax = 32U << 20;
constexpr long kReceiveBufferBytes = 512L << 10;
constexpr std::int64_t kRetryAfterSecondsMax = 30;
constexpr int kStatusOk = 200;
constexpr int kStatusPartial = 206;

// One request on its way; the callbacks of libcurl get a pointer to it.
struct Transfer {
    const HttpRequest& request;
    const CancelToken* cancel;
    HttpAnswer answer;
    bool too_long = false;
};

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* user) {
    auto& answer = static_cast<Transfer*>(user)->answer;
    std::string_view line{data, size * count};
    if (line.starts_with("HTTP/")) {
        answer.headers.clear();  // the one before was of a 100 Continue
        const std::size_t blank = line.find(' ');
        answer.status = blank == line.npos ? 0 : std::atoi(std::string{line.substr(blank)}.c_str());
        return size * count;
    }
    while (line.ends_with('\n') || line.ends_with('\r')) {
        line.remove_suffix(1);
    }
    if (const std::size_t colon = line.find(':'); colon != line.npos) {
        std::string_view value = line.substr(colon + 1);
        value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
        answer.headers[ascii_lower(line.substr(0, colon))] = std::string{value};
    }
    return size * count;
}

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* user) {
    auto& transfer = *static_cast<Transfer*>(user);
    auto& answer = transfer.answer;
    const std::size_t bytes = size * count;
    const bool good = answer.status == kStatusOk || answer.status == kStatusPartial;
    if (good && !transfer.request.into.empty()) {
        if (bytes > transfer.request.into.size() - answer.received) {
            transfer.too_long = true;
            return 0;
        }
        std::memcpy(transfer.request.into.data() + answer.received, data, bytes);
        answer.received += bytes;
        return bytes;
    }
    if (bytes > kTextBytesMax - answer.body.size()) {
        transfer.too_long = true;
        return 0;
    }
    answer.body.append(data, bytes);
    return bytes;
}

int look_for_cancel(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    const CancelToken* cancel = static_cast<Transfer*>(user)->cancel;
    return cancel != nullptr && cancel->cancelled() ? 1 : 0;
}

HttpFailure::Kind kind_of(CURLcode code) {
    using Kind = HttpFailure::Kind;
    switch (static_cast<int>(code)) {
        case CURLE_ABORTED_BY_CALLBACK:
            return Kind::kCancelled;
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY:
        case CURLE_COULDNT_CONNECT:
            return Kind::kConnect;
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_CONNECT_ERROR:
            return Kind::kTls;
        case CURLE_WRITE_ERROR:
        case CURLE_WEIRD_SERVER_REPLY:
        case CURLE_UNSUPPORTED_PROTOCOL:
            return Kind::kMalformed;
        case CURLE_OUT_OF_MEMORY:
        case CURLE_FAILED_INIT:
        case CURLE_URL_MALFORMAT:
            return Kind::kLibrary;
        default:
            return Kind::kBroken;
    }
}

HttpOutcome failed(HttpFailure::Kind kind, std::string what, std::size_t received = 0) {
    HttpOutcome outcome;
    outcome.failure = std::make_unique<HttpFailure>(HttpFailure{kind, std::move(what), received});
    return outcome;
}

class HeaderList {
  public:
    explicit HeaderList(const CurlLibrary& curl) : curl_(curl) {}
    ~HeaderList() { curl_.slist_free_all(list_); }
    HeaderList(const HeaderList&) = delete;
    HeaderList& operator=(const HeaderList&) = delete;

    void add(const std::string& line) { list_ = curl_.slist_append(list_, line.c_str()); }
    curl_slist* get() { return list_; }

  private:
    const CurlLibrary& curl_;
    curl_slist* list_ = nullptr;
};

void set_request(const CurlLibrary& curl, CURL* handle, const HttpRequest& request) {
    curl.easy_setopt(handle, CURLOPT_URL, request.url.c_str());
    curl.easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
    if (request.method == "HEAD") {
        curl.easy_setopt(handle, CURLOPT_NOBODY, 1L);
    } else if (request.method != "GET") {
        curl.easy_setopt(
            handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
        curl.easy_setopt(
            handle, CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
        curl.easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
}

void set_connection(const CurlLibrary& curl,
                    CURL* handle,
                    const HttpRequest& request,
                    const std::string& ca_file) {
    curl.easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl.easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl.easy_setopt(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl.easy_setopt(
        handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout_ms));
    curl.easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl.easy_setopt(handle,
                     CURLOPT_LOW_SPEED_TIME,
                     std::max(1L, static_cast<long>(request.silence_timeout_ms / 1000)));
    curl.easy_setopt(handle, CURLOPT_BUFFERSIZE, kReceiveBufferBytes);
    curl.easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
    if (request.direct) {
        curl.easy_setopt(handle, CURLOPT_PROXY, "");
    }
    if (!ca_file.empty()) {
        curl.easy_setopt(handle, CURLOPT_CAINFO, ca_file.c_str());
    }
}

void set_callbacks(const CurlLibrary& curl, CURL* handle, Transfer& transfer) {
    curl.easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_header);
    curl.easy_setopt(handle, CURLOPT_HEADERDATA, &transfer);
    curl.easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
    curl.easy_setopt(handle, CURLOPT_WRITEDATA, &transfer);
    curl.easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    curl.easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, look_for_cancel);
    curl.easy_setopt(handle, CURLOPT_XFERINFODATA, &transfer);
}

}  // namespace

const std::string& HttpAnswer::header(const std::string& lower_name) const {
    static const std::string none;
    const auto found = headers.find(lower_name);
    return found == headers.end() ? none : found->second;
}

// "Tue, 15 Nov 1994 08:12:31 GMT" (RFC 9110, 5.6.7).
std::int64_t HttpAnswer::date_seconds() const {
    std::tm parts{};
    return ::strptime(header("date").c_str(), "%a, %d %b %Y %H:%M:%S", &parts) == nullptr
               ? 0
               : timegm(&parts);
}

std::int64_t HttpAnswer::retry_after_ms() const {
    const std::string& text = header("retry-after");
    std::int64_t seconds = 0;
    std::from_chars(text.data(), text.data() + text.size(), seconds);
    return std::clamp<std::int64_t>(seconds, 0, kRetryAfterSecondsMax) * 1'000;
}

// Handles that are not in use; each keeps its connection.
class HttpClient::Pool {
  public:
    ~Pool() {
        for (CURL* handle : idle_) {
            curl_->easy_cleanup(handle);
        }
    }

    CURL* take(const CurlLibrary& curl) {
        {
            const std::lock_guard lock{mutex_};
            curl_ = &curl;
            if (!idle_.empty()) {
                CURL* handle = idle_.back();
                idle_.pop_back();
                return handle;
            }
        }
        return curl.easy_init();
    }

    void put(CURL* handle) {
        curl_->easy_reset(handle);  // its connection stays
        {
            const std::lock_guard lock{mutex_};
            if (idle_.size() < kIdleHandlesMax) {
                idle_.push_back(handle);
                return;
            }
        }
        curl_->easy_cleanup(handle);
    }

  private:
    std::mutex mutex_;
    const CurlLibrary* curl_ = nullptr;
    std::vector<CURL*> idle_;
};

HttpClient::HttpClient(std::string ca_file, const CancelToken* cancel)
    : pool_(std::make_unique<Pool>()), ca_file_(std::move(ca_file)), cancel_(cancel) {}

HttpClient::~HttpClient() = default;

HttpOutcome HttpClient::send(const HttpRequest& request) {
    const auto library = curl_library();
    if (!library.ok()) {
        return failed(HttpFailure::Kind::kLibrary,
                      library.error().message + "; " + library.error().hint);
    }
    const CurlLibrary& curl = **library;
    CURL* handle = pool_->take(curl);
    if (handle == nullptr) {
        return failed(HttpFailure::Kind::kLibrary, "out of memory");
    }
    const CancelToken* cancel = request.cancel != nullptr ? request.cancel : cancel_;
    Transfer transfer{
        .request = request, .cancel = request.despite_cancel ? nullptr : cancel, .answer = {}};
    std::array<char, CURL_ERROR_SIZE> text{};
    HeaderList headers{curl};
    for (const auto& [name, value] : request.headers) {
        // An empty value would take a header away instead of sending it.
        headers.add(value.empty() ? name + ";" : fmt::format("{}: {}", name, value));
    }
    // What libcurl would add by itself is not signed.
    headers.add("Expect:");
    headers.add("Accept:");
    if (std::none_of(request.headers.begin(), request.headers.end(), [](const auto& header) {
            return ascii_lower(header.first) == "content-type";
        })) {
        headers.add("Content-Type:");
    }
    set_request(curl, handle, request);
    set_connection(curl, handle, request, ca_file_);
    set_callbacks(curl, handle, transfer);
    curl.easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
    curl.easy_setopt(handle, CURLOPT_ERRORBUFFER, text.data());
    const CURLcode code = curl.easy_perform(handle);
    pool_->put(handle);
    if (transfer.too_long) {
        return failed(
            HttpFailure::Kind::kMalformed, "the server sent more bytes than were asked for", 0);
    }
    if (code != CURLE_OK) {
        const std::string what = text[0] != '\0' ? text.data() : curl.easy_strerror(code);
        HttpOutcome outcome = failed(kind_of(code), what, transfer.answer.received);
        outcome.answer = std::move(transfer.answer);
        return outcome;
    }
    HttpOutcome outcome;
    outcome.answer = std::move(transfer.answer);
    return outcome;
}

}  // namespace muster
