#include "fixture.h"

#include "engine/detail/duckdb_handle.h"
#include "warehouse/postgres/connection.h"

#include <fmt/format.h>

#include <cstdlib>
#include <unistd.h>

namespace muster {

Column column(const std::string& name, TypeKind kind, bool nullable) {
    Column made;
    made.name = name;
    made.type.kind = kind;
    made.nullable = nullable;
    return made;
}

Catalog test_catalog() {
    Catalog catalog;
    Table parents;
    parents.name = TableName("parents");
    parents.columns = {column("id", TypeKind::kInt64)};
    parents.key = {"id"};
    Table items;
    items.name = TableName("items");
    items.columns = {column("id", TypeKind::kInt64),
                     column("name", TypeKind::kString, true),
                     column("parent_id", TypeKind::kInt64, true)};
    items.key = {"id"};
    items.references = {{"parent_id", TableName("parents")}};
    catalog.tables = {parents, items};
    return catalog;
}

void WarehouseTest::SetUp() {
    catalog_ = test_catalog();
    reopen();
}

std::string WarehouseTest::warehouse_url() {
    const char* server = std::getenv("MUSTER_TEST_POSTGRES");
    if (server == nullptr) {
        return "duckdb:" + (folder_.path() / "muster.duckdb").string();
    }
    if (postgres_url_.empty()) {
        static int databases = 0;
        const std::string name = fmt::format("unit_{}_{}", ::getpid(), ++databases);
        auto connection = PgConnection::open({.url = server}, nullptr);
        EXPECT_TRUE(connection.ok()) << connection.error().message;
        if (connection.ok()) {
            EXPECT_TRUE((*connection)->execute("CREATE DATABASE " + name).ok());
        }
        const std::string url = server;
        postgres_url_ = url.substr(0, url.rfind('/') + 1) + name;
    }
    return postgres_url_;
}

void WarehouseTest::reopen() {
    warehouse_.reset();
    engine_.reset();
    const std::string url = warehouse_url();
    EngineOptions options;
    if (url.starts_with("duckdb:")) {
        options.database = url.substr(url.find(':') + 1);
    }
    options.temp_dir = folder_.path() / "tmp";
    options.memory_limit_bytes = 512U << 20;
    options.threads = 2;
    auto engine = Engine::open(options);
    ASSERT_TRUE(engine.ok()) << engine.error().message;
    engine_ = std::move(engine).value();
    auto warehouse = open_warehouse({.url = url}, *engine_, clock_);
    ASSERT_TRUE(warehouse.ok()) << warehouse.error().message;
    warehouse_ = std::move(warehouse).value();
    const auto prepared = warehouse_->prepare();
    ASSERT_TRUE(prepared.ok()) << prepared.error().message;
    const auto migrated = warehouse_->migrate(catalog_, false);
    ASSERT_TRUE(migrated.ok()) << migrated.error().message;
}

Table& WarehouseTest::table(const std::string& name) {
    for (Table& table : catalog_.tables) {
        if (table.name.str() == name) {
            return table;
        }
    }
    throw std::out_of_range(name);
}

void WarehouseTest::run_sql(const std::string& sql) {
    auto connection = engine_->handle().connect();
    ASSERT_TRUE(connection.ok());
    const auto done = connection->execute(sql);
    ASSERT_TRUE(done.ok()) << done.error().message << "\n" << sql;
}

LoadObject WarehouseTest::object(const Table& table,
                                 const std::string& name,
                                 const std::vector<std::string>& rows,
                                 const std::vector<std::string>& rejects) {
    LoadObject made;
    const std::string stem = (folder_.path() / std::to_string(++files_)).string();
    made.scan.table = table.name.str();
    made.scan.object = name;
    made.scan.read = rows.size() + rejects.size();
    made.scan.clean = rows.size();
    made.scan.rejected = rejects.size();
    made.scan.content_hash = "hash of " + name;
    made.source.key = ObjectKey(name);
    made.parts = {stem + ".parquet"};
    std::string columns;
    for (const Column& column : table.columns) {
        columns += column.name + ", ";
    }
    std::string values;
    auto& raw = raw_[name];
    raw.clear();
    for (std::size_t i = 0; i < rows.size(); ++i) {
        values += fmt::format(
            "{}({}, {})", i == 0 ? "" : ", ", rows[i].substr(1, rows[i].size() - 2), 100 * i);
        raw[100 * i] = rows[i];
    }
    run_sql(
        fmt::format("CREATE TEMP TABLE made AS SELECT *, 0::BIGINT AS _position FROM {} LIMIT 0;"
                    "{}; COPY made TO '{}.parquet' (FORMAT parquet)",
                    table.name.str(),
                    values.empty() ? std::string("SELECT 1") : "INSERT INTO made VALUES " + values,
                    stem));
    if (!rejects.empty()) {
        std::string list;
        for (std::size_t i = 0; i < rejects.size(); ++i) {
            list += fmt::format(
                "{}({}, {}, {}, '{}'::BLOB, '{}', 1, 'error', '{}')",
                i == 0 ? "" : ", ",
                i + 1,
                50 + 100 * i,
                rejects[i].size(),
                rejects[i],
                raw_hash_text(hash_raw(rejects[i])),
                R"([{"code":"value.missing","column":"id","value":"","message":"no value"}])");
        }
        made.rejects = stem + ".rejects.parquet";
        made.scan.rejects_by_code["value.missing"] = rejects.size();
        run_sql(
            "COPY (SELECT * FROM (VALUES " + list +
            ") t(line, \"offset\", length, raw, raw_hash, occurrence, severity, reasons)) TO '" +
            made.rejects.string() + "' (FORMAT parquet)");
    }
    return made;
}

LoadObject WarehouseTest::rising(LoadObject object,
                                 const std::string& first,
                                 const std::string& last) {
    object.scan.keys_rising = true;
    object.scan.first_key = first;
    object.scan.last_key = last;
    return object;
}

Result<TableOutcome> WarehouseTest::load(const Table& table,
                                         const std::string& run,
                                         std::vector<LoadObject> objects,
                                         const std::map<std::uint64_t, RejectId>& replay_of) {
    // Positions in the files were written for ordinal 0: move them to the object's place.
    for (std::size_t i = 0; i < objects.size(); ++i) {
        objects[i].scan.ordinal = i;
        if (i > 0 && !objects[i].parts.empty()) {
            const std::string path = objects[i].parts.front().string();
            run_sql(
                fmt::format("COPY (SELECT * REPLACE (({}::BIGINT << 48) | (_position & "
                            "((1::BIGINT << 48) - 1)) AS _position) FROM '{}') TO '{}.moved' "
                            "(FORMAT parquet)",
                            i,
                            path,
                            path));
            objects[i].parts = {path + ".moved"};
        }
    }
    LoadRequest request{RunId(run), table, objects, {}, {}, nullptr};
    request.replay_of = replay_of;
    request.raw_records =
        [this](const std::string& name,
               std::span<const std::uint64_t> offsets,
               const std::function<Result<void>(const RejectedRecord&)>& found) -> Result<void> {
        for (const std::uint64_t offset : offsets) {
            const std::string& raw = raw_.at(name).at(offset);
            RejectedRecord record;
            record.line = offset / 100 + 1;
            record.offset = offset;
            record.length = raw.size();
            record.raw = raw;
            record.raw_hash = hash_raw(raw);
            MUSTER_TRY(found(record));
        }
        return {};
    };
    return warehouse_->load(request);
}

std::vector<std::string> WarehouseTest::rows_of(const std::string& sql) {
    std::vector<std::string> lines;
    auto stream = warehouse_->query(sql, nullptr);
    if (!stream.ok()) {
        return {stream.error().message};
    }
    std::vector<Value> row;
    for (;;) {
        const auto more = (*stream)->next(row);
        if (!more.ok()) {
            lines.push_back(more.error().message);
            return lines;
        }
        if (!*more) {
            return lines;
        }
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            line += i == 0 ? "" : "|";
            line += std::holds_alternative<std::monostate>(row[i])
                        ? "NULL"
                        : value_text((*stream)->columns()[i].type, row[i]);
        }
        lines.push_back(line);
    }
}

std::vector<std::string> WarehouseTest::rejects_of(const RejectFilter& filter) {
    std::vector<std::string> lines;
    const auto done = warehouse_->rejects(filter, [&lines](const RejectEntry& entry) {
        std::string codes;
        for (const ReasonText& reason : entry.reasons) {
            codes += " " + reason.code + ":" + reason.column + "=" + reason.value;
        }
        lines.push_back(entry.object + ":" + std::to_string(entry.line) + " " + entry.raw + " " +
                        entry.severity + " " + entry.state + codes);
        return Result<void>();
    });
    if (!done.ok()) {
        lines.push_back(done.error().message);
    }
    return lines;
}

std::string counts_text(const LoadCounts& counts) {
    return fmt::format("{} = {}+{}+{}+{}+{}",
                       counts.read,
                       counts.inserted,
                       counts.updated,
                       counts.unchanged,
                       counts.deduplicated,
                       counts.rejected);
}

}  // namespace muster
