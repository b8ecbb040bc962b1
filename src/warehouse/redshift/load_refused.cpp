// Rows that Redshift itself refuses: COPY of Parquet fails as a whole and names some of them. They
// become rejects, and COPY is tried again without them.
#include "warehouse/duckdb/sql.h"
#include "warehouse/redshift/load_job.h"

#include <fmt/format.h>

#include <algorithm>

namespace muster {
namespace {

// A COPY may name no more than the first row that it meets, and each try writes the rest anew.
constexpr int kCopyTriesMax = 20;

}  // namespace

// What is to become of the error of a COPY: nothing, if rows were refused and the next may succeed.
Result<void> RedshiftLoadJob::take_refused(Error error, int tried) {
    if (!redshift_.usable() || error.code == ErrorCode::kCancelled) {
        return redshift::explain_copy(redshift_, std::move(error), table_.name.str());
    }
    const auto recorded = redshift::load_errors(redshift_);
    bool refused = false;
    if (recorded.ok()) {
        MUSTER_ASSIGN(refused, refuse_rows(*recorded));
    }
    error = redshift::explain_copy(std::move(error), table_.name.str(), recorded);
    if (!refused) {
        return error;
    }
    if (tried < kCopyTriesMax) {
        return {};
    }
    return Error{ErrorCode::kConflict,
                 fmt::format("table {}: Redshift refused rows in {} tries of COPY one after the"
                             " other, {} rows so far; the last: {}",
                             table_.name.str(),
                             tried,
                             unfit_,
                             error.message),
                 "nothing was changed; the rules of the column should refuse such values",
                 error.detail};
}

// False if none of the errors names a row that can be left out.
Result<bool> RedshiftLoadJob::refuse_rows(const std::vector<redshift::LoadError>& errors) {
    const std::string own_url = staging_.url(folder_ + kOwnObject);
    LocalCopy own;
    if (std::any_of(errors.begin(), errors.end(), [&own_url](const redshift::LoadError& error) {
            return error.line > 0 && error.object == own_url;
        })) {
        MUSTER_ASSIGN(ObjectStore * store, staging_.store());
        MUSTER_ASSIGN(own, store->path_for_read(ObjectKey(folder_ + kOwnObject)));
    }
    std::int64_t refused = 0;
    bool named = false;
    for (const redshift::LoadError& error : errors) {
        MUSTER_ASSIGN(const auto position, find_position(error, own.path));
        if (position) {
            named = true;
            MUSTER_ASSIGN(const auto added, refuse_row(*position, error));
            refused += added;
        }
    }
    unfit_ += refused;
    // A row that loses against another one is no reject; it is not in an object of our own.
    const bool without_losers = named && !own_object_;
    own_object_ = own_object_ || named;
    return refused > 0 || without_losers;
}

// Redshift's documentation does not say from where rows of Parquet are counted: taken as from 1,
// as lines are. A row that is not there is not guessed.
Result<std::optional<std::int64_t>> RedshiftLoadJob::find_position(
    const redshift::LoadError& error, const std::filesystem::path& own) {
    if (error.line < 1) {
        return std::optional<std::int64_t>();
    }
    std::filesystem::path file;
    if (error.object == staging_.url(folder_ + kOwnObject)) {
        file = own;
    }
    for (const LoadObject& object : request_.objects) {
        for (std::size_t i = 0; i < object.parts.size(); ++i) {
            if (staging_.url(object.scan.part_keys[i]) == error.object) {
                file = object.parts[i];
            }
        }
    }
    if (file.empty()) {
        return std::optional<std::int64_t>();
    }
    return position_of(file, error.line - 1);
}

// How many rows were added to the rejects: a row that is one already, or loses, is not.
Result<std::int64_t> RedshiftLoadJob::refuse_row(std::int64_t position,
                                                 const redshift::LoadError& error) {
    const Column* column = table_.find_column(error.column);
    return connection_.change(
        fmt::format(
            "INSERT INTO set_rejects SELECT w._position, 'error', '[' || json_object('code',"
            " 'destination.rejected', 'column', {}, 'value', {}, 'message', ?) || ']'"
            " FROM winners w WHERE w._position = ? AND w._position NOT IN"
            " (SELECT position FROM set_rejects)",
            column == nullptr ? "NULL" : sql_text(column->name),
            column == nullptr ? "NULL" : sql::value_as_text(*column, "w.")),
        std::string_view("Redshift refused the row: " + error.words),
        position);
}

}  // namespace muster
