// The statements of rows by request (rows_job.h) and of objects' versions. Pure functions: what
// depends on a number of rows, keys or names takes that many parameters.
#pragma once

#include "catalog/catalog.h"

#include <cstddef>
#include <string>
#include <vector>

namespace muster::redshift {

inline constexpr const char* kAnswerSelect =
    "SELECT payload_hash, status, headers, body, part FROM muster.idempotency_keys"
    " WHERE scope = $1 AND key = $2 AND expires_at_us > $3 ORDER BY part";
inline constexpr const char* kAnswerDelete =
    "DELETE FROM muster.idempotency_keys WHERE scope = $1 AND key = $2";

// The rows of the table with these keys; the columns of the first key come first.
std::string select_keys(const Table& table, std::size_t keys);
std::string delete_keys(const Table& table, std::size_t keys);
// Those of so many values of the column that are in the key of the table it refers to.
std::string select_referenced(const Column& referring,
                              const TableName& referenced,
                              const std::string& key,
                              std::size_t values);

// "($3, $4)": so many parameters from the `first` on.
std::string parameter_list(std::size_t first, std::size_t count);
std::string known_rejects(std::size_t ids);
std::string delete_rejects(std::size_t ids);
// The table is $1.
std::string delete_objects(std::size_t names);

// Where insert_sql() puts rows, and of which types.
struct InsertTarget {
    std::string relation;
    std::vector<std::string> types;
};
InsertTarget table_target(const Table& table);
const InsertTarget& rejects_target();
const InsertTarget& answers_target();
const InsertTarget& objects_target();
const InsertTarget& replay_target();

}  // namespace muster::redshift
