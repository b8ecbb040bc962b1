// The repair file: refused records as CSV for a spreadsheet, and back. A cell that a spreadsheet
// would run as a formula (= + - @) gets an apostrophe in front, which the way back removes.
#pragma once

#include "catalog/catalog.h"
#include "core/result.h"
#include "engine/scan_object.h"

#include <string>
#include <string_view>
#include <vector>

namespace muster {

inline constexpr std::string_view kRepairIdColumn = "_reject_id";

std::string guard_cell(std::string_view cell);
std::string unguard_cell(std::string_view cell);

// _reject_id, the table's columns, _codes, _messages, _raw; with a line end.
std::string repair_header(const Table& table);

// The cells of a record as far as it splits into the table's columns, as text that can be shown.
std::vector<std::string> repair_fields(const Table& table, const RejectEntry& reject);

// One record. _raw is filled where the record does not split into the table's columns.
std::string repair_line(const Table& table, const RejectEntry& reject);

struct RepairedRecord {
    std::string reject_id;
    std::vector<std::string> fields;  // one per column of the table
    std::uint64_t line = 0;           // in the file, for messages
};

// Reads a repair file that a person may have saved with `;` or tabs between the cells.
Result<std::vector<RepairedRecord>> read_repair_file(const std::string& file, const Table& table);

// The first reject id of a repair file, to find its table.
Result<std::string> first_reject_id(const std::string& file);

// The records in the table's own file format, and the offset of each.
struct RepairedSource {
    std::string text;
    std::vector<std::uint64_t> offsets;
};
Result<RepairedSource> repaired_source(const Table& table,
                                       const std::vector<RepairedRecord>& records);

}  // namespace muster
