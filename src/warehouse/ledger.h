// The ledger's records: what ran, what was loaded, what was refused. Plain data, no behaviour.
#pragma once

#include "core/ids.h"
#include "engine/scan_object.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace muster {

// The balance of one object, table or run: read is the sum of the five that follow. One outcome
// falls short of it: a table that was stopped at its reject limit has only `read` and `rejected`,
// and the difference is what passed and was withheld.
struct LoadCounts {
    std::int64_t read = 0;
    std::int64_t inserted = 0;
    std::int64_t updated = 0;
    std::int64_t unchanged = 0;
    std::int64_t deduplicated = 0;
    std::int64_t rejected = 0;
    std::int64_t blank_lines = 0;

    bool balanced() const {
        return read == inserted + updated + unchanged + deduplicated + rejected;
    }
    LoadCounts& operator+=(const LoadCounts& other);
    bool operator==(const LoadCounts&) const = default;
};

// The latest loaded version of a source object.
struct ObjectVersion {
    std::string table;
    std::string object;
    std::string run_id;
    std::uint64_t bytes = 0;
    std::int64_t mtime_ns = 0;
    std::int64_t ctime_ns = 0;
    std::uint64_t inode = 0;
    std::string etag;
    std::string content_hash;
    std::string rule_fingerprint;
    std::string schema_fingerprint;
    LoadCounts counts;
    std::int64_t loaded_at_us = 0;
};

// What one object did in a run.
struct ObjectOutcome {
    std::string object;
    std::string status;  // loaded | skipped | failed
    std::string error;   // why it was skipped or failed
    LoadCounts counts;
    std::uint64_t bytes = 0;
    std::string code;  // file.*: why the object was refused as a whole; "" if it was not
};

// What one table did in a run.
struct TableOutcome {
    std::string table;
    // loaded | unchanged | partial | failed | limit | skipped; of a restore: restored
    std::string status;
    std::string error;
    LoadCounts counts;
    std::vector<ObjectOutcome> objects;
    std::uint64_t bytes = 0;
    double seconds = 0;
    std::map<std::string, std::uint64_t> rejects_by_code;  // errors' reasons
    std::map<std::string, std::uint64_t> notices_by_code;
};

struct RunRecord {
    std::string run_id;
    std::string status;         // running | succeeded | partial | failed | cancelled
    std::string kind = "load";  // load | backup | restore
    std::string backup;         // its name, of a backup or restore
    std::string trigger;        // cli | api | schedule | replay
    std::string error;
    std::int64_t started_at_us = 0;
    std::int64_t finished_at_us = 0;  // 0 while it runs
    std::vector<TableOutcome> tables;
};

// Who changed what, when.
struct AuditEntry {
    std::int64_t at_us = 0;
    std::string user;
    std::string action;   // "user.register", "rows.insert", ...
    std::string subject;  // what it was done to
    std::string detail;
    std::string request_id;
};

struct RejectFilter {
    std::string table;  // "" = any, also below
    std::string code;
    std::string state = "open";
    std::string severity = "error";
    std::string run_id;
    std::string id_prefix;
    std::int64_t limit = 100;  // negative: all
};

}  // namespace muster
