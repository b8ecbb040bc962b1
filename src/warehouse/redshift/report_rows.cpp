#include "warehouse/redshift/report_rows.h"

namespace muster::redshift {

Result<std::unique_ptr<RowStream>> ReportRows::open(PostgresPool::Lease lease,
                                                    const std::string& sql,
                                                    const PgParams& params,
                                                    std::vector<ResultColumn> columns) {
    std::unique_ptr<ReportRows> made(new ReportRows(std::move(lease), std::move(columns)));
    MUSTER_ASSIGN(auto transaction, PgTransaction::open(*made->lease_, "READ ONLY"));
    made->transaction_.emplace(std::move(transaction));
    MUSTER_ASSIGN(auto stream, PgStream::open(*made->lease_, sql, params));
    made->stream_.emplace(std::move(stream));
    MUSTER_TRY(made->find_columns());
    return std::unique_ptr<RowStream>(std::move(made));
}

Result<void> ReportRows::find_columns() {
    const PgRows& first = stream_->row();
    for (const ResultColumn& column : columns_) {
        std::size_t place = 0;
        while (place < first.column_count() && first.column_name(place) != column.name) {
            ++place;
        }
        if (place == first.column_count()) {
            return Error{ErrorCode::kUsage,
                         "the result has no column " + column.name,
                         "declare the columns that the SQL gives, in lower case",
                         ""};
        }
        places_.push_back(place);
    }
    return {};
}

Result<bool> ReportRows::next(std::vector<Value>& row) {
    MUSTER_ASSIGN(const bool more, stream_->next());
    if (!more) {
        return false;
    }
    row.clear();
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        MUSTER_ASSIGN(auto value, stream_->row().value(places_[i], columns_[i].type));
        row.push_back(std::move(value));
    }
    return true;
}

}  // namespace muster::redshift
