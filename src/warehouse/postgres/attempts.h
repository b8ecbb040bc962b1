// Work on a connection that is tried again when the connection was lost or another transaction was
// in the way. For work that may be done twice without harm.
#pragma once

#include "warehouse/postgres/pool.h"

#include <chrono>
#include <thread>

namespace muster {

inline constexpr int kLedgerAttemptsMax = 6;
inline constexpr auto kLedgerRetryPause = std::chrono::milliseconds(250);  // doubled each time

// Somebody waits for the answer of a question.
inline constexpr int kQuestionAttemptsMax = 2;

template <typename Work>
auto attempt(PostgresPool& pool, Work work, int attempts_max = kLedgerAttemptsMax)
    -> decltype(work(std::declval<PgConnection&>())) {
    for (int tried = 1;; ++tried) {
        auto lease = pool.acquire();
        if (!lease.ok()) {
            if (!worth_a_retry(lease.error()) || tried >= attempts_max) {
                return lease.error();
            }
        } else {
            auto done = work(**lease);
            if (done.ok() || !worth_a_retry(done.error()) || tried >= attempts_max) {
                return done;
            }
        }
        std::this_thread::sleep_for(kLedgerRetryPause * (1 << (tried - 1)));
    }
}

// One statement whose rows nobody needs.
template <typename... Values>
Result<void> attempt_change(PostgresPool& pool, const std::string& sql, const Values&... values) {
    return attempt(pool, [&](PgConnection& connection) -> Result<void> {
        MUSTER_ASSIGN(const auto changed, connection.change(sql, values...));
        static_cast<void>(changed);
        return {};
    });
}

}  // namespace muster
