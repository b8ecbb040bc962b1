// The content checksum in SQL: SELECT muster_sum(muster_row_hash(c1, ..., cn)), count(*) FROM t.
// The hash is that of docs/content-checksum.md, computed by muster's own code on all of DuckDB's
// threads. For engine and warehouse/duckdb.
#pragma once

#include "archive/archive_table.h"
#include "archive/content_checksum.h"
#include "core/result.h"
#include "engine/detail/duckdb_handle.h"

#include <string>

namespace muster {

// Registers muster_row_hash(ANY...) -> UHUGEINT and muster_sum(UHUGEINT) -> UHUGEINT. Called once
// per database.
Result<void> register_content_functions(Connection& connection);

// muster_sum(muster_row_hash("c1", ..., "cn")), count(*): the select list, to be followed by FROM.
// The columns must have the types of sql_type(): nothing is converted.
std::string content_select_list(const ArchiveTable& table);

// The content in the first row of such a result; the two columns begin at `column`.
Result<FileContent> read_content(QueryResult& rows, std::size_t column = 0);

}  // namespace muster
