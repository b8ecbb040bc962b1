// docs/catalog.md is what the table of keys says; UPDATE_EXPECTED=1 rewrites it.
#include "catalog/reference.h"

#include "catalog/catalog.h"
#include "catalog/detail/keys.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

namespace muster {
namespace {

TEST(CatalogReference, TheDocumentIsUpToDate) {
    const std::filesystem::path path = std::filesystem::path{MUSTER_SOURCE_DIR} / "docs/catalog.md";
    if (std::getenv("UPDATE_EXPECTED") != nullptr) {
        std::ofstream{path, std::ios::binary} << catalog_reference_markdown();
    }
    std::ifstream file{path, std::ios::binary};
    std::stringstream text;
    text << file.rdbuf();
    EXPECT_TRUE(text.str() == catalog_reference_markdown())
        << "run this test with UPDATE_EXPECTED=1 and look at the difference";
}

TEST(CatalogReference, EveryKeyIsDeclaredOnceAndDescribed) {
    std::set<std::string> seen;
    for (const KeySpec& spec : key_specs()) {
        const std::string name = std::string{spec.section} + "." + std::string{spec.name};
        EXPECT_TRUE(seen.insert(name).second) << name << " is declared twice";
        EXPECT_FALSE(spec.description.empty()) << name;
        EXPECT_FALSE(spec.example.empty()) << name;
        EXPECT_TRUE(spec.default_text.empty() || !spec.required) << name;
    }
}

TEST(CatalogReference, EverySectionIsAKeyOfItsParent) {
    std::set<std::string> sections;
    for (const SectionSpec& spec : section_specs()) {
        sections.insert(std::string{spec.section});
    }
    for (const KeySpec& spec : key_specs()) {
        EXPECT_TRUE(sections.contains(std::string{spec.section})) << spec.section;
        if (spec.shape == Shape::kTable || spec.shape == Shape::kTables) {
            const std::string child =
                (spec.section.empty() ? "" : std::string{spec.section} + ".") +
                std::string{spec.name};
            EXPECT_TRUE(sections.contains(child)) << child;
        }
    }
}

}  // namespace
}  // namespace muster
