#include "warehouse/postgres/refusals.h"

#include "core/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace muster {
namespace {

// By class, the first two letters. PostgreSQL: Appendix A, error codes.
constexpr std::array<std::string_view, 31> kNotTheRows = {
    "00", "01", "02", "03", "08", "0A", "0B", "0L", "0P", "0Z", "20", "21", "24", "25", "26", "28",
    "2B", "2D", "2F", "34", "3D", "3F", "40", "42", "53", "55", "57", "58", "72", "F0", "XX"};
constexpr std::string_view kLimitClass = "54";
constexpr std::string_view kRowTooLarge = "54000";  // for an index, for one

constexpr std::string_view kForeignKey = "23503";
constexpr std::string_view kUnique = "23505";
constexpr std::string_view kExclusion = "23P01";
// Rows that wait for each other in chains longer than this are few.
constexpr int kPassesMax = 5;

// Where rows are refused, so many have been written in vain; most are written once.
constexpr std::int64_t kTogether = 1024;

constexpr const char* kSave = "SAVEPOINT muster_rows";
constexpr const char* kKeep = "RELEASE SAVEPOINT muster_rows; SAVEPOINT muster_rows";
constexpr const char* kUndo = "ROLLBACK TO SAVEPOINT muster_rows";
constexpr const char* kEnd = "RELEASE SAVEPOINT muster_rows";

class Hunt {
  public:
    Hunt(PgConnection& connection, std::size_t refused_max, const WriteItems& write)
        : connection_(connection), refused_max_(refused_max), write_(write) {}

    Result<std::vector<RefusedItem>> run(std::int64_t count) {
        MUSTER_TRY(connection_.execute(kSave));
        MUSTER_TRY(halve(count));
        for (int pass = 0; pass < kPassesMax; ++pass) {
            MUSTER_ASSIGN(const bool any, try_again());
            if (!any) {
                break;
            }
        }
        MUSTER_TRY(connection_.execute(kEnd));
        std::vector<RefusedItem> refused;
        for (Found& found : found_) {
            refused.push_back(std::move(found.refused));
        }
        return refused;
    }

  private:
    struct Found {
        RefusedItem refused;
        bool may_pass_later = false;
    };

    Result<void> halve(std::int64_t count) {
        for (std::int64_t begin = 0; begin < count; begin += kTogether) {
            MUSTER_TRY(halve(begin, std::min(count, begin + kTogether)));
        }
        return {};
    }

    Result<void> halve(std::int64_t first, std::int64_t last) {
        std::vector<std::pair<std::int64_t, std::int64_t>> open{{first, last}};
        while (!open.empty()) {
            const auto [begin, end] = open.back();
            open.pop_back();
            if (begin >= end) {
                continue;
            }
            MUSTER_ASSIGN(const bool written, write(begin, end));
            if (written) {
                continue;
            }
            if (end - begin == 1) {
                found_.push_back(last_);
                found_.back().refused.item = begin;
                MUSTER_TRY(check_number());
                continue;
            }
            const std::int64_t middle = begin + (end - begin) / 2;
            open.emplace_back(middle, end);
            open.emplace_back(begin, middle);
        }
        return {};
    }

    // Whether any of the refused passed now.
    Result<bool> try_again() {
        std::vector<Found> still;
        for (const Found& found : found_) {
            const std::int64_t item = found.refused.item;
            bool written = false;
            if (found.may_pass_later) {
                MUSTER_ASSIGN(written, write(item, item + 1));
            }
            if (!written) {
                still.push_back(found);
            }
        }
        const bool any = still.size() < found_.size();
        found_ = std::move(still);
        return any;
    }

    // False if the server refuses the rows; then last_ tells why, and nothing of them is written.
    Result<bool> write(std::int64_t begin, std::int64_t end) {
        const auto done = write_(begin, end);
        if (done.ok()) {
            MUSTER_TRY(connection_.execute(kKeep));
            return true;
        }
        const std::string state = connection_.sqlstate();
        if (!connection_.usable() || !refuses_rows(state)) {
            return done.error();
        }
        last_ = {{0, connection_.server_message(), connection_.server_column()},
                 state == kForeignKey || state == kUnique || state == kExclusion};
        MUSTER_TRY(connection_.execute(kUndo));
        return false;
    }

    Result<void> check_number() const {
        if (found_.size() <= refused_max_) {
            return {};
        }
        return Error{
            ErrorCode::kConflict,
            fmt::format("the server refuses more than {} rows, this one among them: {}",
                        with_thousands(static_cast<std::int64_t>(refused_max_)),
                        last_.refused.message),
            "nothing was changed; correct the records, or the constraint or trigger of the table",
            ""};
    }

    PgConnection& connection_;
    const std::size_t refused_max_;
    const WriteItems& write_;
    std::vector<Found> found_;  // by item
    Found last_;
};

}  // namespace

bool refuses_rows(std::string_view sqlstate) {
    const std::string_view kind = sqlstate.substr(0, 2);
    if (kind.size() < 2) {
        return false;
    }
    if (kind == kLimitClass) {
        return sqlstate == kRowTooLarge;
    }
    return std::find(kNotTheRows.begin(), kNotTheRows.end(), kind) == kNotTheRows.end();
}

Result<std::vector<RefusedItem>> write_but_refused(PgConnection& connection,
                                                   std::int64_t count,
                                                   std::size_t refused_max,
                                                   const WriteItems& write) {
    return Hunt(connection, refused_max, write).run(count);
}

}  // namespace muster
