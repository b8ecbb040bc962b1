// Walks tests/cases/catalog: each folder holds a muster.toml with faults and, in expected.txt, all
// of its problems as they are shown. UPDATE_EXPECTED=1 rewrites the expectations.
#include "catalog/catalog.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace muster {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = fs::path{MUSTER_SOURCE_DIR} / "tests/cases/catalog";

std::string read(const fs::path& path) {
    std::ifstream file{path, std::ios::binary};
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

std::vector<std::string> case_names() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator{kFolder}) {
        names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

std::optional<std::string> test_environment(const std::string& name) {
    if (name == "MUSTER_TEST_NUMBER") {
        return "12";
    }
    return std::nullopt;
}

// The problems, or the catalog in a few words, with paths relative to the case.
std::string outcome(const fs::path& folder) {
    const CatalogLoad load = load_catalog(folder / "muster.toml", test_environment);
    std::string text = load.catalog ? "no problems" : problems_error(load.problems).message;
    const std::string prefix = folder.string() + "/";
    for (std::size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix)) {
        text.erase(at, prefix.size());
    }
    return text + "\n";
}

class CatalogCases : public testing::TestWithParam<std::string> {};

TEST_P(CatalogCases, ShowsEveryProblemAtOnce) {
    const fs::path folder = kFolder / GetParam();
    const std::string first_line = read(folder / "muster.toml").substr(0, 2);
    const std::string actual = outcome(folder);
    if (const char* update = std::getenv("UPDATE_EXPECTED"); update != nullptr) {
        std::ofstream{folder / "expected.txt", std::ios::binary} << actual;
    }
    EXPECT_EQ(first_line, "# ") << "the first line of a case says what it is about";
    EXPECT_EQ(actual, read(folder / "expected.txt"));
}

INSTANTIATE_TEST_SUITE_P(All,
                         CatalogCases,
                         testing::ValuesIn(case_names()),
                         [](const auto& parameter) { return parameter.param; });

}  // namespace
}  // namespace muster
