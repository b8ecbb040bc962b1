#include "api/app.h"

#include "api/checks.h"
#include "api/openapi.h"
#include "api/row_answers.h"
#include "api/run_metrics.h"
#include "core/limits.h"
#include "core/text.h"
#include "present/json.h"

#include <fmt/core.h>

#include <algorithm>

namespace muster {
namespace {

std::string_view path_of(const http::Request& request) {
    const std::string_view target = request.target;
    return target.substr(0, target.find('?'));
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) {
        text += (text.empty() ? "" : ", ") + word;
    }
    return text;
}

void set_rate_headers(const RateDecision& rate, http::Response& response) {
    if (rate.limit <= 0) {
        return;
    }
    response.set("RateLimit-Policy", fmt::format("\"default\";q={};w=60", rate.limit));
    response.set("RateLimit",
                 fmt::format("\"default\";r={};t={}", rate.remaining, rate.reset_seconds));
}

}  // namespace

App::App(const Services& services, AppOptions options)
    : services_(services),
      options_(std::move(options)),
      routes_(build_routes(services_.catalog)),
      router_(routes_),
      openapi_(openapi_json(services_.catalog, routes_, services_.version)),
      rate_limit_(options_.requests_per_minute) {
    metrics_.set("muster_process_start_time_seconds",
                 {},
                 static_cast<double>(services_.clock.now_us()) * 1e-6);
    runs_ = std::make_unique<RunManager>(
        services_,
        [this](const RunReport& report) { count_run(metrics_, services_.clock, report); },
        [this](const Error& error) {
            metrics_.add("muster_runs_total", {{"status", "failed"}});
            log_error(http::Request{}, error);
        });
    backups_ = std::make_unique<BackupService>(services_, *runs_, metrics_);
}

App::~App() = default;

http::Callbacks App::callbacks() {
    return {
        .quick = [this](const http::Request& request) { return quick(request); },
        .handle = [this](const http::Request& request) { return handle(request); },
        .problem =
            [this](int status, const std::string& detail, const http::Request& request) {
                http::Response response =
                    problem_response({status, "http", detail, {}}, request.id);
                finish(request, response);
                return response;
            },
        .done = [this](const http::Request& request,
                       int status,
                       std::size_t bytes,
                       std::int64_t taken_ns) { done(request, status, bytes, taken_ns); },
    };
}

void App::drain() {
    draining_ = true;
    backups_->stop();
    runs_->stop();
}

std::optional<http::ServerState> App::server_state() const {
    return server_ == nullptr ? std::nullopt : std::optional{server_->state()};
}

// Answers of cached reports, on the I/O thread: no database, no wait.
std::optional<http::Response> App::quick(const http::Request& request) {
    if (request.method != "GET" || !request.body.empty()) {
        return std::nullopt;
    }
    auto cached = reports_.find(report_cache_key(request), services_.warehouse.data_version());
    if (!cached) {
        return std::nullopt;
    }
    const auto token = bearer_token(request);
    if (!token) {
        return std::nullopt;
    }
    const Outcome<Principal> principal = services_.accounts.verify(*token);
    if (!principal.value) {
        return std::nullopt;
    }
    const RateDecision rate =
        rate_limit_.take(principal.value->user, services_.clock.monotonic_ns());
    if (!rate.allowed) {
        return std::nullopt;
    }
    http::Response response = std::move(*cached);
    if (const std::string* etag = response.header("ETag");
        etag != nullptr && not_modified(request, *etag)) {
        response.status = 304;
        response.body = nullptr;
    }
    set_rate_headers(rate, response);
    finish(request, response);
    return response;
}

http::Response App::handle(const http::Request& request) {
    http::Response response = route_request(request);
    finish(request, response);
    return response;
}

http::Response App::route_request(const http::Request& request) {
    if (request.method == "OPTIONS" && request.target == "*") {
        http::Response response;
        response.status = 204;
        response.set("Allow", "GET, HEAD, POST, OPTIONS");
        return response;
    }
    RouteMatch match = router_.find(request.method, path_of(request));
    if (match.allowed.empty()) {
        return problem_response(
            {404, "not_found", fmt::format("there is nothing at {}", request.path), {}},
            request.id);
    }
    if (match.route == nullptr) {
        http::Response response;
        if (request.method == "OPTIONS") {
            response.status = 204;
        } else {
            response =
                problem_response({405,
                                  "method_not_allowed",
                                  fmt::format("{} takes {}", request.path, joined(match.allowed)),
                                  {}},
                                 request.id);
        }
        response.set("Allow", joined(match.allowed));
        return response;
    }
    Call call{request, *match.route, std::move(match.path_values), std::nullopt};
    RateDecision rate;
    std::optional<http::Response> refused = admit(call, rate);
    http::Response response =
        refused ? std::move(*refused)
        : call.route.idempotent_post && request.header("idempotency-key") != nullptr
            ? run_idempotent(call)
            : call.route.handler(*this, call);
    if (call.route.cached && response.status == 200) {
        const std::string* etag = response.header("ETag");
        if (etag != nullptr && not_modified(request, *etag)) {
            response.status = 304;
            response.body = nullptr;
        }
    }
    set_rate_headers(rate, response);
    return response;
}

std::optional<http::Response> App::admit(Call& call, RateDecision& rate) {
    const http::Request& request = call.request;
    std::string caller = "address:" + request.address;
    if (call.route.access != Access::kPublic) {
        const auto token = bearer_token(request);
        Outcome<Principal> principal;
        principal.refused.message = "send 'Authorization: Bearer TOKEN'; POST /login answers one";
        if (token) {
            auto verified = services_.accounts.verify_anew(*token);
            if (!verified.ok()) {
                return failure(call, verified.error());
            }
            principal = *std::move(verified);
        }
        if (!principal.value) {
            http::Response response = problem(
                call,
                {401, token ? "token.invalid" : "token.missing", principal.refused.message, {}});
            response.set("WWW-Authenticate",
                         token ? R"(Bearer realm="muster", error="invalid_token")"
                               : R"(Bearer realm="muster")");
            return response;
        }
        call.principal = std::move(*principal.value);
        caller = "user:" + call.principal->user;
        if (!may(call.principal->role, call.route.access)) {
            return problem(
                call,
                {403,
                 "role",
                 fmt::format("the role {} does not allow it", role_text(call.principal->role)),
                 {}});
        }
    }
    rate = rate_limit_.take(caller, services_.clock.monotonic_ns());
    if (!rate.allowed) {
        http::Response response =
            problem(call, {429, "rate_limit", "too many requests; come back later", {}});
        response.set("Retry-After", std::to_string(std::max<std::int64_t>(1, rate.retry_seconds)));
        return response;
    }
    if (const auto bad = check_query(call)) {
        return problem(call, *bad);
    }
    const auto types = success_types(call.route);
    if (!types.empty() && !negotiate(request, types)) {
        return problem(call, {406, "not_acceptable", "offered are " + joined(types), {}});
    }
    if (const auto bad = check_content_type(call)) {
        return problem(call, *bad);
    }
    const std::string* key = request.header("idempotency-key");
    if (call.route.idempotent_post && key != nullptr && !valid_idempotency_key(*key)) {
        const std::string detail = "Idempotency-Key must be 1 to 255 visible ASCII characters";
        return problem(
            call,
            {422, "parameter.invalid", detail, {{"Idempotency-Key", "parameter.invalid", detail}}});
    }
    return std::nullopt;
}

// One request per key at a time. Row requests store their answer with the rows; the others here.
http::Response App::run_idempotent(const Call& call) {
    const std::string& key = *call.request.header("idempotency-key");
    const std::string scope = idempotency_scope(call);
    const std::string flight = scope + "\n" + key;
    {
        const std::lock_guard lock{flight_mutex_};
        if (!in_flight_.insert(flight).second) {
            return problem(call,
                           {409,
                            "idempotency.in_flight",
                            "a request with this Idempotency-Key is at work; try again later",
                            {}});
        }
    }
    const auto leave = [this, &flight](http::Response response) {
        const std::lock_guard lock{flight_mutex_};
        in_flight_.erase(flight);
        return response;
    };
    if (call.route.keeps_answer) {
        return leave(call.route.handler(*this, call));
    }
    StateStore& state = services_.warehouse.state();
    const std::int64_t now_us = services_.clock.now_us();
    // The scope names the route; which of its paths, and with what parameters, is the payload's.
    const std::string payload = payload_hash(call.request.target + "\n" + call.request.body);
    const auto stored = state.find_answer(scope, key, now_us);
    if (!stored.ok()) {
        return leave(failure(call, stored.error()));
    }
    if (stored->has_value()) {
        return leave((*stored)->payload_hash == payload
                         ? replayed_response((*stored)->answer)
                         : problem(call,
                                   {422,
                                    "idempotency.payload",
                                    "this Idempotency-Key was used with another payload",
                                    {}}));
    }
    http::Response response = call.route.handler(*this, call);
    if (response.status < 300) {
        const auto kept = state.store_answer({scope, key, payload},
                                             stored_answer(response),
                                             now_us + kIdempotencySeconds * 1'000'000);
        if (!kept.ok()) {
            log_error(call.request, kept.error());
        }
    }
    return leave(std::move(response));
}

void App::finish(const http::Request& request, http::Response& response) const {
    if (response.header("Cache-Control") == nullptr) {
        response.set("Cache-Control", "no-store");
    }
    response.set("X-Content-Type-Options", "nosniff");
    const std::int64_t taken_ns = services_.clock.monotonic_ns() - request.received_ns;
    response.set("Server-Timing",
                 fmt::format("app;dur={:.3f}", static_cast<double>(taken_ns) * 1e-6));
}

void App::done(const http::Request& request, int status, std::size_t bytes, std::int64_t taken_ns) {
    const RouteMatch match = router_.find(request.method, path_of(request));
    const double seconds = static_cast<double>(taken_ns) * 1e-9;
    metrics_.observe_request(match.route != nullptr ? match.route->method : "other",
                             match.route != nullptr ? match.route->pattern : "other",
                             status,
                             seconds);
    if (!options_.log_requests || !options_.log) {
        return;
    }
    const std::string path = request.path.empty() ? "-" : request.path;
    const std::string line = options_.log_json
                                 ? JsonObject{}
                                       .text("time", format_timestamp_us(services_.clock.now_us()))
                                       .text("level", "info")
                                       .text("event", "request")
                                       .text("request_id", request.id)
                                       .text("method", request.method)
                                       .text("path", path)
                                       .number("status", status)
                                       .number("bytes", bytes)
                                       .raw("ms", fmt::format("{:.3f}", seconds * 1e3))
                                       .text("address", request.address)
                                       .str()
                                 : fmt::format("{} {} {} {} {} {}B {:.3f}ms {}",
                                               format_timestamp_us(services_.clock.now_us()),
                                               request.address,
                                               request.method,
                                               json_quote(path),
                                               status,
                                               bytes,
                                               seconds * 1e3,
                                               request.id);
    log_line(line);
}

void App::log_line(const std::string& line) {
    const std::lock_guard lock{log_mutex_};
    if (options_.log) {
        options_.log(line);
    }
}

}  // namespace muster
