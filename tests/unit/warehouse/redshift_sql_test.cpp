// Every statement that is rendered for Redshift, against its golden text in tests/cases/redshift,
// which tests/e2e gives to a parser of Redshift's SQL. MUSTER_UPDATE_GOLDEN=1 writes the files
// anew.
#include "warehouse/detail/restored_rows.h"
#include "warehouse/detail/table_sql.h"
#include "warehouse/postgres/ledger_sql.h"
#include "warehouse/postgres/rows_sql.h"
#include "warehouse/postgres/snapshots_sql.h"
#include "warehouse/redshift/connection.h"
#include "warehouse/redshift/dialect.h"
#include "warehouse/redshift/gates.h"
#include "warehouse/redshift/insert_rows.h"
#include "warehouse/redshift/ledger_sql.h"
#include "warehouse/redshift/load_sql.h"
#include "warehouse/redshift/rows_sql.h"
#include "warehouse/redshift/schema_dialect.h"
#include "warehouse/redshift/snapshots_sql.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace muster::redshift {
namespace {

const std::filesystem::path kGolden = MUSTER_GOLDEN_DIR;

Column column(const std::string& name, TypeKind kind, bool nullable) {
    Column made;
    made.name = name;
    made.type.kind = kind;
    made.nullable = nullable;
    return made;
}

// Two tables that others refer to, with a text and a number as keys, and one that has all types and
// refers to both.
Catalog sample() {
    Catalog catalog;
    Table places;
    places.name = TableName("places");
    places.columns = {column("code", TypeKind::kString, false)};
    places.columns[0].max_length = 3;
    places.key = {"code"};
    Table trips;
    trips.name = TableName("trips");
    trips.columns = {column("id", TypeKind::kInt64, false)};
    trips.key = {"id"};
    Table visits;
    visits.name = TableName("visits");
    visits.columns = {column("id", TypeKind::kInt64, false),
                      column("place", TypeKind::kString, true),
                      column("trip", TypeKind::kInt64, true),
                      column("small", TypeKind::kInt32, true),
                      column("cost", TypeKind::kDecimal, true),
                      column("weight", TypeKind::kDouble, true),
                      column("paid", TypeKind::kBool, false),
                      column("day", TypeKind::kDate, true),
                      column("at", TypeKind::kTimestamp, true),
                      column("note", TypeKind::kString, true)};
    visits.columns[4].type = {TypeKind::kDecimal, 10, 2};
    visits.columns[9].max_length = 100;
    visits.key = {"id"};
    visits.references = {{"place", TableName("places")}, {"trip", TableName("trips")}};
    catalog.tables = {places, trips, visits};
    return catalog;
}

std::string golden(const std::vector<std::string>& statements) {
    std::string text;
    for (const std::string& statement : statements) {
        text += statement + "\n;\n";
    }
    return text;
}

void expect_golden(const std::string& name, const std::vector<std::string>& statements) {
    const std::filesystem::path file = kGolden / (name + ".sql");
    const std::string text = golden(statements);
    if (std::getenv("MUSTER_UPDATE_GOLDEN") != nullptr) {
        std::ofstream(file) << text;
    }
    std::ifstream in(file);
    std::stringstream stored;
    stored << in.rdbuf();
    EXPECT_EQ(stored.str(), text) << file;
}

TEST(RedshiftSql, Ledger) {
    std::vector<std::string> statements{kSchemaCreate, kVersionCreate};
    for (const auto& version : migrations()) {
        statements.insert(statements.end(), version.begin(), version.end());
    }
    const std::vector<const char*> named{kSchemaThere,
                                         kVersionLock,
                                         kSchemaVersion,
                                         kVersionDelete,
                                         kVersionInsert,
                                         kTablesSelect,
                                         kTableDelete,
                                         kTableInsert,
                                         kDataVersion,
                                         kLeasesLock,
                                         kServerNow,
                                         kLeaseHolder,
                                         kLeaseDelete,
                                         kLeaseInsert,
                                         kLeaseRenew,
                                         kOtherLeases,
                                         kRunsLock,
                                         kRunDelete,
                                         kRunInsert,
                                         kRunTableDelete,
                                         kRunTableInsert,
                                         kRunTables,
                                         kRunsLost,
                                         kRunStatus,
                                         kPublishedOutcomes,
                                         kPublishedOutcome,
                                         kPublicationInsert,
                                         kLastRun,
                                         kObjectsSince,
                                         kRejectsSelect,
                                         kLoadRejectsDrop,
                                         kLoadRejectsTable,
                                         kKnownRejectsDrop,
                                         kKnownRejects,
                                         kKnownRejectsDelete,
                                         kRejectsInsert,
                                         kReplayDrop,
                                         kReplayTable,
                                         kReplayKeepOpen,
                                         kReplayDone,
                                         kLoadErrors,
                                         // What PostgreSQL and Redshift read alike.
                                         ledger_sql::kLeaseRelease,
                                         ledger_sql::kLeaseLost,
                                         ledger_sql::kRunFinish,
                                         ledger_sql::kRunsSelect,
                                         ledger_sql::kObjectsSelect,
                                         ledger_sql::kObjectTouch,
                                         ledger_sql::kRejectState,
                                         pg_sql::kSchemaSelect,
                                         pg_sql::kVersionSelect,
                                         pg_sql::kVersionUpdate,
                                         pg_sql::kVersionInsert,
                                         pg_sql::kAsideInsert,
                                         pg_sql::kAsideDelete,
                                         pg_sql::kAsidesSelect,
                                         pg_sql::kObjectForget};
    statements.insert(statements.end(), named.begin(), named.end());
    statements.push_back(kRejectsGone + parameter_list(3, 2));
    statements.push_back(delete_objects(2));
    statements.push_back(insert_sql(objects_target().relation, objects_target().types, 2));
    expect_golden("ledger", statements);
}

TEST(RedshiftSql, Tables) {
    const Catalog catalog = sample();
    const SchemaDialect dialect(catalog);
    const Table& visits = catalog.tables[2];
    expect_golden("tables",
                  {dialect.create_table(catalog.tables[0]),
                   dialect.create_table(visits),
                   dialect.add_column(visits, visits.columns[9]),
                   dialect.drop_table(TableName("visits")),
                   create_gate(TableName("visits")),
                   lock_gate(TableName("visits")),
                   lock_gates(visits),
                   statement_timeout(0),
                   statement_timeout(500),
                   kTimeoutDefault,
                   count_some(TableName("visits")),
                   count_shared_keys(visits)});
    std::vector<std::string> rebuild;
    std::stringstream steps(dialect.change_type(visits, visits.columns[3]));
    for (std::string step; std::getline(steps, step, ';');) {
        rebuild.push_back(step.substr(step.find_first_not_of(' ')));
    }
    expect_golden("rebuild", rebuild);
}

TEST(RedshiftSql, Load) {
    const Catalog catalog = sample();
    const Table& visits = catalog.tables[2];
    const std::vector<std::string> keys{"\"code\"", "\"id\""};
    const CopyTarget from{"s3://lake/clean/it's/rows.manifest", "default"};
    expect_golden("load",
                  {kStageDrop,
                   create_stage(visits, "muster_stage"),
                   copy_parquet("muster_stage", from).value(),
                   kLosersDrop,
                   kLosersCreate,
                   delete_positions("muster_losers", "position"),
                   kStagedCount,
                   kMissingDrop,
                   find_missing(visits, keys),
                   kMissingCount,
                   kMissingSelect,
                   delete_positions("muster_missing", "_position"),
                   classify(visits),
                   delete_changed(visits),
                   insert_new(visits),
                   insert_new(catalog.tables[0]),
                   insert_sql(replay_target().relation, replay_target().types, 2)});
}

TEST(RedshiftSql, Rows) {
    const Catalog catalog = sample();
    const Table& places = catalog.tables[0];
    const Table& visits = catalog.tables[2];
    Table pairs = visits;
    pairs.key = {"id", "place"};
    const auto insert = [](const InsertTarget& target) {
        return insert_sql(target.relation, target.types, 2);
    };
    expect_golden("rows",
                  {kAnswerSelect,
                   kAnswerDelete,
                   insert(answers_target()),
                   select_keys(visits, 2),
                   select_keys(pairs, 2),
                   delete_keys(places, 1),
                   delete_keys(pairs, 2),
                   select_referenced(visits.columns[1], places.name, "\"code\"", 2),
                   insert(table_target(visits)),
                   known_rejects(2),
                   delete_rejects(2),
                   insert(rejects_target())});
}

TEST(RedshiftSql, Backup) {
    const CopyTarget place{"s3://lake/clean/muster-staging/rows_",
                           "arn:aws:iam::123456789012:role/muster"};
    expect_golden(
        "backup",
        {unload_parquet("SELECT \"id\" FROM \"visits\" WHERE \"note\" = 'x'", place).value(),
         create_restore_stage(sample().tables[2], kRestoreStage),
         copy_parquet(kRestoreStage, place).value()});
}

TEST(RedshiftSql, Snapshots) {
    const Catalog catalog = sample();
    const Table& visits = catalog.tables[2];
    const std::string aside = "\"_muster_restore_20260102T030405Z-abcd1234\"";
    std::vector<std::string> statements{kRestoreStageDrop,
                                        select_rows(visits, aside),
                                        select_ends(visits, "\"visits\""),
                                        create_aside(visits, aside),
                                        fill_aside(visits, aside),
                                        count_missing(visits, aside, "\"visits\""),
                                        count_changed(visits, aside, "\"visits\""),
                                        rename_table("\"visits\"", aside),
                                        drop_aside(aside)};
    // What is asked of restored rows in every warehouse.
    const RestoreQueries queries{
        .relation = [](const std::string& table) { return sql::identifier(table); },
        .count = [&statements](const std::string& sql) -> Result<RestoreQueries::Counted> {
            statements.push_back(sql);
            return RestoreQueries::Counted{};
        }};
    const RestoreFiles files{
        .table = {}, .key = {"before"}, .content = {}, .parquet = {}, .avro = {}};
    ASSERT_TRUE(check_restored_rows(queries, visits, files, {}, kRestoreStage).ok());
    for (const Table& table : catalog.tables) {
        ASSERT_TRUE(find_broken_references(queries, catalog, table, kRestoreStage).ok());
    }
    expect_golden("snapshots", statements);
}

TEST(RedshiftSql, LiteralsHoldNothingThatRedshiftWouldReadOtherwise) {
    EXPECT_EQ(literal("it's").value(), "'it''s'");
    for (const std::string bad : {"a\\b", "a\nb", "a\x7f"}) {
        const auto refused = literal(bad);
        ASSERT_FALSE(refused.ok());
        EXPECT_EQ(refused.error().code, ErrorCode::kUsage);
    }
}

TEST(RedshiftSql, TextsAreAsWideAsTheirCharactersNeed) {
    Column text = column("t", TypeKind::kString, true);
    EXPECT_EQ(text_bytes_max(text), 65'535U);
    for (const auto& [characters, bytes] : std::vector<std::pair<std::size_t, std::size_t>>{
             {0, 1}, {1, 4}, {16'383, 65'532}, {16'384, 65'535}}) {
        text.max_length = characters;
        EXPECT_EQ(text_bytes_max(text), bytes) << characters;
    }
}

TEST(RedshiftSql, DecimalsWithoutDigitsBeforeThePointAreRefused) {
    Table table = sample().tables[2];
    table.columns[4].type = {TypeKind::kDecimal, 38, 37};
    EXPECT_TRUE(check_types(table).ok());
    table.columns[4].type = {TypeKind::kDecimal, 38, 38};
    const auto refused = check_types(table);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().message.find("cost"), std::string::npos);
}

TEST(RedshiftSql, ErrorsHaveTheStateThatTellsWhetherToTryAgain) {
    std::string state = "XX000";
    const Error again =
        dialect().error(state, "1023", "running a statement", "Redshift at db:5439");
    EXPECT_EQ(state, "40001");
    EXPECT_EQ(again.code, ErrorCode::kUnavailable);
    state = "XX000";
    const Error role = dialect().error(
        state, "User x is not authorized to assume IAM Role y", "running", "Redshift at db:5439");
    EXPECT_EQ(role.code, ErrorCode::kUsage);
    EXPECT_NE(role.hint.find("iam_role"), std::string::npos);
}

}  // namespace
}  // namespace muster::redshift
