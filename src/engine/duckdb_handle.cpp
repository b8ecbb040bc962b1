#include "engine/detail/duckdb_handle.h"

#include <chrono>
#include <utility>

namespace muster {

namespace {

constexpr auto kCancelPollInterval = std::chrono::milliseconds(20);
constexpr std::size_t kAppenderFlushBytes = 8U << 20;

std::string quoted(std::string_view text, char quote) {
    std::string out(1, quote);
    for (const char c : text) {
        if (c == quote) {
            out += quote;
        }
        out += c;
    }
    out += quote;
    return out;
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

ErrorCode error_code_of(duckdb_error_type type, std::string_view text) {
    if (contains(text, "Could not set lock")) {
        return ErrorCode::kBusy;
    }
    // Errors of prepare carry no type, their text begins with its name.
    if (type == DUCKDB_ERROR_TRANSACTION || text.starts_with("TransactionContext Error")) {
        return ErrorCode::kUnavailable;
    }
    if (type == DUCKDB_ERROR_INTERRUPT || text.starts_with("INTERRUPT Error")) {
        return ErrorCode::kCancelled;
    }
    if (type == DUCKDB_ERROR_IO || type == DUCKDB_ERROR_OUT_OF_MEMORY ||
        text.starts_with("IO Error") || text.starts_with("Out of Memory Error")) {
        return ErrorCode::kIo;
    }
    return ErrorCode::kInternal;
}

std::size_t width_of(duckdb_vector vector) {
    duckdb_logical_type logical = duckdb_vector_get_column_type(vector);
    duckdb_type type = duckdb_get_type_id(logical);
    if (type == DUCKDB_TYPE_DECIMAL) {
        type = duckdb_decimal_internal_type(logical);
    }
    duckdb_destroy_logical_type(&logical);
    switch (static_cast<int>(type)) {
        case DUCKDB_TYPE_BOOLEAN:
        case DUCKDB_TYPE_TINYINT:
        case DUCKDB_TYPE_UTINYINT:
            return 1;
        case DUCKDB_TYPE_SMALLINT:
        case DUCKDB_TYPE_USMALLINT:
            return 2;
        case DUCKDB_TYPE_INTEGER:
        case DUCKDB_TYPE_UINTEGER:
        case DUCKDB_TYPE_DATE:
        case DUCKDB_TYPE_FLOAT:
            return 4;
        case DUCKDB_TYPE_VARCHAR:
        case DUCKDB_TYPE_BLOB:
        case DUCKDB_TYPE_HUGEINT:
        case DUCKDB_TYPE_UHUGEINT:
            return 16;
        default:
            return 8;
    }
}

}  // namespace

std::string sql_identifier(std::string_view name) { return quoted(name, '"'); }

std::string sql_text(std::string_view text) { return quoted(text, '\''); }

Error duckdb_error(duckdb_error_type type, std::string_view text, std::string_view operation) {
    Error error;
    error.code = error_code_of(type, text);
    error.message = std::string(operation) + ": " + std::string(text.substr(0, text.find('\n')));
    error.detail = std::string(text);
    if (error.code == ErrorCode::kBusy) {
        error.message = std::string(operation) + ": another process holds the database file";
        error.hint = "stop the other muster process, or wait until it is done";
    } else if (error.code == ErrorCode::kCancelled) {
        error.message = std::string(operation) + ": stopped on request";
    } else if (contains(text, "Out of Memory")) {
        error.hint = "raise --memory-limit, or make room in the temporary folder";
    } else if (contains(text, "No space left")) {
        error.hint = "make room on the disk and run again";
    }
    return error;
}

// --- QueryResult ---------------------------------------------------------------------------------

QueryResult::~QueryResult() { close(); }

QueryResult::QueryResult(QueryResult&& other) noexcept
    : result_(other.result_),
      open_(std::exchange(other.open_, false)),
      chunk_(std::exchange(other.chunk_, nullptr)),
      views_(std::move(other.views_)),
      row_(other.row_),
      rows_(other.rows_) {}

QueryResult& QueryResult::operator=(QueryResult&& other) noexcept {
    if (this != &other) {
        close();
        result_ = other.result_;
        open_ = std::exchange(other.open_, false);
        chunk_ = std::exchange(other.chunk_, nullptr);
        views_ = std::move(other.views_);
        row_ = other.row_;
        rows_ = other.rows_;
    }
    return *this;
}

void QueryResult::drop_chunk() {
    if (chunk_ != nullptr) {
        duckdb_destroy_data_chunk(&chunk_);
        chunk_ = nullptr;
    }
}

void QueryResult::close() {
    drop_chunk();
    if (open_) {
        duckdb_destroy_result(&result_);
        open_ = false;
    }
}

Result<bool> QueryResult::next() {
    ++row_;
    while (chunk_ == nullptr || row_ >= rows_) {
        drop_chunk();
        chunk_ = duckdb_fetch_chunk(result_);
        if (chunk_ == nullptr) {
            if (const char* text = duckdb_result_error(&result_); text != nullptr && *text != 0) {
                return duckdb_error(duckdb_result_error_type(&result_), text, "reading a result");
            }
            return false;
        }
        rows_ = duckdb_data_chunk_get_size(chunk_);
        row_ = 0;
        views_.clear();
        for (idx_t i = 0; i < duckdb_data_chunk_get_column_count(chunk_); ++i) {
            duckdb_vector vector = duckdb_data_chunk_get_vector(chunk_, i);
            views_.push_back({duckdb_vector_get_data(vector),
                              duckdb_vector_get_validity(vector),
                              duckdb_column_type(&result_, i),
                              width_of(vector)});
        }
    }
    return true;
}

bool QueryResult::is_null(std::size_t column) const {
    std::uint64_t* validity = views_[column].validity;
    return validity != nullptr && !duckdb_validity_row_is_valid(validity, row_);
}

const void* QueryResult::cell(std::size_t column) const {
    return static_cast<const char*>(views_[column].data) + row_ * views_[column].width;
}

std::int64_t QueryResult::int64(std::size_t column) const {
    const void* at = cell(column);
    switch (static_cast<int>(views_[column].type)) {
        case DUCKDB_TYPE_BOOLEAN:
        case DUCKDB_TYPE_UTINYINT:
            return *static_cast<const std::uint8_t*>(at);
        case DUCKDB_TYPE_TINYINT:
            return *static_cast<const std::int8_t*>(at);
        case DUCKDB_TYPE_SMALLINT:
            return *static_cast<const std::int16_t*>(at);
        case DUCKDB_TYPE_USMALLINT:
            return *static_cast<const std::uint16_t*>(at);
        case DUCKDB_TYPE_INTEGER:
        case DUCKDB_TYPE_DATE:
            return *static_cast<const std::int32_t*>(at);
        case DUCKDB_TYPE_UINTEGER:
            return *static_cast<const std::uint32_t*>(at);
        case DUCKDB_TYPE_HUGEINT:
            return static_cast<std::int64_t>(static_cast<const duckdb_hugeint*>(at)->lower);
        default:
            return *static_cast<const std::int64_t*>(at);
    }
}

double QueryResult::real(std::size_t column) const {
    if (views_[column].type == DUCKDB_TYPE_FLOAT) {
        return static_cast<double>(*static_cast<const float*>(cell(column)));
    }
    return *static_cast<const double*>(cell(column));
}

std::string_view QueryResult::text(std::size_t column) const {
    auto* string = const_cast<duckdb_string_t*>(static_cast<const duckdb_string_t*>(cell(column)));
    return {duckdb_string_t_data(string), duckdb_string_t_length(*string)};
}

// --- Statement -----------------------------------------------------------------------------------

Statement& Statement::add(std::int64_t value) {
    duckdb_bind_int64(statement_, ++bound_, value);
    return *this;
}

Statement& Statement::add(std::string_view value) {
    duckdb_bind_varchar_length(statement_, ++bound_, value.data(), value.size());
    return *this;
}

Statement& Statement::add(double value) {
    duckdb_bind_double(statement_, ++bound_, value);
    return *this;
}

Statement& Statement::add_null() {
    duckdb_bind_null(statement_, ++bound_);
    return *this;
}

namespace {

// The rows of a statement, or why there are none; takes the result over.
Result<QueryResult> executed(duckdb_state state, duckdb_result& result) {
    QueryResult rows(result);
    if (state == DuckDBError) {
        const char* text = duckdb_result_error(&rows.raw());
        return duckdb_error(duckdb_result_error_type(&rows.raw()),
                            text != nullptr ? text : "unknown error",
                            "running a statement");
    }
    return rows;
}

}  // namespace

Result<QueryResult> Statement::run() {
    duckdb_result result;
    const duckdb_state state = duckdb_execute_prepared(statement_, &result);
    return executed(state, result);
}

Result<QueryResult> Statement::stream() {
    duckdb_result result;
    const duckdb_state state = duckdb_execute_prepared_streaming(statement_, &result);
    return executed(state, result);
}

// --- Connection ----------------------------------------------------------------------------------

Connection::~Connection() {
    if (connection_ != nullptr) {
        duckdb_disconnect(&connection_);
    }
}

Result<QueryResult> Connection::query(const std::string& sql) {
    duckdb_result result;
    const duckdb_state state = duckdb_query(connection_, sql.c_str(), &result);
    return executed(state, result);
}

Result<void> Connection::execute(const std::string& sql) {
    MUSTER_ASSIGN(auto result, query(sql));
    return {};
}

Result<Statement> Connection::prepare(const std::string& sql) {
    duckdb_prepared_statement raw = nullptr;
    const duckdb_state state = duckdb_prepare(connection_, sql.c_str(), &raw);
    Statement statement(raw);
    if (state == DuckDBError) {
        const char* text = duckdb_prepare_error(raw);
        return duckdb_error(DUCKDB_ERROR_INVALID,
                            text != nullptr ? text : "unknown error",
                            "preparing a statement");
    }
    return statement;
}

// --- Transaction ---------------------------------------------------------------------------------

Result<Transaction> Transaction::open(Connection& connection) {
    MUSTER_TRY(connection.execute("BEGIN TRANSACTION"));
    return Transaction(connection);
}

Transaction::~Transaction() {
    if (connection_ != nullptr) {
        // A failure means that there is nothing left to roll back.
        static_cast<void>(connection_->execute("ROLLBACK").ok());
    }
}

Result<void> Transaction::commit() {
    MUSTER_TRY(connection_->execute("COMMIT"));
    connection_ = nullptr;
    return {};
}

// --- Appender ------------------------------------------------------------------------------------

Result<Appender> Appender::open(Connection& connection, const char* schema, const char* table) {
    duckdb_appender raw = nullptr;
    const duckdb_state state = duckdb_appender_create(connection.raw(), schema, table, &raw);
    Appender appender(raw);
    MUSTER_TRY(appender.check(state, "opening an appender"));
    return appender;
}

Appender::~Appender() {
    if (appender_ != nullptr) {
        duckdb_appender_destroy(&appender_);
    }
}

Result<void> Appender::check(duckdb_state state, const char* operation) {
    if (state != DuckDBError) {
        return {};
    }
    duckdb_error_data data = duckdb_appender_error_data(appender_);
    Error error = duckdb_error(
        duckdb_error_data_error_type(data), duckdb_error_data_message(data), operation);
    duckdb_destroy_error_data(&data);
    return error;
}

Appender& Appender::add(std::int64_t value) {
    duckdb_append_int64(appender_, value);
    bytes_ += sizeof value;
    return *this;
}

Appender& Appender::add(std::string_view text) {
    duckdb_append_varchar_length(appender_, text.data(), text.size());
    bytes_ += text.size() + 16;
    return *this;
}

Appender& Appender::add_blob(std::string_view bytes) {
    duckdb_append_blob(appender_, bytes.data(), bytes.size());
    bytes_ += bytes.size() + 16;
    return *this;
}

Result<void> Appender::end_row() {
    MUSTER_TRY(check(duckdb_appender_end_row(appender_), "appending a row"));
    if (bytes_ >= kAppenderFlushBytes) {
        bytes_ = 0;
        MUSTER_TRY(check(duckdb_appender_flush(appender_), "appending rows"));
    }
    return {};
}

Result<void> Appender::close() { return check(duckdb_appender_close(appender_), "appending rows"); }

// --- InterruptGuard ------------------------------------------------------------------------------

InterruptGuard::InterruptGuard(Connection& connection, const CancelToken* cancel) {
    if (cancel == nullptr) {
        return;
    }
    thread_ = std::thread([this, &connection, cancel] {
        std::unique_lock lock(mutex_);
        // An interrupt reaches only a running statement: repeat it until the work is left.
        while (!stopped_.wait_for(lock, kCancelPollInterval, [this] { return stop_; })) {
            if (cancel->cancelled()) {
                connection.interrupt();
            }
        }
    });
}

InterruptGuard::~InterruptGuard() {
    if (!thread_.joinable()) {
        return;
    }
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    stopped_.notify_one();
    thread_.join();
}

}  // namespace muster
