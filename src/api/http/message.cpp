#include "api/http/message.h"

#include "core/percent.h"
#include "core/text.h"

#include <algorithm>

namespace muster::http {
namespace {

bool same_name(std::string_view left, std::string_view right) {
    return left.size() == right.size() && ascii_lower(left) == ascii_lower(right);
}

}  // namespace

const std::string* Request::header(std::string_view name) const {
    const auto found = std::find_if(
        headers.begin(), headers.end(), [name](const auto& one) { return one.first == name; });
    return found == headers.end() ? nullptr : &found->second;
}

const std::string* Request::parameter(std::string_view name) const {
    const auto found = std::find_if(
        query.begin(), query.end(), [name](const auto& one) { return one.first == name; });
    return found == query.end() ? nullptr : &found->second;
}

void Response::set(std::string name, std::string value) {
    for (auto& [known, old] : headers) {
        if (same_name(known, name)) {
            old = std::move(value);
            return;
        }
    }
    headers.emplace_back(std::move(name), std::move(value));
}

const std::string* Response::header(std::string_view name) const {
    const auto found = std::find_if(headers.begin(), headers.end(), [name](const auto& one) {
        return same_name(one.first, name);
    });
    return found == headers.end() ? nullptr : &found->second;
}

Response text_response(int status, std::string content_type, std::string body) {
    Response response;
    response.status = status;
    response.set("Content-Type", std::move(content_type));
    response.body = std::make_shared<const std::string>(std::move(body));
    return response;
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && plus_is_space) {
            out += ' ';
        } else if (text[i] == '\0') {
            return std::nullopt;
        } else if (text[i] != '%') {
            out += text[i];
        } else {
            const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
            const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
            if (high < 0 || low < 0 || high * 16 + low == 0) {
                return std::nullopt;
            }
            out += static_cast<char>(high * 16 + low);
            i += 2;
        }
    }
    return out;
}

}  // namespace muster::http
