// Rows of every type for the tests of archives, and Avro files of them in memory.
#pragma once

#include "archive/archive_table.h"
#include "archive/avro_format.h"
#include "archive/avro_reader.h"
#include "archive/avro_writer.h"
#include "archive/content_checksum.h"
#include "core/result.h"
#include "types/type.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace muster {

using Row = std::vector<Value>;

inline constexpr AvroSync kTestSync{
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};

// `id int64`, and a nullable column of each type and, for decimals, of each width in memory.
ArchiveTable every_type();
// The least, the largest and the odd values of each type, and a row of NULLs.
std::vector<Row> edge_rows();
// Different for each seed; ids are distinct, one field in eight is NULL.
std::vector<Row> random_rows(std::uint64_t seed, std::size_t count);

// The table and the rows of docs/content-checksum.md.
ArchiveTable example_table();
std::vector<Row> example_rows();

// By RowHasher, field by field.
Uint128 hash_row(const ArchiveTable& table, const Row& row);
FileContent content_of(const ArchiveTable& table, const std::vector<Row>& rows);

void add_row(AvroBlockBuilder& builder, const ArchiveTable& table, const Row& row);

// A whole file; a block of its own for each `block_rows` rows.
Result<std::string> write_avro(const ArchiveTable& table,
                               const std::vector<Row>& rows,
                               AvroCodec codec,
                               std::size_t block_rows);

// `file` must outlive the source.
AvroSource source_of(const std::string& file);
Result<std::vector<Row>> read_avro(const ArchiveTable& table, const std::string& file);

}  // namespace muster
