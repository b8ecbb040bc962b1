// Members of the JSON that services answer with, where one that lacks is like one that is empty.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace muster::redshift {

inline std::string text_or_empty(simdjson::simdjson_result<simdjson::dom::element> member) {
    std::string_view text;
    return member.get_string().get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

inline std::int64_t number_or_zero(simdjson::simdjson_result<simdjson::dom::element> member) {
    std::int64_t number = 0;
    return member.get_int64().get(number) == simdjson::SUCCESS ? number : 0;
}

inline bool true_or_false(simdjson::simdjson_result<simdjson::dom::element> member) {
    bool truth = false;
    return member.get_bool().get(truth) == simdjson::SUCCESS && truth;
}

}  // namespace muster::redshift
