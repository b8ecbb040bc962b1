#include "validate/detail/parallel.h"

#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace muster {

Result<void> run_on_threads(std::size_t threads, const std::function<Result<void>()>& work) {
    std::mutex mutex;
    std::optional<Error> failure;
    const auto run = [&] {
        auto done = work();
        if (!done.ok()) {
            const std::lock_guard lock(mutex);
            if (!failure.has_value()) {
                failure = std::move(done).error();
            }
        }
    };
    {
        std::vector<std::jthread> others;
        try {
            for (std::size_t i = 1; i < threads; ++i) {
                others.emplace_back(run);
            }
        } catch (const std::system_error&) {
            // The threads that started, and this one, do all of it.
        }
        run();
    }
    if (failure.has_value()) {
        return *std::move(failure);
    }
    return {};
}

}  // namespace muster
