#include "accounts/detail/passwords.h"

#include "core/text.h"

#include <algorithm>
#include <array>

namespace muster {
namespace {

constexpr std::size_t kNameLettersMin = 3;
constexpr std::size_t kNameLettersMax = 64;
constexpr std::size_t kPasswordLettersMin = 8;
constexpr std::size_t kPasswordLettersMax = 128;

// What attackers try first, of those that are long enough. In lower case, sorted.
constexpr auto kCommonPasswords = std::to_array<std::string_view>(
    {"00000000",     "11111111",   "11223344",     "12121212",  "123123123",     "12345678",
     "123456789",    "1234567890", "12345678910",  "123456a@",  "123qwe123",     "1q2w3e4r",
     "1q2w3e4r5t",   "1qaz2wsx",   "1qaz2wsx3edc", "87654321",  "88888888",      "987654321",
     "99999999",     "a1234567",   "a12345678",    "aa123456",  "aaaaaaaa",      "abc12345",
     "abcd1234",     "abcdefgh",   "admin123",     "admin1234", "administrator", "asdasdasd",
     "asdf1234",     "asdfasdf",   "asdfghjk",     "asdfghjkl", "baseball",      "basketball",
     "butterfly",    "changeme",   "changeme123",  "charlie1",  "chocolate",     "computer",
     "corvette",     "default1",   "dragon123",    "einstein",  "football",      "football1",
     "iloveyou",     "iloveyou1",  "internet",     "jennifer",  "letmein1",      "letmein123",
     "liverpool",    "master123",  "mercedes",     "michael1",  "michelle",      "monkey123",
     "mustang1",     "muster123",  "p@ssw0rd",     "p@ssword",  "pa$$w0rd",      "passpass",
     "passw0rd",     "password",   "password!",    "password1", "password12",    "password123",
     "password1234", "password2",  "princess",     "princess1", "q1w2e3r4",      "q1w2e3r4t5",
     "qazwsxedc",    "qwer1234",   "qwerty12",     "qwerty123", "qwerty1234",    "qwertyui",
     "qwertyuiop",   "sample123",  "secret123",    "starwars",  "sunshine",      "sunshine1",
     "superman",     "test1234",   "testtest",     "trustno1",  "victoria",      "welcome1",
     "welcome123",   "whatever",   "zaq12wsx",     "zxcvbnm1",  "zxcvbnm123"});
static_assert(std::is_sorted(kCommonPasswords.begin(), kCommonPasswords.end()));

bool letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Of UTF-8 text.
std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    }));
}

}  // namespace

std::string normal_name(std::string_view name) { return ascii_lower(name); }

std::optional<std::string> name_fault(std::string_view name) {
    const bool letters = std::all_of(name.begin(), name.end(), [](char c) {
        return letter_or_digit(c) || c == '.' || c == '_' || c == '-';
    });
    if (name.size() < kNameLettersMin || name.size() > kNameLettersMax || !letters ||
        !letter_or_digit(name.front())) {
        return "a user name has 3 to 64 letters, digits, dots, hyphens or underscores and begins "
               "with a letter or digit";
    }
    return std::nullopt;
}

bool password_oversized(std::string_view password) {
    return characters(password) > kPasswordLettersMax || !valid_utf8(password);
}

std::optional<std::string> password_fault(std::string_view password, std::string_view name) {
    if (!valid_utf8(password)) {
        return "a password is text in UTF-8";
    }
    if (characters(password) < kPasswordLettersMin || password_oversized(password)) {
        return "a password has 8 to 128 characters";
    }
    const std::string lower = normal_name(password);
    if (lower == normal_name(name)) {
        return "the password is the user name";
    }
    if (std::binary_search(kCommonPasswords.begin(), kCommonPasswords.end(), lower)) {
        return "the password is among the most common ones";
    }
    return std::nullopt;
}

}  // namespace muster
