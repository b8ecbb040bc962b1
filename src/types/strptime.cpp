#include "types/detail/strptime.h"

#include "types/detail/calendar.h"

#include <fmt/core.h>

#include <array>
#include <optional>

namespace muster {
namespace {

constexpr std::string_view kLetters = "YymbBdejHIMSfpzZTDFR%";
constexpr std::array<std::string_view, 12> kMonths = {"january",
                                                      "february",
                                                      "march",
                                                      "april",
                                                      "may",
                                                      "june",
                                                      "july",
                                                      "august",
                                                      "september",
                                                      "october",
                                                      "november",
                                                      "december"};

// The letters that stand for several others.
std::string_view expansion(char letter) {
    switch (letter) {
        case 'T':
            return "%H:%M:%S";
        case 'D':
            return "%m/%d/%y";
        case 'F':
            return "%Y-%m-%d";
        case 'R':
            return "%H:%M";
        default:
            return {};
    }
}

// Reads a text from left to right; every take_ function is false if the text does not go on so.
class FormatReader {
  public:
    explicit FormatReader(std::string_view text) : text_(text) {}

    bool match(std::string_view format) {
        for (std::size_t i = 0; i < format.size(); ++i) {
            if (format[i] != '%') {
                if (!take(format[i])) {
                    return false;
                }
                continue;
            }
            const char letter = format[++i];
            const std::string_view letters = expansion(letter);
            if (letters.empty() ? !match_letter(letter) : !match(letters)) {
                return false;
            }
        }
        return true;
    }

    DecodeStatus finish(std::int64_t& out) {
        if (at_ != text_.size()) {
            return DecodeStatus::kMalformed;
        }
        if (hour_12_) {
            parts_.hour = *hour_12_ % 12 + (afternoon_ ? 12 : 0);
        }
        if (day_of_year_) {
            int day = *day_of_year_;
            if (day > (is_leap_year(parts_.year) ? 366 : 365)) {
                return DecodeStatus::kMalformed;
            }
            parts_.month = 1;
            while (day > days_in_month(parts_.year, parts_.month)) {
                day -= days_in_month(parts_.year, parts_.month++);
            }
            parts_.day = day;
        }
        return timestamp_from_parts(parts_, out);
    }

  private:
    bool match_letter(char letter) {
        switch (letter) {
            case 'Y':
                return take_number(4, 4, 0, 9999, parts_.year);
            case 'y':
                return take_short_year();
            case 'm':
                return take_number(1, 2, 1, 12, parts_.month);
            case 'b':
            case 'B':
                return take_month_name();
            case 'e':
                take(' ');
                return take_number(1, 2, 1, 31, parts_.day);
            case 'd':
                return take_number(1, 2, 1, 31, parts_.day);
            case 'j':
                return take_number(1, 3, 1, 366, day_of_year_.emplace());
            case 'H':
                return take_number(1, 2, 0, 23, parts_.hour);
            case 'I':
                return take_number(1, 2, 1, 12, hour_12_.emplace());
            case 'M':
                return take_number(1, 2, 0, 59, parts_.minute);
            case 'S':
                return take_number(1, 2, 0, 59, parts_.second);
            case 'f':
                return read_fraction(text_, at_, parts_.micros);
            case 'p':
                return take_half_day();
            case 'z':
                return take_offset();
            case 'Z':
                return take_word("utc") || take_word("gmt") || take_word("z");
            default:
                return take(letter);
        }
    }

    bool take(char c) {
        if (at_ < text_.size() && text_[at_] == c) {
            ++at_;
            return true;
        }
        return false;
    }

    bool take_word(std::string_view lower) {
        if (text_.size() - at_ < lower.size()) {
            return false;
        }
        for (std::size_t i = 0; i < lower.size(); ++i) {
            const char c = text_[at_ + i];
            if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c) != lower[i]) {
                return false;
            }
        }
        at_ += lower.size();
        return true;
    }

    bool take_number(std::size_t digits_min, std::size_t digits_max, int min, int max, int& out) {
        int value = 0;
        std::size_t digits = 0;
        for (; digits < digits_max && at_ < text_.size() && is_digit(text_[at_]); ++digits) {
            value = value * 10 + (text_[at_++] - '0');
        }
        out = value;
        return digits >= digits_min && value >= min && value <= max;
    }

    // POSIX: 69..99 are of the 20th century, 00..68 of the 21st.
    bool take_short_year() {
        int year = 0;
        if (!take_number(2, 2, 0, 99, year)) {
            return false;
        }
        parts_.year = year + (year < 69 ? 2000 : 1900);
        return true;
    }

    bool take_month_name() {
        for (std::size_t i = 0; i < kMonths.size(); ++i) {
            if (take_word(kMonths[i]) || take_word(kMonths[i].substr(0, 3))) {
                parts_.month = static_cast<int>(i) + 1;
                return true;
            }
        }
        return false;
    }

    bool take_half_day() {
        afternoon_ = take_word("pm");
        return afternoon_ || take_word("am");
    }

    // Z, +05:30, +0530 or +05.
    bool take_offset() {
        if (take('Z') || take('z')) {
            return true;
        }
        const bool negative = take('-');
        if (!negative && !take('+')) {
            return false;
        }
        int hours = 0;
        int minutes = 0;
        if (!take_number(2, 2, 0, 23, hours)) {
            return false;
        }
        const bool minutes_follow = take(':') || (at_ < text_.size() && is_digit(text_[at_]));
        if (minutes_follow && !take_number(2, 2, 0, 59, minutes)) {
            return false;
        }
        parts_.offset_minutes = (hours * 60 + minutes) * (negative ? -1 : 1);
        return true;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    TimestampParts parts_;
    std::optional<int> hour_12_;
    std::optional<int> day_of_year_;
    bool afternoon_ = false;
};

// The letters of a format, shorthands written out, or the first letter that is unknown.
std::string written_out(std::string_view format, std::string& problem) {
    std::string letters;
    for (std::size_t i = 0; i < format.size(); ++i) {
        if (format[i] != '%') {
            continue;
        }
        if (++i == format.size()) {
            problem = "it ends in a lone '%'; write '%%' for a percent sign";
            return letters;
        }
        if (kLetters.find(format[i]) == std::string_view::npos) {
            problem = fmt::format(
                "'%{}' is unknown; known are %Y %y %m %b %B %d %e %j %H %I %M %S %f %p %z %Z %T %D "
                "%F %R %%",
                format[i]);
            return letters;
        }
        const std::string_view longer = expansion(format[i]);
        if (longer.empty()) {
            letters += format[i];
        } else {
            letters += written_out(longer, problem);
        }
    }
    return letters;
}

}  // namespace

DecodeStatus decode_by_format(std::string_view text, std::string_view format, std::int64_t& out) {
    FormatReader reader{text};
    return reader.match(format) ? reader.finish(out) : DecodeStatus::kMalformed;
}

std::string timestamp_format_problem(std::string_view format) {
    std::string problem;
    const std::string letters = written_out(format, problem);
    if (!problem.empty()) {
        return problem;
    }
    const auto count = [&](std::string_view set) {
        std::size_t found = 0;
        for (const char letter : letters) {
            found += set.find(letter) != std::string_view::npos ? 1U : 0U;
        }
        return found;
    };
    for (const std::string_view group : {"Yy", "mbB", "de", "j", "HI", "M", "S", "f", "p", "zZ"}) {
        if (count(group) > 1) {
            return fmt::format("more than one letter sets the same part (%{})", group.front());
        }
    }
    if (count("Yy") == 0) {
        return "it has no year (%Y or %y)";
    }
    if (count("j") == 0 ? count("mbB") == 0 || count("de") == 0 : count("mbBde") != 0) {
        return "it needs a month and a day (%m and %d) or the day of the year (%j)";
    }
    if (count("I") != count("p")) {
        return "%I and %p belong together; use %H for a 24-hour clock";
    }
    return {};
}

}  // namespace muster
