// The executor: nothing starts before what it waits for, and nothing runs behind a failure.
#include "pipeline/task_graph.h"

#include <gtest/gtest.h>

#include <mutex>

namespace muster {
namespace {

const TaskGraph& diamond() {
    static const TaskGraph graph{
        .nodes = {{"a", {}}, {"b", {0}}, {"c", {0}}, {"d", {1, 2}}, {"alone", {}}}};
    return graph;
}

class TaskGraphTest : public ::testing::TestWithParam<std::size_t> {};

TEST_P(TaskGraphTest, RunsEveryNodeAfterThoseItWaitsFor) {
    std::mutex mutex;
    std::vector<std::size_t> finished;
    const auto states = execute_graph(
        diamond(),
        GetParam(),
        [&](std::size_t node) {
            const std::lock_guard lock{mutex};
            for (const std::size_t before : diamond().nodes[node].after) {
                EXPECT_NE(std::find(finished.begin(), finished.end(), before), finished.end());
            }
            finished.push_back(node);
            return true;
        },
        [](std::size_t, const std::string&) { FAIL() << "nothing failed"; });
    EXPECT_EQ(finished.size(), 5U);
    EXPECT_EQ(states, std::vector<TaskState>(5, TaskState::kSucceeded));
}

TEST_P(TaskGraphTest, SkipsWhatStandsBehindAFailureAndNamesIt) {
    std::mutex mutex;
    std::vector<std::string> because;
    const auto states = execute_graph(
        diamond(),
        GetParam(),
        [](std::size_t node) { return node != 1; },
        [&](std::size_t node, const std::string& name) {
            const std::lock_guard lock{mutex};
            because.push_back(diamond().nodes[node].name + " behind " + name);
        });
    EXPECT_EQ(because, std::vector<std::string>{"d behind b"});
    EXPECT_EQ(states[1], TaskState::kFailed);
    EXPECT_EQ(states[2], TaskState::kSucceeded);
    EXPECT_EQ(states[3], TaskState::kSkipped);
    EXPECT_EQ(states[4], TaskState::kSucceeded);
}

INSTANTIATE_TEST_SUITE_P(Threads, TaskGraphTest, ::testing::Values(1, 2, 7));

TEST(TaskGraph, EmptyGraphHasNothingToDo) {
    EXPECT_TRUE(execute_graph({}, 2, [](std::size_t) { return true; }, {}).empty());
}

}  // namespace
}  // namespace muster
