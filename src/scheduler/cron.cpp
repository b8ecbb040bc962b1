#include "scheduler/cron.h"

#include "core/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace muster {
namespace {

using std::string_view;

constexpr std::array<string_view, 12> kMonthNames = {
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<string_view, 7> kWeekdayNames = {
    "sun", "mon", "tue", "wed", "thu", "fri", "sat"};
constexpr std::array<int, 13> kDaysOfMonthMax = {0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
constexpr std::size_t kFieldsCount = 5;

struct FieldSpec {
    string_view name;
    int min;
    int max;
    std::span<const string_view> names;  // the first stands for `min`
    string_view allowed;
};

constexpr std::array<FieldSpec, kFieldsCount> kFields = {{
    {"minute", 0, 59, {}, "0 to 59"},
    {"hour", 0, 23, {}, "0 to 23"},
    {"day-of-month", 1, 31, {}, "1 to 31"},
    {"month", 1, 12, kMonthNames, "1 to 12 or JAN to DEC"},
    {"day-of-week", 0, 7, kWeekdayNames, "0 to 7 (0 and 7 are Sunday) or SUN to SAT"},
}};
constexpr const FieldSpec& kWeekday = kFields[4];

constexpr std::array<std::pair<string_view, string_view>, 7> kNicknames = {{
    {"@hourly", "0 * * * *"},
    {"@daily", "0 0 * * *"},
    {"@midnight", "0 0 * * *"},
    {"@weekly", "0 0 * * 0"},
    {"@monthly", "0 0 1 * *"},
    {"@yearly", "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
}};

bool is_space(char c) { return c == ' ' || c == '\t'; }

std::vector<string_view> words_of(string_view text) {
    std::vector<string_view> words;
    std::size_t at = 0;
    while (true) {
        while (at < text.size() && is_space(text[at])) {
            ++at;
        }
        if (at == text.size()) {
            return words;
        }
        const std::size_t begin = at;
        while (at < text.size() && !is_space(text[at])) {
            ++at;
        }
        words.push_back(text.substr(begin, at - begin));
    }
}

// One field of an expression.
class FieldParser {
  public:
    FieldParser(const FieldSpec& spec, string_view text) : spec_(spec), text_(text) {}

    Result<std::uint64_t> parse() {
        std::uint64_t bits = 0;
        string_view rest = text_;
        while (true) {
            const std::size_t comma = rest.find(',');
            MUSTER_ASSIGN(const auto part, parse_part(rest.substr(0, comma)));
            bits |= part;
            if (comma == string_view::npos) {
                return bits;
            }
            rest.remove_prefix(comma + 1);
        }
    }

  private:
    Error error(const std::string& why) const {
        return Error{ErrorCode::kUsage,
                     fmt::format("{} '{}': {}", spec_.name, text_, why),
                     fmt::format("allowed are {}, '*', lists such as {},{}, ranges such as {}-{}, "
                                 "and steps such as */2",
                                 spec_.allowed,
                                 spec_.min,
                                 spec_.min + 2,
                                 spec_.min,
                                 spec_.min + 2)};
    }

    Result<std::uint64_t> parse_part(string_view part) const {
        const std::size_t slash = part.find('/');
        const string_view range = part.substr(0, slash);
        int step = 1;
        if (slash != string_view::npos) {
            const std::optional<int> read = number(part.substr(slash + 1));
            if (!read || *read < 1 || *read > spec_.max - spec_.min) {
                return error(fmt::format("the step '{}' is no number from 1 to {}",
                                         part.substr(slash + 1),
                                         spec_.max - spec_.min));
            }
            step = *read;
        }
        if (range == "*") {
            return bits_of(spec_.min, spec_.max, step);
        }
        const std::size_t dash = range.find('-');
        MUSTER_ASSIGN(const int low, value(range.substr(0, dash)));
        if (dash == string_view::npos) {
            if (slash != string_view::npos) {
                return error(
                    fmt::format("a step needs a range: write {0}-{1}/{2} for every {2} "
                                "from {0}",
                                low,
                                spec_.max,
                                step));
            }
            return bits_of(low, low, 1);
        }
        MUSTER_ASSIGN(int high, value(range.substr(dash + 1)));
        if (&spec_ == &kWeekday && ascii_lower(range.substr(dash + 1)) == kWeekdayNames[0]) {
            high = spec_.max;  // FRI-SUN
        }
        if (high < low) {
            return error(
                fmt::format("the range '{}' ends before it begins; write two ranges", range));
        }
        return bits_of(low, high, step);
    }

    static std::optional<int> number(string_view text) {
        int value = 0;
        const char* end = text.data() + text.size();
        const auto [rest, status] = std::from_chars(text.data(), end, value);
        const bool digits = !text.empty() && text.front() >= '0' && text.front() <= '9';
        return digits && status == std::errc{} && rest == end ? std::optional{value} : std::nullopt;
    }

    Result<int> value(string_view text) const {
        const std::string lower = ascii_lower(text);
        const auto found = std::find(spec_.names.begin(), spec_.names.end(), lower);
        if (found != spec_.names.end()) {
            return spec_.min + static_cast<int>(found - spec_.names.begin());
        }
        const std::optional<int> read = number(text);
        if (!read) {
            return error(text.empty() ? std::string{"a value is missing"}
                                      : fmt::format("'{}' is no value", text));
        }
        if (*read < spec_.min || *read > spec_.max) {
            return error(fmt::format("{} is not within {} to {}", *read, spec_.min, spec_.max));
        }
        return *read;
    }

    std::uint64_t bits_of(int low, int high, int step) const {
        std::uint64_t bits = 0;
        for (int i = low; i <= high; i += step) {
            bits |= std::uint64_t{1} << (&spec_ == &kWeekday ? i % 7 : i);
        }
        return bits;
    }

    const FieldSpec& spec_;
    const string_view text_;
};

bool fires(const CronFields& fields) {
    if (fields.either_day) {
        return true;
    }
    for (int month = 1; month <= 12; ++month) {
        const std::uint64_t days =
            (std::uint64_t{2} << kDaysOfMonthMax.at(static_cast<std::size_t>(month))) - 1;
        if ((fields.months >> month & 1U) != 0 && (fields.days & days) != 0) {
            return true;
        }
    }
    return false;
}

Result<string_view> expand_nickname(string_view text) {
    std::vector<std::string> names;
    for (const auto& [name, expression] : kNicknames) {
        if (name == ascii_lower(text)) {
            return expression;
        }
        names.emplace_back(name);
    }
    return Error{ErrorCode::kUsage,
                 fmt::format("'{}' is not known{}", text, did_you_mean(text, names)),
                 "allowed are @hourly, @daily, @weekly, @monthly and @yearly"};
}

}  // namespace

Result<Cron> Cron::parse(string_view text) {
    std::vector<string_view> words = words_of(text);
    std::string written;
    for (const string_view word : words) {
        written += written.empty() ? "" : " ";
        written += word;
    }
    if (words.size() == 1 && words[0].starts_with('@')) {
        MUSTER_ASSIGN(const string_view expression, expand_nickname(words[0]));
        words = words_of(expression);
    }
    if (words.size() != kFieldsCount) {
        return Error{ErrorCode::kUsage,
                     fmt::format("'{}' has {} fields, not 5", written, words.size()),
                     "write minute, hour, day-of-month, month and day-of-week, such as "
                     "'30 3 * * *' for every day at 03:30"};
    }
    std::array<std::uint64_t, kFieldsCount> bits{};
    for (std::size_t i = 0; i < kFieldsCount; ++i) {
        MUSTER_ASSIGN(bits[i], FieldParser(kFields[i], words[i]).parse());
    }
    const CronFields fields{
        .minutes = bits[0],
        .hours = bits[1],
        .days = bits[2],
        .months = bits[3],
        .weekdays = bits[4],
        .either_day = !words[2].starts_with('*') && !words[4].starts_with('*'),
        .fixed_time = !words[0].starts_with('*') && !words[1].starts_with('*'),
    };
    if (!fires(fields)) {
        return Error{ErrorCode::kUsage,
                     fmt::format("'{}' never fires: day-of-month '{}' does not come in month '{}'",
                                 written,
                                 words[2],
                                 words[3]),
                     "choose days that one of these months has"};
    }
    return Cron{std::move(written), fields};
}

}  // namespace muster
