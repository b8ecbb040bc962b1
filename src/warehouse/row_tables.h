// Rows that are written or read a request at a time (architecture.md, decisions 3 to 5). Part of a
// Warehouse, which hands it out; thread-safe.
#pragma once

#include "catalog/catalog.h"
#include "core/result.h"
#include "engine/scan_object.h"
#include "validate/reject.h"
#include "warehouse/ledger.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace muster {

using Row = std::vector<Value>;  // one value per column, in the table's order

// One violated rule of one row of a request.
struct RowProblem {
    std::size_t index = 0;  // of the row in the request
    Reason reason;
};

// The answer that a repeated request gets (http-api.md, Idempotency-Key).
struct StoredAnswer {
    int status = 0;
    std::string headers;  // "Name: value\r\n" ...
    std::string body;
};

struct IdempotencyKey {
    std::string scope;  // user, method and path
    std::string key;
    std::string payload_hash;
};

enum class WriteMode { kInsert, kUpsert };

struct RowWriteResult;

// One request. Its rows passed all rules but row checks, keys and references, which are judged
// here, against the table and against the requests that stand before it in the group.
struct RowWrite {
    WriteMode mode = WriteMode::kInsert;
    bool lenient = false;  // false: all rows or none
    bool array = true;     // false: one object stood alone; its reject's pointer is ""
    std::vector<Row> rows;
    std::size_t bytes = 0;             // of the request's body
    std::vector<std::size_t> indexes;  // rows[i] is row indexes[i] of the request
    std::vector<std::string> raw;      // lenient: rows[i] as JSON text, for its reject
    // Of rows that were refused before. Not lenient: nothing is written then, but the other rows
    // are judged as well, so that the answer is complete.
    std::vector<RowProblem> problems;
    std::vector<RejectEntry> rejects;  // lenient: those rows as rejects
    std::string object;                // of the rejects: "POST /hiredemployees"
    std::string request_id;            // stands as run_id of the rejects
    std::optional<IdempotencyKey> idempotency;
    std::optional<AuditEntry> audit;  // stored with the rows, if any was
    // Makes the answer that is stored with the rows, in their transaction.
    std::function<StoredAnswer(const RowWriteResult&)> answer;
};

// Row `index` of the request as a reject, still without id and raw text.
RejectEntry row_reject(const Table& table,
                       const RowWrite& request,
                       std::size_t index,
                       const std::vector<Reason>& reasons);

struct RowWriteResult {
    std::int64_t inserted = 0;
    std::int64_t updated = 0;
    std::int64_t unchanged = 0;
    std::int64_t rejected = 0;         // rows, lenient only
    std::vector<RowProblem> problems;  // by index; not empty and not lenient: nothing was written
    std::optional<StoredAnswer> replayed;  // the key was used before with the same payload
    bool key_conflict = false;             // the key was used before with another payload
    std::int64_t table_version = 0;
};

// A page of a table. Rows come by `order_by` (default: the key), then by the key.
struct RowQuery {
    struct Filter {
        std::size_t column;
        Value value;  // NULL: the column has no value
    };
    std::vector<Filter> filters;          // all must hold
    std::optional<std::size_t> order_by;  // column
    bool descending = false;
    std::optional<Row> after;  // order_by's value (if any), then the key's: the last row seen
    std::size_t limit = 100;
    bool count = false;  // also count all rows that the filters let pass
};

// The columns that order a query's rows: order_by, if any, then the key.
std::vector<std::size_t> order_columns(const Table& table, const RowQuery& query);

struct RowPage {
    std::vector<Row> rows;
    bool more = false;
    std::optional<std::int64_t> total;
    std::int64_t table_version = 0;
};

class RowTables {
  public:
    virtual ~RowTables() = default;

    // Judges and writes a group of requests to one table in one transaction, under its write gate
    // and, shared, those of the tables it refers to. Durable when it returns. One result per
    // request, in order: a request that is refused never spoils its neighbours. kBusy if the gate
    // did not open within `gate_wait_ms`. Any other error: nothing was written.
    virtual Result<std::vector<RowWriteResult>> write(const Table& table,
                                                      std::span<const RowWrite* const> group,
                                                      std::int64_t gate_wait_ms) = 0;
    virtual Result<RowPage> list(const Table& table, const RowQuery& query) = 0;
    // `key` in the order of the table's key.
    virtual Result<std::optional<Row>> find(const Table& table, const Row& key) = 0;
};

}  // namespace muster
