// The SQL of Redshift as far as it depends on a table's columns, and what it needs instead of bound
// values: COPY, UNLOAD and DDL take none. Pure functions. What differs from PostgreSQL:
//   - texts are VARCHAR, and their width counts bytes
//   - nothing enforces a key; none is declared, because the planner would trust it
//   - no IS DISTINCT FROM, no ON CONFLICT, no RETURNING, no arrays; DELETE takes no alias
//   - 'a' equals 'a ': comparisons that must be exact also compare the number of bytes
#pragma once

#include "catalog/catalog.h"
#include "core/result.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace muster::redshift {

inline constexpr std::size_t kVarcharBytesMax = 65'535;
inline constexpr std::size_t kStatementParamsMax = 32'767;

// Bytes that a text of the column may have: four for each character of max_length.
std::size_t text_bytes_max(const Column& column);
// "VARCHAR(400)" for the column, and for a type alone the widest there is.
std::string column_type(const Column& column);
std::string type_name(const ColumnType& type);
// kUsage naming the column if Redshift has no such type: a decimal whose digits are all behind the
// point.
Result<void> check_types(const Table& table);

// CREATE TABLE under the name `relation`, which is SQL. Tables that others refer to are copied to
// every node while they are small (AUTO); all others are spread by the first column of their key,
// so that a load joins its rows where they are. Sorted by the key.
std::string create_table(const Catalog* catalog, const Table& table, const std::string& relation);
// The temporary table that clean objects are copied into, by position: the table's columns at their
// widest, none of them NOT NULL, and _position.
std::string create_stage(const Table& table, const std::string& name);
// The same without _position, for the rows of a backup.
std::string create_restore_stage(const Table& table, const std::string& name);

// left."k" = right."k" AND ..., exactly: trailing blanks count.
std::string key_equal(const Table& table, std::string_view left, std::string_view right);
std::string column_equal(const Column& column, const std::string& left, const std::string& right);
// Whether any column outside the key differs, NULL being a value; may be NULL for "no".
std::string values_differ(const Table& table, std::string_view left, std::string_view right);

// A string literal. kUsage for what no plain literal can hold: backslashes and control characters.
Result<std::string> literal(std::string_view text);

struct CopyTarget {
    std::string url;   // of the manifest, s3://...
    std::string role;  // "default", or an ARN
};
// COPY of Parquet objects, all of them, into a table with just their columns.
Result<std::string> copy_parquet(const std::string& relation, const CopyTarget& from);
// The same of CSV objects.
Result<std::string> copy_csv(const std::string& relation, const CopyTarget& from);
// UNLOAD of a SELECT below a prefix that nothing else has, with a manifest that counts rows.
Result<std::string> unload_parquet(const std::string& select, const CopyTarget& to);

}  // namespace muster::redshift
