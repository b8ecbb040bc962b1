#include "warehouse/redshift/publications.h"

#include "core/text.h"
#include "warehouse/detail/ledger_json.h"
#include "warehouse/postgres/publications.h"
#include "warehouse/postgres/rows_sql.h"
#include "warehouse/redshift/ledger_sql.h"

namespace muster::redshift {
namespace {

constexpr std::size_t kPartBytesMax = 65'000;

}  // namespace

std::vector<std::string> text_parts(std::string_view text) {
    std::vector<std::string> parts;
    do {
        const std::string_view part = utf8_prefix(text, kPartBytesMax);
        parts.emplace_back(part);
        text.remove_prefix(part.size());
    } while (!text.empty());
    return parts;
}

Result<std::vector<TableOutcome>> read_outcomes(PgRows rows) {
    std::vector<std::string> texts;
    while (rows.next()) {
        if (rows.int64(1) == 0 || texts.empty()) {
            texts.emplace_back();
        }
        texts.back() += rows.text(0);
    }
    std::vector<TableOutcome> outcomes;
    for (const std::string& text : texts) {
        MUSTER_ASSIGN(auto outcome, parse_table_outcome(text));
        outcomes.push_back(std::move(outcome));
    }
    return outcomes;
}

Result<std::optional<TableOutcome>> published_outcome(PgConnection& connection,
                                                      const RunId& run,
                                                      const std::string& table) {
    MUSTER_ASSIGN(auto rows, connection.query(kPublishedOutcome, run.str(), table));
    MUSTER_ASSIGN(auto outcomes, read_outcomes(std::move(rows)));
    return outcomes.empty() ? std::optional<TableOutcome>()
                            : std::optional<TableOutcome>(std::move(outcomes.front()));
}

Result<std::int64_t> record_publication(PgConnection& connection,
                                        const RunId& run,
                                        const TableOutcome& outcome,
                                        bool changed,
                                        std::int64_t now_us) {
    MUSTER_ASSIGN(auto version, connection.scalar(pg_sql::kVersionSelect, outcome.table));
    if (changed) {
        ++version;
        MUSTER_TRY(set_table_version(connection, outcome.table, version));
    }
    std::int64_t number = 0;
    for (const std::string& part : text_parts(table_outcome_json(outcome))) {
        MUSTER_TRY(connection.change(
            kPublicationInsert, run.str(), outcome.table, number++, part, version, now_us));
    }
    return version;
}

Result<void> put_outcome(PgConnection& connection,
                         const std::string& run_id,
                         const TableOutcome& outcome,
                         std::int64_t now_us) {
    MUSTER_TRY(connection.change(kRunTableDelete, run_id, outcome.table));
    std::int64_t number = 0;
    for (const std::string& part : text_parts(table_outcome_json(outcome))) {
        MUSTER_TRY(
            connection.change(kRunTableInsert, run_id, outcome.table, number++, part, now_us));
    }
    return {};
}

}  // namespace muster::redshift
