// What handlers share: media types, preferences, versions, small answers.
#include "api/app.h"
#include "core/text.h"

#include <fmt/core.h>
#include <xxhash.h>

#include <algorithm>
#include <charconv>

namespace muster {
namespace {

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
        text.remove_prefix(1);
    }
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
        text.remove_suffix(1);
    }
    return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (true) {
        const std::size_t at = text.find(separator);
        parts.push_back(trimmed(text.substr(0, at)));
        if (at == std::string_view::npos) {
            return parts;
        }
        text.remove_prefix(at + 1);
    }
}

struct Range {
    std::string type;  // "text/csv", "text/*", "*/*"
    int quality = 1000;
};

// "0.8" in thousandths (RFC 9110, 12.4.2).
int quality_of(std::string_view text) {
    double value = 1;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    static_cast<void>(end);
    return failed == std::errc{} ? static_cast<int>(std::clamp(value, 0.0, 1.0) * 1000) : 1000;
}

std::vector<Range> accepted(const http::Request& request) {
    const std::string* header = request.header("accept");
    if (header == nullptr || trimmed(*header).empty()) {
        return {{"*/*"}};
    }
    std::vector<Range> ranges;
    for (const std::string_view item : split(*header, ',')) {
        const auto parts = split(item, ';');
        Range range{ascii_lower(parts[0])};
        for (std::size_t i = 1; i < parts.size(); ++i) {
            if (parts[i].starts_with("q=") || parts[i].starts_with("Q=")) {
                range.quality = quality_of(parts[i].substr(2));
            }
        }
        ranges.push_back(std::move(range));
    }
    return ranges;
}

// The quality of the most specific range that holds the type; -1 if none does.
int quality_for(const std::vector<Range>& ranges, const std::string& type) {
    const std::string any_subtype = type.substr(0, type.find('/')) + "/*";
    for (const std::string& wanted : {type, any_subtype, std::string{"*/*"}}) {
        for (const Range& range : ranges) {
            if (range.type == wanted) {
                return range.quality;
            }
        }
    }
    return -1;
}

}  // namespace

http::Response json_response(int status, std::string body) {
    return http::text_response(status, "application/json", std::move(body));
}

http::Response problem(const Call& call, const Problem& problem) {
    return problem_response(problem, call.request.id);
}

std::optional<std::string> negotiate(const http::Request& request,
                                     const std::vector<std::string>& types) {
    const auto ranges = accepted(request);
    std::optional<std::string> best;
    int best_quality = 0;
    for (const std::string& type : types) {
        if (const int quality = quality_for(ranges, type); quality > best_quality) {
            best = type;
            best_quality = quality;
        }
    }
    return best;
}

std::optional<Problem> read_limit(const std::string& text, std::int64_t most, std::int64_t& limit) {
    const char* end = text.data() + text.size();
    const auto [rest, failed] = std::from_chars(text.data(), end, limit);
    if (failed != std::errc{} || rest != end || limit < 1 || limit > most) {
        return parameter_problem("limit", fmt::format("must be a number from 1 to {}", most));
    }
    return std::nullopt;
}

bool prefers(const http::Request& request, std::string_view preference) {
    const std::string* header = request.header("prefer");
    if (header == nullptr) {
        return false;
    }
    for (const std::string_view item : split(*header, ',')) {
        if (ascii_lower(split(item, ';')[0]) == preference) {
            return true;
        }
    }
    return false;
}

bool not_modified(const http::Request& request, std::string_view etag) {
    const std::string* header = request.header("if-none-match");
    if (header == nullptr) {
        return false;
    }
    for (std::string_view item : split(*header, ',')) {
        if (item.starts_with("W/")) {
            item.remove_prefix(2);
        }
        if (item == etag || item == "*") {
            return true;
        }
    }
    return false;
}

std::string report_cache_key(const http::Request& request) {
    const std::string* accept = request.header("accept");
    return request.target + "\n" + (accept != nullptr ? *accept : "");
}

std::string idempotency_scope(const Call& call) {
    return fmt::format("{}\n{} {}",
                       call.principal ? call.principal->user : "",
                       call.request.method,
                       call.route.pattern);
}

std::string payload_hash(std::string_view body) {
    const XXH128_hash_t hash = XXH3_128bits(body.data(), body.size());
    return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

void App::audit(const Call& call, const std::string& action, const std::string& subject) {
    const auto kept =
        services_.warehouse.state().add_audit({.at_us = services_.clock.now_us(),
                                               .user = call.principal ? call.principal->user : "",
                                               .action = action,
                                               .subject = subject,
                                               .detail = "",
                                               .request_id = call.request.id});
    if (!kept.ok()) {
        log_error(call.request, kept.error());
    }
}

http::Response App::failure(const Call& call, const Error& error) {
    const Problem shown = problem_of(error);
    if (shown.status >= 500) {
        log_error(call.request, error);
    }
    return problem(call, shown);
}

void App::log_error(const http::Request& request, const Error& error) {
    if (!options_.log) {
        return;
    }
    const std::string now = format_timestamp_us(services_.clock.now_us());
    const std::string line =
        options_.log_json
            ? fmt::format(
                  R"({{"time":"{}","level":"error","request_id":{},"message":{},"detail":{}}})",
                  now,
                  json_quote(request.id),
                  json_quote(error.message),
                  json_quote(error.detail))
            : fmt::format(
                  "{} error {} {} {}", now, request.id, error.message, json_quote(error.detail));
    log_line(line);
}

}  // namespace muster
