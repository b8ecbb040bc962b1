// The reject ledger as it is listed.
#include "warehouse/postgres/ledger_rows.h"
#include "warehouse/redshift/base64.h"
#include "warehouse/redshift/ledger_sql.h"
#include "warehouse/redshift/redshift_warehouse.h"

namespace muster {
namespace {

Result<std::string> raw_record(const PgRows& row, std::size_t column) {
    auto raw = redshift::base64_decode(row.text(column));
    if (!raw) {
        return Error{ErrorCode::kVerification,
                     "the raw record of reject " + std::string(row.text(0)) + " is no base64",
                     "somebody changed muster.rejects; delete the row and load its object again",
                     ""};
    }
    return *std::move(raw);
}

constexpr RejectDialect kDialect{.select = redshift::kRejectsSelect,
                                 .parameter = "CAST(${} AS VARCHAR(4096))",
                                 .id_prefix = "LEFT(id, {1}) = {0}",
                                 .raw = raw_record};

}  // namespace

Result<void> RedshiftWarehouse::rejects(
    const RejectFilter& filter, const std::function<Result<void>(const RejectEntry&)>& found) {
    MUSTER_ASSIGN(auto lease, pool_.acquire());
    return list_rejects(*lease, kDialect, filter, found);
}

}  // namespace muster
