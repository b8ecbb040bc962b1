#include "cli/rows.h"
#include "cli/verb_context.h"
#include "cli/verbs/verbs.h"

#include <fmt/core.h>

namespace muster {
namespace {

constexpr std::size_t kSqlBytesMax = 1U << 20;

Result<int> run_query(VerbContext& context) {
    std::string sql = context.arguments.words[0];
    if (sql == "-") {
        MUSTER_ASSIGN(sql, context.console.read_in(kSqlBytesMax));
    }
    MUSTER_ASSIGN(Warehouse * warehouse, context.database->warehouse_for(*context.catalog));
    MUSTER_ASSIGN(auto stream, warehouse->query(sql, &context.cancel));
    MUSTER_ASSIGN(const std::size_t rows, print_stream(context.console, *stream, context.cancel));
    context.console.detail(fmt::format("{} rows", rows));
    return 0;
}

}  // namespace

VerbSpec query_verb() {
    return {
        .name = "query",
        .words = "SQL",
        .summary = "one SELECT on the warehouse; - reads it from standard input",
        .example = "muster query 'SELECT count(*) AS jobs FROM jobs' -o csv",
        .words_min = 1,
        .words_max = 1,
        .needs_catalog = true,
        .needs_database = always,
        .run = run_query,
    };
}

}  // namespace muster
