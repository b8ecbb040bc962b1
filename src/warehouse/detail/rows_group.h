// A group of requests to one table while it is judged (row_tables.h): what the database knows of
// the group's rows goes in, results and changes come out. It asks no database itself, so that every
// warehouse judges alike. The requests and the table must outlive it; one thread's.
#pragma once

#include "warehouse/row_tables.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace muster {

class RowsGroup {
  public:
    RowsGroup(const Table& table, std::span<const RowWrite* const> requests);

    // --- what to ask the database for -----------------------------------------------------------
    const std::vector<const Row*>& rows() const { return all_rows_; }  // of all requests, in order
    const std::vector<std::size_t>& key_columns() const { return key_columns_; }
    std::vector<const IdempotencyKey*> idempotency_keys() const;
    // What the rows say in the column of the table's reference `reference`: each value once, no
    // NULL.
    std::vector<const Value*> referenced_values(std::size_t reference) const;

    // --- what it knows --------------------------------------------------------------------------
    void add_answer(const IdempotencyKey& key, std::string payload_hash, StoredAnswer answer);
    // One bit per check that does not hold, of the row at this place in rows().
    void set_failed_checks(std::size_t row, std::int64_t bits) { failed_checks_[row] = bits; }
    // The database itself refuses the row at this place in rows().
    void set_refused(std::size_t row, Reason reason);
    // A row of the table that has the key of one of rows(). `rowid` comes back in changes().
    void add_stored(Row row, std::int64_t rowid);
    // A key of the table that reference `reference` names.
    void add_referenced(std::size_t reference, const Value& key);

    // --- the verdict ----------------------------------------------------------------------------
    // Judges request by request, each seeing what those before it will have written. Called once.
    std::vector<RowWriteResult> settle(std::int64_t table_version);

    // --- what it leaves behind ------------------------------------------------------------------
    struct Change {
        const Row* row;
        std::optional<std::int64_t> rowid;  // of the row that it replaces
    };
    std::vector<Change> changes() const;  // by key
    bool table_changed() const { return changed_; }

    struct KnownReject {
        std::string run_id;
        std::string state;
        std::string note;
    };
    struct NewReject {
        RejectEntry entry;  // its run_id is that of the first request that had it
        std::string last_seen_run;
    };
    // Rows that were refused leniently; each id once.
    const std::vector<NewReject>& rejects() const { return rejects_; }
    // Those that are on record: one that is seen again keeps its first request and what was decided
    // about it.
    void keep_decisions(const std::map<std::string, KnownReject>& known);

    struct NewAnswer {
        const IdempotencyKey* key;
        const StoredAnswer* answer;
    };
    std::vector<NewAnswer> answers() const;
    const std::vector<const AuditEntry*>& audits() const { return audits_; }

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
    using Reasons = std::vector<std::vector<Reason>>;  // of each row of a request

    bool answered(const RowWrite& request, RowWriteResult& result) const;
    void settle_request(std::size_t request, RowWriteResult& result);
    Reasons judge(std::size_t request) const;
    void judge_keys(std::size_t request, Reasons& reasons) const;
    void judge_references(std::size_t request, Reasons& reasons) const;
    bool reference_found(std::size_t reference,
                         const Value& value,
                         const std::unordered_set<std::string>& own_keys) const;
    void apply(const RowWrite& request, const std::vector<bool>& refused, RowWriteResult& result);
    void collect_rejects(const RowWrite& request, const Reasons& reasons);
    void number_rejects();
    void keep_answer(const RowWrite& request, const RowWriteResult& result);
    std::string key_of(const Row& row) const;
    bool key_less(const Row& left, const Row& right) const;

    const Table& table_;
    const std::span<const RowWrite* const> requests_;
    std::vector<std::size_t> key_columns_;
    std::vector<std::size_t> first_row_;  // of a request, in all_rows_
    std::vector<const Row*> all_rows_;
    std::vector<std::string> all_keys_;
    std::vector<std::int64_t> failed_checks_;
    std::unordered_map<std::size_t, Reason> refused_;  // by place in all_rows_
    std::deque<Row> stored_rows_;
    std::unordered_map<std::string, Slot> slots_;
    std::vector<std::unordered_set<std::string>> known_references_;
    std::map<std::pair<std::string, std::string>, KnownAnswer> answers_;  // scope, key
    std::vector<const IdempotencyKey*> new_answers_;
    std::vector<const AuditEntry*> audits_;
    std::vector<NewReject> rejects_;
    std::int64_t version_ = 0;
    bool changed_ = false;
};

}  // namespace muster
