// Percent-encoding (RFC 3986, 2.1), read leniently: what is no escape stays as it is.
#pragma once

#include <string>
#include <string_view>

namespace muster {

// The value of a hexadecimal digit of either case; -1 if it is none.
constexpr int hex_digit(char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

// `plus_is_blank`: as forms are encoded.
std::string percent_decode_lenient(std::string_view text, bool plus_is_blank);

}  // namespace muster
