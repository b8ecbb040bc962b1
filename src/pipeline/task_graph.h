// The order of work as a graph: derived from the catalog's references, executed here by a small
// pool of threads, and emitted elsewhere as a state machine. Immutable once built.
#pragma once

#include "catalog/catalog.h"
#include "core/result.h"

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace muster {

struct TaskNode {
    std::string name;
    std::vector<std::size_t> after;  // indexes of nodes that must succeed before
};

struct TaskGraph {
    std::vector<TaskNode> nodes;  // every node stands after those it waits for
};

// One node per table, in load order, with an edge for every reference between chosen tables.
// `chosen` empty means all.
TaskGraph load_graph(const Catalog& catalog, const std::vector<TableName>& chosen);

enum class TaskState { kSucceeded, kFailed, kSkipped };

// Runs `work` for every node, at most `threads` at once; `work` returns whether it succeeded. A
// node behind a failed or skipped one is skipped: `skipped` is told the name of the node it waited
// for.
std::vector<TaskState> execute_graph(
    const TaskGraph& graph,
    std::size_t threads,
    const std::function<bool(std::size_t node)>& work,
    const std::function<void(std::size_t node, const std::string& because)>& skipped);

}  // namespace muster
