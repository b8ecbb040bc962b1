#include "backup/backup_name.h"

#include "core/check.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/text.h"

#include <fmt/format.h>

#include <algorithm>

namespace muster {
namespace {

constexpr std::size_t kStampBytes = sizeof("20261122T101530Z-7f3a") - 1;

bool digits(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool hex_digits(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    });
}

bool valid_stamp(std::string_view text) {
    return text.size() == kStampBytes && digits(text.substr(0, 8)) && text[8] == 'T' &&
           digits(text.substr(9, 6)) && text[15] == 'Z' && text[16] == '-' &&
           hex_digits(text.substr(17));
}

// The form of a table's name in a catalog.
bool valid_table(std::string_view text) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
    return !text.empty() && text.size() <= kNameBytesMax && letter(text.front()) &&
           std::all_of(text.begin(), text.end(), [&letter](char c) {
               return letter(c) || (c >= '0' && c <= '9');
           });
}

}  // namespace

bool BackupName::older_than(std::int64_t us) const {
    std::string time = format_timestamp_us(us);
    std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
    return stamp.substr(0, time.find('Z')) < time.substr(0, time.find_first_of(".Z"));
}

BackupName backup_name(const TableName& table, const RunId& run) {
    MUSTER_CHECK(run.str().size() >= kStampBytes);
    return {table.str(), run.str().substr(0, kStampBytes)};
}

Result<BackupName> parse_backup_name(std::string_view text) {
    if (text.size() > kStampBytes + 1) {
        const std::string_view stamp = text.substr(text.size() - kStampBytes);
        const std::string_view table = text.substr(0, text.size() - kStampBytes - 1);
        if (text[table.size()] == '-' && valid_stamp(stamp) && valid_table(table)) {
            return BackupName{std::string(table), std::string(stamp)};
        }
    }
    return Error{ErrorCode::kNotFound,
                 fmt::format("there is no backup '{}'", printable(text.substr(0, 128))),
                 "a name looks like hired_employees-20261122T101530Z-7f3a; 'muster backup list'"
                 " shows them",
                 ""};
}

}  // namespace muster
