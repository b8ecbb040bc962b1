// HTTP/1.1 requests, one at a time per handle of a pool that keeps connections open. Thread-safe.
// It neither signs nor repeats anything.
#pragma once

#include "core/cancel.h"
#include "core/result.h"

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "aws/signature.h"

namespace muster {

struct HttpRequest {
    std::string method = "GET";
    std::string url;
    NameValues headers;
    std::string_view body;
    // Where the body of a 200 or 206 goes; without it, and for all other answers, it becomes text.
    std::span<char> into;
    bool despite_cancel = false;
    const CancelToken* cancel = nullptr;  // instead of the client's; null = the client's
    bool direct = false;                  // past proxies: services of the machine itself
    std::int64_t connect_timeout_ms = 5'000;
    std::int64_t silence_timeout_ms = 30'000;  // without a byte in either direction
};

struct HttpAnswer {
    int status = 0;
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;
    std::size_t received = 0;  // bytes in `into`

    // "" if it is not there.
    const std::string& header(const std::string& lower_name) const;
    // Its Date header, since 1970-01-01T00:00:00Z; 0 if it has none.
    std::int64_t date_seconds() const;
    // What the server asks to wait, at most half a minute; 0 if it does not say.
    std::int64_t retry_after_ms() const;
};

// What failed below HTTP. `received` bytes of `into` are good.
struct HttpFailure {
    enum class Kind : std::uint8_t {
        kConnect,    // the server was not reached: nothing was done
        kBroken,     // reset, cut or timed out: the server may have done it
        kTls,        // its certificate is not trusted
        kMalformed,  // the answer is longer than asked for, or no HTTP
        kCancelled,
        kLibrary,
    };
    Kind kind = Kind::kBroken;
    std::string what;
    std::size_t received = 0;
};

struct HttpOutcome {
    std::unique_ptr<HttpFailure> failure;  // null: `answer` is complete, else what came of it
    HttpAnswer answer;
};

class HttpClient {
  public:
    // `ca_file`: trusted certificates in PEM, "" for those of the system. `cancel` may be null and
    // must outlive this.
    HttpClient(std::string ca_file, const CancelToken* cancel);
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    HttpOutcome send(const HttpRequest& request);

  private:
    class Pool;
    std::unique_ptr<Pool> pool_;
    std::string ca_file_;
    const CancelToken* cancel_;
};

}  // namespace muster
