// What the tables themselves refuse: references without a target.
#include "warehouse/detail/ledger_json.h"
#include "warehouse/detail/table_sql.h"
#include "warehouse/postgres/ledger_rows.h"
#include "warehouse/postgres/rows_sql.h"
#include "warehouse/redshift/load_job.h"
#include "warehouse/redshift/load_sql.h"

#include <fmt/format.h>

#include <algorithm>

namespace muster {

Result<void> RedshiftLoadJob::judge() {
    if (!table_.references.empty() && staged_ > 0) {
        MUSTER_TRY(find_missing());
        if (missing_ > 0) {
            MUSTER_TRY(take_missing());
        }
    }
    return settle();
}

Result<void> RedshiftLoadJob::find_missing() {
    std::vector<std::string> keys;
    for (const Reference& reference : table_.references) {
        MUSTER_ASSIGN(std::string key, referenced_key(redshift_, reference));
        keys.push_back(std::move(key));
    }
    MUSTER_TRY(redshift_.execute(redshift::kMissingDrop));
    MUSTER_TRY(redshift_.execute(redshift::find_missing(table_, keys)));
    MUSTER_ASSIGN(missing_, redshift_.scalar(redshift::kMissingCount));
    return {};
}

// Into the engine's set_rejects, with the reasons; out of the staged rows.
Result<void> RedshiftLoadJob::take_missing() {
    {
        MUSTER_ASSIGN(auto found, open_missing());
        MUSTER_ASSIGN(auto rows, PgStream::open(redshift_, redshift::kMissingSelect, {}));
        for (;;) {
            MUSTER_ASSIGN(const bool more, rows.next());
            if (!more) {
                break;
            }
            for (std::size_t i = 0; i < table_.references.size(); ++i) {
                if (rows.row().int64(i + 1) == 1) {
                    MUSTER_TRY(
                        found.add(rows.row().int64(0)).add(static_cast<std::int64_t>(i)).end_row());
                }
            }
        }
        MUSTER_TRY(found.close());
    }
    MUSTER_ASSIGN(const auto taken, refuse_missing());
    MUSTER_ASSIGN(const auto removed,
                  redshift_.change(redshift::delete_positions("muster_missing", "_position")));
    return check_missing(taken, removed);
}

}  // namespace muster
