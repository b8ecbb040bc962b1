#include "rows_fixture.h"

#include <fmt/format.h>

namespace muster {

void RowsTest::SetUp() {
    WarehouseTest::SetUp();
    rows_ = std::make_unique<Rows>(catalog_, *warehouse_, clock_);
}

void RowsTest::restart() {
    rows_.reset();
    reopen();
    rows_ = std::make_unique<Rows>(catalog_, *warehouse_, clock_);
}

void RowsTest::use(Catalog catalog) {
    rows_.reset();
    catalog_ = std::move(catalog);
    const auto migrated = warehouse_->migrate(catalog_, true);
    ASSERT_TRUE(migrated.ok()) << migrated.error().message;
    rows_ = std::make_unique<Rows>(catalog_, *warehouse_, clock_);
}

InsertRequest RowsTest::request(const std::string& table_name, const std::string& body) {
    const std::lock_guard lock(bodies_mutex_);
    return {.table = table(table_name),
            .body = bodies_.emplace_back(body),
            .object = "POST /" + table_name,
            .request_id = "request-1"};
}

std::string outcome_text(const Table& table, const Result<InsertOutcome>& outcome) {
    if (!outcome.ok()) {
        return std::string(error_code_name(outcome.error().code)) + " " + outcome.error().message;
    }
    const RowWriteResult& result = outcome->result;
    if (result.key_conflict) {
        return "conflict";
    }
    if (result.replayed) {
        return fmt::format("replayed {} {}", result.replayed->status, result.replayed->body);
    }
    std::string text = fmt::format(
        "{}+{}+{}-{}", result.inserted, result.updated, result.unchanged, result.rejected);
    for (const RowProblem& problem : result.problems) {
        const int column = problem.reason.column;
        text += fmt::format(
            " {}:{}:{}",
            problem.index,
            reject_code_text(problem.reason.code),
            column < 0 ? std::string() : table.columns[static_cast<std::size_t>(column)].name);
    }
    return text;
}

std::string RowsTest::insert(const InsertRequest& request) {
    return outcome_text(request.table, rows_->insert(request));
}

std::string RowsTest::insert(const std::string& table_name, const std::string& body) {
    return insert(request(table_name, body));
}

}  // namespace muster
