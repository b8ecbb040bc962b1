// A warehouse on a real DuckDB in a temporary folder, and staged objects made from SQL rows. With
// MUSTER_TEST_POSTGRES=URL in the environment it is in a new database of that server: for tests
// that ask for nothing else than a Warehouse.
#pragma once

#include "support/manual_clock.h"
#include "support/temp_folder.h"
#include "warehouse/warehouse.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace muster {

Column column(const std::string& name, TypeKind kind, bool nullable = false);

// parents(id) and items(id, name, parent_id -> parents).
Catalog test_catalog();

class WarehouseTest : public testing::Test {
  protected:
    void SetUp() override;
    // Closes the database and opens it again, as the next process does.
    void reopen();

    // Rows are SQL tuples without position: "(1, 'a', NULL)"; row i lies at offset 100 * i and its
    // raw record is the tuple. `rejects` are raw records that the scan refused, at offset 50 + 100
    // i.
    LoadObject object(const Table& table,
                      const std::string& name,
                      const std::vector<std::string>& rows,
                      const std::vector<std::string>& rejects = {});
    // Says that the object's keys rise from `first` to `last`.
    static LoadObject rising(LoadObject object, const std::string& first, const std::string& last);

    Result<TableOutcome> load(const Table& table,
                              const std::string& run,
                              std::vector<LoadObject> objects,
                              const std::map<std::uint64_t, RejectId>& replay_of = {});
    Table& table(const std::string& name);
    // The rows of a query as text, "1|a|NULL".
    std::vector<std::string> rows_of(const std::string& sql);
    std::vector<std::string> rejects_of(const RejectFilter& filter);
    void run_sql(const std::string& sql);

    std::string warehouse_url();

    std::string postgres_url_;  // of this test's database, once it is there
    TempFolder folder_;
    ManualClock clock_;
    Catalog catalog_;
    std::unique_ptr<Engine> engine_;
    std::unique_ptr<Warehouse> warehouse_;
    std::map<std::string, std::map<std::uint64_t, std::string>> raw_;  // by object and offset
    int files_ = 0;
};

// "3 = 1+1+1+0+0" in the order of LoadCounts, for short expectations.
std::string counts_text(const LoadCounts& counts);

}  // namespace muster
