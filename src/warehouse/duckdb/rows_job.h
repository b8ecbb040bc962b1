// One group of requests to one table, in one transaction, under the table's gate:
//   1. load     what the database knows of the group's keys, references and idempotency keys: each
//               by one statement for all of its rows, probing the table by the batch
//   2. judge    request by request, each seeing what those before it will have written
//   3. store    changed rows are deleted and inserted, then rejects, answers, audit, version
#pragma once

#include "warehouse/duckdb/rows_connections.h"
#include "warehouse/duckdb/rows_values.h"
#include "warehouse/row_tables.h"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace muster {

// Plans and runs a statement that must not be kept: DuckDB answers count(*) and IS NULL from the
// statistics of the moment it plans, and a kept plan would give that answer for ever.
Result<QueryResult> run_once(KeptConnection& kept,
                             const std::string& sql,
                             const std::vector<DuckdbValue>& params);
// Runs a kept statement with these parameters in order.
Result<QueryResult> run_kept(KeptConnection& kept,
                             const std::string& sql,
                             const std::vector<DuckdbValue>& params);

// The values as bytes: equal bytes if and only if the database takes them for equal.
void append_key(std::string& out, const Value& value);

class RowsJob {
  public:
    RowsJob(KeptConnection& kept,
            const Table& table,
            std::span<const RowWrite* const> group,
            std::int64_t now_us);

    // The caller commits if anything was written.
    Result<std::vector<RowWriteResult>> run();
    bool wrote() const { return wrote_; }
    bool table_changed() const { return changed_; }

  private:
    // The row of one key: as the table has it, and as this group leaves it.
    struct Slot {
        std::optional<std::int64_t> rowid;
        const Row* stored = nullptr;
        const Row* pending = nullptr;  // null: as stored
        const Row* current() const { return pending != nullptr ? pending : stored; }
    };
    struct KnownAnswer {
        std::string payload_hash;
        StoredAnswer answer;
    };
    struct KnownReject {
        std::string run_id;
        std::string state;
        std::string note;
    };

    // rows_load.cpp
    Result<void> load_answers();
    Result<void> load_checks();
    Result<void> load_existing();
    Result<void> load_rows(const std::vector<Value>& rowids);
    Result<void> load_references();
    Result<std::string> reference_key(const Reference& reference);
    std::vector<DuckdbValue> column_lists(const std::vector<std::size_t>& columns) const;
    // rows_judge.cpp
    bool answered(const RowWrite& request, RowWriteResult& result) const;
    std::vector<std::vector<Reason>> judge(std::size_t request) const;
    void judge_keys(std::size_t request, std::vector<std::vector<Reason>>& reasons) const;
    void judge_references(std::size_t request, std::vector<std::vector<Reason>>& reasons) const;
    bool reference_found(std::size_t reference,
                         const Value& value,
                         const std::unordered_set<std::string>& own_keys) const;
    void apply(const RowWrite& request, const std::vector<bool>& refused, RowWriteResult& result);
    void settle(std::size_t request, RowWriteResult& result);
    // rows_store.cpp
    Result<void> store_rows();
    Result<void> store_rejects();
    // Deletes them as well.
    Result<void> load_known_rejects(std::map<std::string, KnownReject>& known);
    Result<void> store_notes();
    Result<std::int64_t> load_version();
    void collect_rejects(const RowWrite& request, const std::vector<std::vector<Reason>>& reasons);
    void keep_answer(const RowWrite& request, const RowWriteResult& result);

    std::string key_of(const Row& row) const;
    bool key_less(const Row& left, const Row& right) const;
    Result<QueryResult> run(const std::string& sql, const std::vector<DuckdbValue>& params) {
        return run_kept(kept_, sql, params);
    }

    KeptConnection& kept_;
    const Table& table_;
    std::span<const RowWrite* const> group_;
    std::int64_t now_us_;
    std::vector<std::size_t> key_columns_;
    std::vector<std::size_t> first_row_;  // of a request, among all rows of the group
    std::vector<const Row*> all_rows_;
    std::vector<std::string> all_keys_;
    std::vector<std::int64_t> failed_checks_;  // bits, as all_rows_
    std::deque<Row> stored_rows_;
    std::unordered_map<std::string, Slot> slots_;
    std::vector<std::unordered_set<std::string>> known_references_;
    std::map<std::pair<std::string, std::string>, KnownAnswer> answers_;  // scope, key
    std::vector<const IdempotencyKey*> new_answers_;
    std::vector<const AuditEntry*> audits_;
    std::vector<RejectEntry> rejects_;
    std::int64_t version_ = 0;
    bool changed_ = false;
    bool wrote_ = false;
};

}  // namespace muster
