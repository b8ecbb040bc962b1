// Rows over a warehouse in a temporary folder, with outcomes as short texts.
#pragma once

#include "rows/rows.h"

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "../warehouse/fixture.h"

namespace muster {

class RowsTest : public WarehouseTest {
  protected:
    void SetUp() override;
    // The process ends, the next one opens the database.
    void restart();
    void use(Catalog catalog);

    InsertRequest request(const std::string& table, const std::string& body);
    // "1+0+0-0": inserted + updated + unchanged - rejected, then " 2:key.exists:id" for each
    // problem; "replayed 201 body", "conflict", or the name of an Error and its message.
    std::string insert(const InsertRequest& request);
    std::string insert(const std::string& table, const std::string& body);

    std::unique_ptr<Rows> rows_;

  private:
    std::mutex bodies_mutex_;
    std::deque<std::string> bodies_;  // what requests point to
};

std::string outcome_text(const Table& table, const Result<InsertOutcome>& outcome);

}  // namespace muster
