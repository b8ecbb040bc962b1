#include "api/checks.h"

#include "core/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

namespace muster {
namespace {

constexpr std::string_view kBearer = "bearer ";

}  // namespace

bool may(Role role, Access access) {
    switch (access) {
        case Access::kPublic:
        case Access::kReader:
            return true;
        case Access::kWriter:
            return role == Role::kWriter || role == Role::kAdmin;
        case Access::kAdmin:
            return role == Role::kAdmin;
    }
    return false;
}

std::optional<std::string_view> bearer_token(const http::Request& request) {
    const std::string* header = request.header("authorization");
    if (header == nullptr || header->size() <= kBearer.size()) {
        return std::nullopt;
    }
    const std::string_view text = *header;
    const bool bearer = ascii_lower(text.substr(0, kBearer.size())) == kBearer;
    return bearer ? std::optional{text.substr(kBearer.size())} : std::nullopt;
}

std::vector<std::string> success_types(const Route& route) {
    std::vector<std::string> types;
    for (const RouteAnswer& answer : route.answers) {
        if (answer.status < 300) {
            types.insert(types.end(), answer.types.begin(), answer.types.end());
        }
    }
    return types;
}

std::optional<Problem> check_query(const Call& call) {
    std::set<std::string> seen;
    for (const auto& [name, value] : call.request.query) {
        const auto known = std::any_of(call.route.params.begin(),
                                       call.route.params.end(),
                                       [&name = name](const RouteParam& param) {
                                           return param.in == "query" && param.name == name;
                                       });
        if (!known || !seen.insert(name).second) {
            const std::string detail = known ? fmt::format("'{}' stands twice", name)
                                             : fmt::format("there is no parameter '{}'", name);
            return Problem{422, "parameter.unknown", detail, {{name, "parameter.unknown", detail}}};
        }
    }
    return std::nullopt;
}

std::optional<Problem> check_content_type(const Call& call) {
    if (!call.route.body || (call.request.body.empty() && !call.route.body->required)) {
        return std::nullopt;
    }
    const std::string* type = call.request.header("content-type");
    const std::string given = type == nullptr ? "" : type->substr(0, type->find_first_of("; \t"));
    const std::string& wanted = call.route.body->type;
    if (ascii_lower(given) == wanted) {
        return std::nullopt;
    }
    return Problem{415, "media_type", fmt::format("send the body as {}", wanted), {}};
}

bool valid_idempotency_key(const std::string& key) {
    constexpr std::size_t kKeyBytesMax = 255;
    return !key.empty() && key.size() <= kKeyBytesMax &&
           std::all_of(key.begin(), key.end(), [](char c) { return c >= '!' && c <= '~'; });
}

}  // namespace muster
