#include "warehouse/postgres/ledger_rows.h"

#include "warehouse/detail/ledger_json.h"
#include "warehouse/detail/ledger_rows.h"
#include "warehouse/detail/table_sql.h"
#include "warehouse/postgres/rows_sql.h"

namespace muster {

std::vector<RunRecord> read_runs(PgRows& rows) {
    std::vector<RunRecord> runs;
    while (rows.next()) {
        runs.push_back(read_run(rows));
    }
    return runs;
}

PgParams& add_object_version(PgParams& params, const ObjectVersion& version) {
    params.add(version.table).add(version.object).add(version.run_id);
    params.add(static_cast<std::int64_t>(version.bytes)).add(version.mtime_ns);
    params.add(version.ctime_ns).add(static_cast<std::int64_t>(version.inode));
    params.add(version.etag).add(version.content_hash);
    params.add(version.rule_fingerprint).add(version.schema_fingerprint);
    const LoadCounts& counts = version.counts;
    for (const std::int64_t count : {counts.read,
                                     counts.inserted,
                                     counts.updated,
                                     counts.unchanged,
                                     counts.deduplicated,
                                     counts.rejected,
                                     counts.blank_lines}) {
        params.add(count);
    }
    return params.add(version.loaded_at_us);
}

Result<Row> read_row(const Table& table, const PgRows& rows) {
    Row row;
    row.reserve(table.columns.size());
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        MUSTER_ASSIGN(Value value, rows.value(i, table.columns[i].type));
        row.push_back(std::move(value));
    }
    return row;
}

Result<std::string> referenced_key(PgConnection& connection, const Reference& reference) {
    MUSTER_ASSIGN(auto rows, connection.query(pg_sql::kSchemaSelect, reference.table.str()));
    if (!rows.next()) {
        return referenced_table_missing(reference.table);
    }
    MUSTER_ASSIGN(const StoredSchema schema, parse_stored_schema(rows.text(0)));
    MUSTER_CHECK(!schema.key.empty());
    return sql::identifier(schema.key.front());
}

}  // namespace muster
