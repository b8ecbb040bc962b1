// The tables of the catalog as PostgreSQL has them: a primary key, NOT NULL, and texts that are
// ordered by their bytes. No foreign keys (ARCHITECTURE.md says why).
#pragma once

#include "catalog/catalog.h"

#include <string>
#include <string_view>

namespace muster {

// Statements after a gate must see what the one before has left, whatever the role's default is.
inline constexpr std::string_view kReadCommitted = "ISOLATION LEVEL READ COMMITTED READ WRITE";

namespace pg_sql {

// text COLLATE "C" for strings.
std::string column_type(const ColumnType& type);
// "name" type NOT NULL.
std::string column_definition(const Table& table, const Column& column);
// CREATE TABLE with the primary key, under the name `relation`, which is SQL.
std::string create_table(const Table& table, const std::string& relation);

}  // namespace pg_sql

}  // namespace muster
