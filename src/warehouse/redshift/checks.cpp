// The questions of `muster doctor` to Redshift.
#include "core/text.h"
#include "warehouse/redshift/address.h"
#include "warehouse/redshift/connect.h"
#include "warehouse/redshift/ledger_sql.h"
#include "warehouse/redshift/staging.h"
#include "warehouse/server_checks.h"

#include <fmt/format.h>

#include <cstdlib>

#include "aws/client.h"

namespace muster {
namespace {

constexpr std::int64_t kMicrosecondsPerSecond = 1'000'000;
// Credentials of IAM are refused from clocks that are five minutes off.
constexpr std::int64_t kSkewSecondsFail = 300;
constexpr std::int64_t kSkewSecondsWarn = 60;
constexpr const char* kProbe = "1\n";

class RedshiftProbe {
  public:
    RedshiftProbe(const WarehouseOptions& options, const Clock& clock, const CancelToken* cancel)
        : options_(options), clock_(clock), cancel_(cancel), staging_(options) {}

    std::vector<ServerCheck> look() {
        const auto address = redshift::parse_address(options_.url);
        if (!address.ok()) {
            fail("reach", address.error(), "check [warehouse] url");
            return std::move(checks_);
        }
        auto opened =
            PgConnection::open(redshift::connection_options(*address, options_, clock_), cancel_);
        if (!opened.ok()) {
            fail("reach", opened.error(), "check [warehouse] url");
            return std::move(checks_);
        }
        connection_ = std::move(opened).value();
        look_at_version();
        compare_clocks();
        look_at_rights();
        compare_regions(*address);
        try_role();
        return std::move(checks_);
    }

  private:
    void note(const char* step, const char* status, std::string message, std::string remedy) {
        checks_.push_back(
            {std::string("warehouse: ") + step, status, std::move(message), std::move(remedy)});
    }

    void fail(const char* step, const Error& error, const std::string& remedy) {
        note(step, "fail", error.message, error.hint.empty() ? remedy : error.hint);
    }

    void look_at_version() {
        auto rows = connection_->query("SELECT current_user, version()");
        if (!rows.ok() || !rows->next()) {
            fail("reach",
                 rows.ok() ? Error{ErrorCode::kInternal, "no answer to SELECT", "", ""}
                           : rows.error(),
                 "run again");
            return;
        }
        note("reach",
             "ok",
             fmt::format("{}, as {}", connection_->place(), printable(rows->text(0))),
             "");
        const std::string version(rows->text(1));
        const std::size_t at = version.find("Redshift ");
        note("version",
             at == std::string::npos ? "fail" : "ok",
             printable(at == std::string::npos ? version : version.substr(at)),
             at == std::string::npos ? "this is no Redshift: write postgresql:// for PostgreSQL"
                                     : "");
    }

    void compare_clocks() {
        const auto theirs_us = connection_->scalar(redshift::kServerNow);
        if (!theirs_us.ok()) {
            fail("clock", theirs_us.error(), "run again");
            return;
        }
        const std::int64_t ahead_s = (*theirs_us - clock_.now_us()) / kMicrosecondsPerSecond;
        const std::int64_t off_s = std::abs(ahead_s);
        note("clock",
             off_s < kSkewSecondsWarn   ? "ok"
             : off_s < kSkewSecondsFail ? "warn"
                                        : "fail",
             fmt::format(
                 "the server's clock is {} s {} ours", off_s, ahead_s < 0 ? "behind" : "ahead of"),
             off_s < kSkewSecondsWarn ? "" : "set the machine's clock (NTP)");
    }

    void look_at_rights() {
        auto rows = connection_->query(redshift::kRights);
        if (!rows.ok() || !rows->next()) {
            fail("rights",
                 rows.ok() ? Error{ErrorCode::kInternal, "no answer to SELECT", "", ""}
                           : rows.error(),
                 "run again");
            return;
        }
        const std::string schema(rows->text(0));
        const bool ledger_there = rows->int64(3) > 0;
        if (rows->is_null(0)) {
            note("rights",
                 "fail",
                 "no schema of search_path is there",
                 "set the user's search_path");
        } else if (!rows->boolean(1)) {
            note("rights",
                 "fail",
                 fmt::format("no right to make tables in schema {}", printable(schema)),
                 fmt::format("GRANT CREATE, USAGE ON SCHEMA {} TO the user", printable(schema)));
        } else if (!ledger_there && !rows->boolean(2)) {
            note("rights",
                 "fail",
                 "there is no schema muster, and no right to make it",
                 "GRANT CREATE ON DATABASE to the user, or make schema muster for it");
        } else {
            look_at_ledger(schema, ledger_there);
        }
    }

    void look_at_ledger(const std::string& schema, bool there) {
        if (there) {
            auto may = connection_->query(redshift::kLedgerRights);
            if (!may.ok() || !may->next() || !may->boolean(0)) {
                note("rights",
                     "fail",
                     "no right to make tables in schema muster",
                     "GRANT CREATE, USAGE ON SCHEMA muster to the user, or make it their own");
                return;
            }
        }
        note("rights",
             "ok",
             fmt::format("tables can be made in schema {}, and schema muster {}",
                         printable(schema),
                         there ? "is there" : "can be made"),
             "");
    }

    // COPY of Parquet reads from the cluster's own region only.
    void compare_regions(const redshift::Address& address) {
        const std::string ours =
            aws_region(options_.store.s3.region,
                       options_.store.environment,
                       load_aws_profile(options_.store.environment, options_.store.s3.profile));
        if (address.region.empty()) {
            return;  // nothing says where the cluster is
        }
        const bool same = address.region == ours;
        note("region",
             same ? "ok" : "fail",
             same ? "cluster and [clean] url are in " + printable(ours)
                  : fmt::format("the cluster is in {}, [clean] url in {}",
                                printable(address.region),
                                printable(ours)),
             same ? "" : "use a bucket in the region of the cluster, and set [s3] region to it");
    }

    void try_role() {
        if (auto checked = staging_.check(); !checked.ok()) {
            fail("copy", checked.error(), "set [clean] url");
            return;
        }
        const std::string folder = redshift::Staging::doctor_folder(clock_.now_us());
        if (auto copied = copy(folder); !copied.ok()) {
            fail("copy", copied.error(), "see docs/redshift.md for the role's rights");
        } else {
            note("copy", "ok", fmt::format("role {} reads {}", role(), staging_.url(folder)), "");
            if (auto unloaded = unload(folder); !unloaded.ok()) {
                fail("unload", unloaded.error(), "see docs/redshift.md for the role's rights");
            } else {
                note("unload", "ok", fmt::format("role {} writes there", role()), "");
            }
        }
        if (auto cleared = staging_.clear(folder); !cleared.ok()) {
            fail("copy", cleared.error(), "remove what is below " + staging_.url(folder));
        }
    }

    std::string role() const { return printable(staging_.role()); }

    Result<void> copy(const std::string& folder) {
        MUSTER_ASSIGN(ObjectStore * store, staging_.store());
        MUSTER_TRY(write_object(*store, ObjectKey(folder + "probe.csv"), kProbe));
        MUSTER_ASSIGN(const auto from,
                      staging_.put_manifest(
                          folder + "probe.manifest",
                          {{staging_.url(folder + "probe.csv"), std::string_view(kProbe).size()}}));
        MUSTER_TRY(connection_->execute("CREATE TEMP TABLE muster_doctor (found INTEGER)"));
        MUSTER_ASSIGN(const std::string copy, redshift::copy_csv("muster_doctor", from));
        MUSTER_TRY(connection_->execute(copy));
        MUSTER_ASSIGN(const auto found,
                      connection_->scalar("SELECT COUNT(*) FROM muster_doctor WHERE found = 1"));
        if (found != 1) {
            return Error{ErrorCode::kVerification,
                         fmt::format("COPY of one row has loaded {}", found),
                         "see SYS_LOAD_HISTORY of the warehouse",
                         ""};
        }
        return {};
    }

    Result<void> unload(const std::string& folder) {
        MUSTER_ASSIGN(
            const std::string unload,
            redshift::unload_parquet("SELECT found FROM muster_doctor",
                                     {staging_.url(folder + "unload/"), staging_.role()}));
        return connection_->execute(unload);
    }

    const WarehouseOptions& options_;
    const Clock& clock_;
    const CancelToken* cancel_;
    redshift::Staging staging_;
    std::unique_ptr<PgConnection> connection_;
    std::vector<ServerCheck> checks_;
};

}  // namespace

std::vector<ServerCheck> check_redshift(const WarehouseOptions& options,
                                        const Clock& clock,
                                        const CancelToken* cancel) {
    if (warehouse_kind(options.url) != WarehouseKind::kRedshift) {
        return {};
    }
    return RedshiftProbe(options, clock, cancel).look();
}

}  // namespace muster
