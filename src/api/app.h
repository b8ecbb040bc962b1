// The API behind the HTTP server: finds the route, checks who calls and what is asked, runs the
// handler, and counts. Knows no socket. Thread-safe.
#pragma once

#include "api/backup_service.h"
#include "api/http/message.h"
#include "api/http/server.h"
#include "api/metrics.h"
#include "api/problem.h"
#include "api/rate_limit.h"
#include "api/report_cache.h"
#include "api/router.h"
#include "api/run_manager.h"
#include "api/services.h"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace muster {

struct AppOptions {
    http::ServerOptions server;
    std::int64_t requests_per_minute = 60'000;  // of one caller; 0 = no limit
    bool log_requests = true;
    bool log_json = false;
    // Takes one line of the log, without its end. Called from any thread, one at a time.
    std::function<void(const std::string&)> log;
};

class App {
  public:
    App(const Services& services, AppOptions options);
    ~App();

    // For the server. Valid as long as the App.
    http::Callbacks callbacks();
    // Not ready any more; running runs are asked to stop and waited for.
    void drain();
    // Ends the statements that handlers still wait for.
    void abort() { stop_.cancel(); }
    // Tells /metrics and /readyz about the server; may be called once it is open.
    void watch(const http::Server& server) { server_ = &server; }

    const Services& services() const { return services_; }
    const AppOptions& options() const { return options_; }
    const std::vector<Route>& routes() const { return routes_; }
    RunManager& runs() { return *runs_; }
    BackupService& backups() { return *backups_; }
    ReportCache& reports() { return reports_; }
    Metrics& metrics() { return metrics_; }
    const std::string& openapi() const { return openapi_; }
    bool draining() const { return draining_.load(); }
    const CancelToken& stopping() const { return stop_; }
    std::optional<http::ServerState> server_state() const;

    void audit(const Call& call, const std::string& action, const std::string& subject);
    // An error for the client, and its detail for the log.
    http::Response failure(const Call& call, const Error& error);
    void log_error(const http::Request& request, const Error& error);
    void log_line(const std::string& line);

  private:
    std::optional<http::Response> quick(const http::Request& request);
    http::Response handle(const http::Request& request);
    http::Response route_request(const http::Request& request);
    // The problem that keeps the call from its handler, if there is one; sets the principal.
    std::optional<http::Response> admit(Call& call, RateDecision& rate);
    http::Response run_idempotent(const Call& call);
    void finish(const http::Request& request, http::Response& response) const;
    void done(const http::Request& request, int status, std::size_t bytes, std::int64_t taken_ns);

    const Services services_;
    const AppOptions options_;
    const std::vector<Route> routes_;
    const Router router_;
    const std::string openapi_;
    RateLimit rate_limit_;
    ReportCache reports_;
    Metrics metrics_;
    std::unique_ptr<RunManager> runs_;
    std::unique_ptr<BackupService> backups_;
    std::atomic<bool> draining_{false};
    CancelToken stop_;
    const http::Server* server_ = nullptr;

    std::mutex flight_mutex_;
    std::set<std::string> in_flight_;  // idempotency keys
    std::mutex log_mutex_;
};

// --- what handlers share

http::Response json_response(int status, std::string body);
http::Response problem(const Call& call, const Problem& problem);
// "text/csv" if the client prefers it to JSON, else "application/json"; nothing if it takes neither
// of `types`.
std::optional<std::string> negotiate(const http::Request& request,
                                     const std::vector<std::string>& types);
// A number from 1 to `most` into `limit`, or what is wrong with the text.
std::optional<Problem> read_limit(const std::string& text, std::int64_t most, std::int64_t& limit);
// Whether Prefer holds this (RFC 7240), such as "handling=lenient".
bool prefers(const http::Request& request, std::string_view preference);
// 304 if the client has this version already.
bool not_modified(const http::Request& request, std::string_view etag);
// What distinguishes answers of cached routes: target and accepted types.
std::string report_cache_key(const http::Request& request);
// The scope of an idempotency key: who, what.
std::string idempotency_scope(const Call& call);
// Of the call's body, for idempotency: 32 hexadecimal digits.
std::string payload_hash(std::string_view body);

}  // namespace muster
