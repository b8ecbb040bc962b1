// RAII over DuckDB's C API, and its errors as Error. For engine and warehouse/duckdb only. None of
// these objects is shared between threads, except that interrupt() may be called from any.
#pragma once

#include "core/cancel.h"
#include "core/result.h"
#include "engine/detail/whole_writes.h"
#include "engine/engine.h"

#include <duckdb.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace muster {

// "name" with quotes doubled: the one way an identifier gets into SQL.
std::string sql_identifier(std::string_view name);
// 'text' with quotes doubled, for what cannot be bound (file names in table functions).
std::string sql_text(std::string_view text);

// `operation` says what was tried, for the message.
Error duckdb_error(duckdb_error_type type, std::string_view text, std::string_view operation);

// The rows of a result, chunk by chunk. Reads must match the column's type.
class QueryResult {
  public:
    QueryResult() = default;
    explicit QueryResult(duckdb_result result) : result_(result), open_(true) {}
    ~QueryResult();
    QueryResult(QueryResult&& other) noexcept;
    QueryResult& operator=(QueryResult&& other) noexcept;

    // Moves to the next row; false at the end.
    Result<bool> next();

    bool is_null(std::size_t column) const;
    // Of any integer, boolean, date or timestamp (microseconds) column.
    std::int64_t int64(std::size_t column) const;
    double real(std::size_t column) const;
    // Of a text or blob column; valid until the next chunk.
    std::string_view text(std::size_t column) const;
    // The value where it lies: the address of the row's element.
    const void* cell(std::size_t column) const;

    std::uint64_t rows_changed() { return duckdb_rows_changed(&result_); }
    std::size_t column_count() { return duckdb_column_count(&result_); }
    std::string column_name(std::size_t column) { return duckdb_column_name(&result_, column); }
    duckdb_type column_type(std::size_t column) { return duckdb_column_type(&result_, column); }
    duckdb_result& raw() { return result_; }

  private:
    struct ColumnView {
        void* data;
        std::uint64_t* validity;
        duckdb_type type;
        std::size_t width;
    };
    void close();
    void drop_chunk();

    duckdb_result result_{};
    bool open_ = false;
    duckdb_data_chunk chunk_ = nullptr;
    std::vector<ColumnView> views_;
    std::size_t row_ = 0;
    std::size_t rows_ = 0;
};

class Connection;

// A prepared statement. Parameters are bound in order by add(), or by name.
class Statement {
  public:
    Statement(duckdb_prepared_statement statement) : statement_(statement) {}
    ~Statement() { duckdb_destroy_prepare(&statement_); }
    Statement(Statement&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    Statement& add(std::int64_t value);
    Statement& add(std::string_view value);
    Statement& add(double value);
    Statement& add_null();

    Result<QueryResult> run();
    // Rows are made as they are asked for; the connection serves nothing else meanwhile.
    Result<QueryResult> stream();

    duckdb_prepared_statement raw() { return statement_; }

  private:
    duckdb_prepared_statement statement_;
    idx_t bound_ = 0;
};

class Connection {
  public:
    explicit Connection(duckdb_connection connection) : connection_(connection) {}
    ~Connection();
    Connection(Connection&& other) noexcept
        : connection_(std::exchange(other.connection_, nullptr)) {}
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // Runs SQL without parameters; several statements at once are allowed.
    Result<void> execute(const std::string& sql);
    Result<QueryResult> query(const std::string& sql);
    Result<Statement> prepare(const std::string& sql);
    // Binds the values in order and runs.
    template <typename... Values>
    Result<QueryResult> query(const std::string& sql, const Values&... values) {
        MUSTER_ASSIGN(auto statement, prepare(sql));
        (statement.add(values), ...);
        return statement.run();
    }
    template <typename... Values>
    Result<std::int64_t> scalar(const std::string& sql, const Values&... values) {
        MUSTER_ASSIGN(auto result, query(sql, values...));
        MUSTER_ASSIGN(const bool found, result.next());
        return found && !result.is_null(0) ? result.int64(0) : std::int64_t{0};
    }
    // The number of rows that the statement inserted or deleted.
    template <typename... Values>
    Result<std::int64_t> change(const std::string& sql, const Values&... values) {
        MUSTER_ASSIGN(auto result, query(sql, values...));
        return static_cast<std::int64_t>(result.rows_changed());
    }

    void interrupt() { duckdb_interrupt(connection_); }
    duckdb_connection raw() { return connection_; }

  private:
    duckdb_connection connection_;
};

// BEGIN in open(), ROLLBACK unless commit() succeeded.
class Transaction {
  public:
    static Result<Transaction> open(Connection& connection);
    ~Transaction();
    Transaction(Transaction&& other) noexcept
        : connection_(std::exchange(other.connection_, nullptr)) {}
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    Result<void> commit();

  private:
    explicit Transaction(Connection& connection) : connection_(&connection) {}
    Connection* connection_;
};

// Appends rows to a table, column by column.
class Appender {
  public:
    // `schema` may be null: the search path decides.
    static Result<Appender> open(Connection& connection, const char* schema, const char* table);
    ~Appender();
    Appender(Appender&& other) noexcept
        : appender_(std::exchange(other.appender_, nullptr)), bytes_(other.bytes_) {}
    Appender(const Appender&) = delete;
    Appender& operator=(const Appender&) = delete;

    Appender& add(std::int64_t value);
    Appender& add(std::string_view text);  // valid UTF-8
    Appender& add_blob(std::string_view bytes);
    // Ends the row; flushes when much is buffered, so that it can spill.
    Result<void> end_row();
    Result<void> close();

  private:
    explicit Appender(duckdb_appender appender) : appender_(appender) {}
    Result<void> check(duckdb_state state, const char* operation);

    duckdb_appender appender_;
    std::size_t bytes_ = 0;
};

// While it lives, a cancelled token interrupts the connection.
class InterruptGuard {
  public:
    InterruptGuard(Connection& connection, const CancelToken* cancel);
    ~InterruptGuard();
    InterruptGuard(const InterruptGuard&) = delete;
    InterruptGuard& operator=(const InterruptGuard&) = delete;

  private:
    std::mutex mutex_;
    std::condition_variable stopped_;
    bool stop_ = false;
    std::thread thread_;
};

class AvroScan;     // engine/detail/avro_scan.h
class RowScan;      // engine/detail/row_scan.h
struct ScanSource;  // engine/detail/scan_source.h

struct Engine::Handle {
    ~Handle();
    Result<Connection> connect();

    EngineOptions options;
    std::uint64_t engine_memory_bytes = 0;
    std::unique_ptr<WholeWrites> whole_writes;  // null in memory; until the database is closed
    duckdb_database database = nullptr;
    // Until the first warehouse is prepared on this instance: what the file says of living
    // processes was then written by one that is gone, as only one has the file open.
    std::atomic<bool> just_opened{true};

    // Sources of the table functions muster_scan, muster_read_avro and muster_read_rows, by the id
    // in the SQL.
    std::mutex sources_mutex;
    std::map<std::int64_t, ScanSource*> sources;
    std::map<std::int64_t, AvroScan*> avro_scans;
    std::map<std::int64_t, RowScan*> row_scans;
    std::int64_t source_id_next = 1;
};

// Registers muster_scan, muster_keep, muster_reject_id and the functions of archives. Called once
// per database.
Result<void> register_functions(Engine::Handle& handle);

}  // namespace muster
