// The process's own invocation: owner or guest, and the guests it serves as the owner.
#include "cli/console.h"
#include "cli/dispatch.h"
#include "cli/stores.h"
#include "control/control.h"
#include "engine/engine.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <fcntl.h>
#include <memory>
#include <optional>
#include <thread>
#include <unistd.h>

namespace muster {
namespace {

// The share of the machine's memory taken if no limit is given, in percent.
constexpr std::uint64_t kMemoryPercentDefault = 75;

// Two catalogs may share a process if they mean the same tables and stores. The source is each
// invocation's own affair.
std::string shared_fingerprint(const Catalog& catalog) {
    Catalog without_source = catalog;
    without_source.source_url.clear();
    return without_source.fingerprint();
}

// The variables a guest's verb may need in the owner, those by which S3 is reached among them.
Invocation for_owner(const Invocation& invocation, const std::vector<std::string>& variables) {
    Invocation reduced = invocation;
    reduced.environment.clear();
    for (const auto& [name, value] : invocation.environment) {
        if (name.starts_with("MUSTER_") || name.starts_with("AWS_") || name == "HOME" ||
            name == "NO_COLOR" || name == "TERM" ||
            std::find(variables.begin(), variables.end(), name) != variables.end()) {
            reduced.environment.emplace(name, value);
        }
    }
    return reduced;
}

class GuestAccess final : public DatabaseAccess {
  public:
    GuestAccess(const Catalog& owned, std::string fingerprint, Database& database)
        : owned_(owned), fingerprint_(std::move(fingerprint)), database_(database) {}

    Result<Admission> admit(const Catalog& catalog,
                            const Settings& /*settings*/,
                            const std::vector<std::string>& /*variables*/) override {
        if (shared_fingerprint(catalog) != fingerprint_) {
            return Error{ErrorCode::kConflict,
                         fmt::format("the data directory {} is in use by a muster process with the "
                                     "catalog '{}' ({}), which differs from '{}' ({})",
                                     catalog.data_dir,
                                     owned_.name,
                                     owned_.origin,
                                     catalog.name,
                                     catalog.origin),
                         "wait until that process ends, or use the same catalog, or another "
                         "--data-dir"};
        }
        return Admission{&database_};
    }

  private:
    const Catalog& owned_;
    const std::string fingerprint_;
    Database& database_;
};

class OwnAccess final : public DatabaseAccess {
  public:
    OwnAccess(const Invocation& invocation,
              Descriptors descriptors,
              int cancel_fd,
              const Clock& clock)
        : invocation_(invocation),
          descriptors_(descriptors),
          cancel_fd_(cancel_fd),
          clock_(clock) {}

    Result<Admission> admit(const Catalog& catalog,
                            const Settings& settings,
                            const std::vector<std::string>& variables) override {
        if (warehouse_kind(catalog.warehouse_url) != WarehouseKind::kDuckdb) {
            open_database(catalog, settings);  // shared by all: nobody owns it
            return Admission{database_.get()};
        }
        MUSTER_ASSIGN(Joined role,
                      join(catalog.data_dir,
                           for_owner(invocation_, variables),
                           descriptors_,
                           {.cancel_fd = cancel_fd_}));
        if (!role.owner) {
            return Admission{role.exit_code};
        }
        owner_ = std::move(role.owner);
        catalog_ = catalog;
        open_database(catalog, settings);
        fingerprint_ = shared_fingerprint(catalog);
        MUSTER_TRY(owner_->serve(
            [this](const Invocation& guest, const Descriptors& streams, CancelToken& cancel) {
                GuestAccess access{*catalog_, fingerprint_, *database_};
                return dispatch(guest, streams, cancel, clock_, access);
            }));
        return Admission{database_.get()};
    }

    // After the own verb.
    void leave(StopRequests& stop) {
        if (owner_ && !owner_->try_finish()) {
            wait_for_guests(stop);
        }
        database_.reset();
        owner_.reset();
    }

  private:
    void open_database(const Catalog& catalog, const Settings& settings) {
        const std::uint64_t machine_share = machine_memory_bytes() / 100 * kMemoryPercentDefault;
        database_ = std::make_unique<Database>(
            DatabaseOptions{
                .warehouse =
                    warehouse_options(catalog, process_store_options(catalog, invocation_)),
                .data_dir = catalog.data_dir,
                .memory_limit_bytes =
                    settings.memory_limit_bytes != 0 ? settings.memory_limit_bytes : machine_share,
                .threads = settings.threads != 0 ? settings.threads : machine_threads(),
            },
            clock_);
    }

    void wait_for_guests(StopRequests& stop) {
        stop.waiting = true;
        // Who reads this process's output has all of it; the pipe must not stay open for guests.
        const Descriptor nowhere{::open("/dev/null", O_RDWR | O_CLOEXEC)};
        if (nowhere.valid() && !invocation_.terminal.out) {
            ::dup2(nowhere.get(), descriptors_.out);
        }
        Console console{descriptors_, invocation_.terminal, nullptr};
        for (int waits = 0; !owner_->try_finish(); ++waits) {
            if (stop.guests.cancelled()) {
                owner_->cancel_guests();
            }
            if (waits == kNoticeAfterWaits && invocation_.terminal.err) {
                console.message(fmt::format(
                    "muster: done; {} other muster command(s) still use this database through this "
                    "process (Ctrl-C stops them)",
                    owner_->guests()));
            }
            std::this_thread::sleep_for(std::chrono::milliseconds{kWaitMs});
        }
    }

    static constexpr int kWaitMs = 20;
    static constexpr int kNoticeAfterWaits = 50;

    const Invocation& invocation_;
    const Descriptors descriptors_;
    const int cancel_fd_;
    const Clock& clock_;
    std::unique_ptr<Owner> owner_;
    std::optional<Catalog> catalog_;
    std::string fingerprint_;
    std::unique_ptr<Database> database_;
};

}  // namespace

int run_process(const Invocation& invocation,
                const Descriptors& descriptors,
                StopRequests& stop,
                const Clock& clock) {
    OwnAccess access{invocation, descriptors, stop.cancel_fd, clock};
    const int code = dispatch(invocation, descriptors, stop.verb, clock, access);
    access.leave(stop);
    return code;
}

}  // namespace muster
