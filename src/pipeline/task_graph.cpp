#include "pipeline/task_graph.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

namespace muster {
namespace {

// The shared state of the executing threads.
class Execution {
  public:
    Execution(const TaskGraph& graph,
              const std::function<bool(std::size_t)>& work,
              const std::function<void(std::size_t, const std::string&)>& skipped)
        : graph_(graph),
          work_(work),
          skipped_(skipped),
          states_(graph.nodes.size()),
          started_(graph.nodes.size(), false) {}

    void run_until_done() {
        std::unique_lock lock{mutex_};
        while (true) {
            skip_blocked();
            if (std::all_of(started_.begin(), started_.end(), [](bool taken) { return taken; })) {
                return;
            }
            const auto ready = next_ready();
            if (!ready) {
                changed_.wait(lock);
                continue;
            }
            started_[*ready] = true;
            lock.unlock();
            const bool succeeded = work_(*ready);
            lock.lock();
            states_[*ready] = succeeded ? TaskState::kSucceeded : TaskState::kFailed;
            changed_.notify_all();
        }
    }

    std::vector<TaskState> states() const {
        std::vector<TaskState> final_states;
        for (const auto& state : states_) {
            MUSTER_CHECK(state.has_value());
            final_states.push_back(*state);
        }
        return final_states;
    }

  private:
    void skip_blocked() {
        for (std::size_t node = 0; node < graph_.nodes.size(); ++node) {
            for (const std::size_t before : graph_.nodes[node].after) {
                if (!started_[node] && states_[before] &&
                    *states_[before] != TaskState::kSucceeded) {
                    started_[node] = true;
                    states_[node] = TaskState::kSkipped;
                    skipped_(node, graph_.nodes[before].name);
                    changed_.notify_all();
                }
            }
        }
    }

    std::optional<std::size_t> next_ready() const {
        for (std::size_t node = 0; node < graph_.nodes.size(); ++node) {
            const auto& after = graph_.nodes[node].after;
            const bool free = std::all_of(after.begin(), after.end(), [this](std::size_t before) {
                return states_[before] == TaskState::kSucceeded;
            });
            if (!started_[node] && free) {
                return node;
            }
        }
        return std::nullopt;
    }

    const TaskGraph& graph_;
    const std::function<bool(std::size_t)>& work_;
    const std::function<void(std::size_t, const std::string&)>& skipped_;
    std::vector<std::optional<TaskState>> states_;
    std::vector<bool> started_;
    std::mutex mutex_;
    std::condition_variable changed_;
};

}  // namespace

TaskGraph load_graph(const Catalog& catalog, const std::vector<TableName>& chosen) {
    TaskGraph graph;
    const auto index_of = [&graph](const std::string& name) -> std::optional<std::size_t> {
        for (std::size_t node = 0; node < graph.nodes.size(); ++node) {
            if (graph.nodes[node].name == name) {
                return node;
            }
        }
        return std::nullopt;
    };
    for (const Table* table : catalog.load_order()) {
        const bool wanted =
            chosen.empty() || std::find(chosen.begin(), chosen.end(), table->name) != chosen.end();
        if (!wanted) {
            continue;
        }
        TaskNode node{.name = table->name.str(), .after = {}};
        for (const Reference& reference : table->references) {
            const auto before = index_of(reference.table.str());
            if (before &&
                std::find(node.after.begin(), node.after.end(), *before) == node.after.end()) {
                node.after.push_back(*before);
            }
        }
        graph.nodes.push_back(std::move(node));
    }
    return graph;
}

std::vector<TaskState> execute_graph(
    const TaskGraph& graph,
    std::size_t threads,
    const std::function<bool(std::size_t)>& work,
    const std::function<void(std::size_t, const std::string&)>& skipped) {
    Execution execution{graph, work, skipped};
    {
        std::vector<std::jthread> pool;
        const std::size_t helpers = std::min(std::max<std::size_t>(threads, 1), graph.nodes.size());
        for (std::size_t i = 1; i < helpers; ++i) {
            pool.emplace_back([&execution] { execution.run_until_done(); });
        }
        execution.run_until_done();
    }
    return execution.states();
}

}  // namespace muster
