#include "warehouse/postgres/row_stream.h"

namespace muster {

namespace {

constexpr std::string_view kReadOnly = "25006";

}  // namespace

Result<std::unique_ptr<RowStream>> PostgresRowStream::open(
    PostgresPool::Lease lease,
    const std::string& sql,
    const PgParams& params,
    std::optional<std::vector<ResultColumn>> columns) {
    std::unique_ptr<PostgresRowStream> made(new PostgresRowStream(std::move(lease)));
    MUSTER_ASSIGN(auto transaction, PgTransaction::open(*made->lease_, "READ ONLY"));
    made->transaction_.emplace(std::move(transaction));
    auto stream = PgStream::open(*made->lease_, sql, params);
    if (!stream.ok()) {
        Error error = std::move(stream).error();
        if (made->lease_->sqlstate() == kReadOnly) {
            error.code = ErrorCode::kUsage;
            error.hint = "a query is one SELECT that changes nothing";
        }
        return error;
    }
    made->stream_.emplace(std::move(stream).value());
    if (columns) {
        made->columns_ = *std::move(columns);
    } else {
        const PgRows& first = made->stream_->row();
        for (std::size_t i = 0; i < first.column_count(); ++i) {
            const PgRows::Type type = first.column_type(i);
            made->columns_.push_back({first.column_name(i), type.type});
        }
    }
    return std::unique_ptr<RowStream>(std::move(made));
}

Result<bool> PostgresRowStream::next(std::vector<Value>& row) {
    MUSTER_ASSIGN(const bool more, stream_->next());
    if (!more) {
        return false;
    }
    row.clear();
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        MUSTER_ASSIGN(auto value, stream_->row().value(i, columns_[i].type));
        row.push_back(std::move(value));
    }
    return true;
}

}  // namespace muster
