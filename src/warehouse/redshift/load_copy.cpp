// From the clean objects into a temporary table, by COPY.
#include "core/limits.h"
#include "warehouse/detail/table_sql.h"
#include "warehouse/duckdb/sql.h"
#include "warehouse/redshift/dialect.h"
#include "warehouse/redshift/load_errors.h"
#include "warehouse/redshift/load_job.h"
#include "warehouse/redshift/load_sql.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

namespace muster {
namespace {

constexpr const char* kParquetOptions =
    " (FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE 16384, USE_TMP_FILE false)";

bool may_be_too_long(const Column& column) {
    return column.type.kind == TypeKind::kString &&
           (!column.max_length || *column.max_length > redshift::kVarcharBytesMax /
                                                           4);  // a character has 4 bytes at most
}

}  // namespace

// Rows with a text that no column of Redshift can hold, into set_rejects with a reason each. A text
// within its max_length always fits.
Result<void> RedshiftLoadJob::find_unfit() {
    std::string reasons;
    std::string any;
    for (const Column& column : table_.columns) {
        if (!may_be_too_long(column)) {
            continue;
        }
        const std::string too_long = fmt::format(
            "strlen(w.{}) > {}", sql::identifier(column.name), redshift::kVarcharBytesMax);
        reasons += fmt::format(
            ", CASE WHEN {} THEN json_object('code', 'destination.rejected', 'column', {}, 'value',"
            " {}, 'message', {}) END",
            too_long,
            sql_text(column.name),
            sql::value_as_text(column, "w."),
            sql_text(fmt::format("has more than {} bytes, the most a column of Redshift holds",
                                 redshift::kVarcharBytesMax)));
        any += (any.empty() ? "" : " OR ") + too_long;
    }
    if (any.empty() || staged_ == 0) {
        return {};
    }
    MUSTER_ASSIGN(unfit_,
                  connection_.change("INSERT INTO set_rejects SELECT w._position, 'error', '[' ||"
                                     " concat_ws(','" +
                                     reasons + ") || ']' FROM winners w WHERE " + any));
    return {};
}

Result<redshift::StagedObject> RedshiftLoadJob::put_query(const std::string& file,
                                                          const std::string& select) {
    return staging_.put(folder_ + file, [&](const std::filesystem::path& path) -> Result<void> {
        return connection_.execute("COPY (" + select + ") TO " + sql_text(path.string()) +
                                   kParquetOptions);
    });
}

// The winners without the rows that do not fit.
Result<redshift::StagedObject> RedshiftLoadJob::write_fitting() {
    return put_query(kOwnObject,
                     "SELECT " + sql::column_list(table_, "w.") +
                         ", w._position FROM winners w ANTI JOIN (SELECT position FROM set_rejects"
                         " WHERE contains(reasons, '\"code\":\"destination.rejected\"')) u ON"
                         " u.position = w._position");
}

Result<std::vector<redshift::StagedObject>> RedshiftLoadJob::staged_objects() {
    std::vector<redshift::StagedObject> objects;
    for (const LoadObject& object : request_.objects) {
        if (object.scan.problem_code) {
            continue;
        }
        MUSTER_CHECK(object.parts.size() == object.scan.part_keys.size());
        for (std::size_t i = 0; i < object.parts.size(); ++i) {
            std::error_code failed;
            const auto bytes = std::filesystem::file_size(object.parts[i], failed);
            if (failed) {
                return Error{ErrorCode::kIo,
                             "cannot read " + object.parts[i].string() + ": " + failed.message(),
                             "run again",
                             ""};
            }
            objects.push_back({staging_.url(object.scan.part_keys[i]), bytes});
        }
    }
    return objects;
}

Result<void> RedshiftLoadJob::copy_objects(const std::string& relation,
                                           const std::string& manifest,
                                           const std::vector<redshift::StagedObject>& objects) {
    MUSTER_ASSIGN(const auto from, staging_.put_manifest(folder_ + manifest, objects));
    MUSTER_ASSIGN(const std::string copy, redshift::copy_parquet(relation, from));
    if (auto copied = redshift_.execute(copy); !copied.ok()) {
        return redshift::explain_copy(redshift_, std::move(copied).error(), table_.name.str());
    }
    return {};
}

Result<void> RedshiftLoadJob::remove_losers() {
    MUSTER_ASSIGN(const auto object, put_query("losers.parquet", "SELECT position FROM losers"));
    MUSTER_TRY(redshift_.execute(redshift::kLosersDrop));
    MUSTER_TRY(redshift_.execute(redshift::kLosersCreate));
    MUSTER_TRY(copy_objects("muster_losers", "losers.manifest", {object}));
    MUSTER_ASSIGN(const auto removed,
                  redshift_.change(redshift::delete_positions("muster_losers", "position")));
    static_cast<void>(removed);  // counted by expect_staged
    return {};
}

Result<void> RedshiftLoadJob::expect_staged(std::int64_t rows) {
    MUSTER_ASSIGN(const auto there, redshift_.scalar(redshift::kStagedCount));
    if (there == rows) {
        return {};
    }
    return Error{ErrorCode::kVerification,
                 fmt::format("table {}: the clean objects hold {} rows to load, Redshift has read"
                             " {}",
                             table_.name.str(),
                             rows,
                             there),
                 "nothing was changed; run again with --force to scan the objects anew",
                 ""};
}

Result<void> RedshiftLoadJob::copy() {
    // What a load left that was killed; no other load of this table is at work.
    MUSTER_TRY(clean_up());
    MUSTER_TRY(find_unfit());
    own_object_ = unfit_ > 0;
    MUSTER_TRY(redshift_.execute(redshift::kStageDrop));
    MUSTER_TRY(redshift_.execute(redshift::create_stage(table_, "muster_stage")));
    for (int tried = 1; staged_ - losers_ - unfit_ > 0; ++tried) {
        MUSTER_ASSIGN(const std::string copy, copy_statement());
        if (auto copied = redshift_.execute(copy); !copied.ok()) {
            MUSTER_TRY(take_refused(std::move(copied).error(), tried));
            continue;
        }
        if (losers_ > 0 && !own_object_) {
            MUSTER_TRY(remove_losers());
        }
        break;
    }
    return expect_staged(staged_ - losers_ - unfit_);
}

Result<std::string> RedshiftLoadJob::copy_statement() {
    std::vector<redshift::StagedObject> objects;
    if (own_object_) {
        MUSTER_ASSIGN(auto object, write_fitting());
        objects.push_back(std::move(object));
    } else {
        MUSTER_ASSIGN(objects, staged_objects());
    }
    MUSTER_ASSIGN(const auto from, staging_.put_manifest(folder_ + "rows.manifest", objects));
    return redshift::copy_parquet("muster_stage", from);
}

}  // namespace muster
