// JSON text for output (cli.md, JSON shapes).
#pragma once

#include "core/error.h"
#include "core/json_writer.h"
#include "engine/scan_object.h"
#include "types/type.h"
#include "warehouse/ledger.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

// Numbers and booleans as such, NULL and numbers without a JSON form null, all else a string.
std::string json_value(const ColumnType& type, const Value& value);

std::string json_seconds(double seconds);  // milliseconds are enough
std::string reject_json(const RejectEntry& reject);
void append_reject_json(std::string& out, const RejectEntry& reject);  // the same, without a copy
std::string error_json(const Error& error);
// An object that was refused as a whole.
std::string object_error_json(std::string_view code,
                              std::string_view table,
                              std::string_view object,
                              std::string_view message);
// One table of a summary.
std::string table_outcome_json(const TableOutcome& table, bool with_objects = false);
// How often each code is a reason of a refused record; refused objects are told apart from them.
std::map<std::string, std::uint64_t> record_codes(const std::vector<TableOutcome>& tables);
// The same as JSON.
std::string rejects_by_code_json(const std::vector<TableOutcome>& tables);

// The last line of JSON Lines; `more` are further members as JSON text, may be empty.
std::string summary_json(const RunRecord& run, double seconds, const std::string& more = "");
// 0 while it runs.
double run_seconds(const RunRecord& run);
std::string run_json(const RunRecord& run, bool with_objects);

}  // namespace muster
