#include "cli/settings.h"

#include <gtest/gtest.h>

namespace muster {
namespace {

Invocation invocation() {
    Invocation made;
    made.working_dir = "/nonexistent/work";
    return made;
}

TEST(Settings, BadValuesNameTheirOrigin) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"threads", "0"},
        {"threads", "two"},
        {"threads", "1025"},
        {"threads", "-1"},
        {"memory-limit", "lots"},
        {"memory-limit", "1MiB"},
        {"output", "xml"},
        {"color", "blue"},
    };
    for (const auto& [name, value] : cases) {
        Arguments arguments;
        arguments.values[name] = value;
        const auto settings = resolve_settings(arguments, invocation());
        ASSERT_FALSE(settings.ok()) << name << value;
        EXPECT_EQ(settings.error().code, ErrorCode::kUsage);
        EXPECT_NE(settings.error().message.find("option --" + name), std::string::npos);
        EXPECT_NE(settings.error().message.find("'" + value + "'"), std::string::npos);
    }
}

TEST(Settings, OptionBeforeEnvironment) {
    Invocation made = invocation();
    made.environment = {{"MUSTER_SOURCE", "env"}, {"MUSTER_THREADS", "3"}};
    Arguments arguments;
    auto settings = resolve_settings(arguments, made);
    ASSERT_TRUE(settings.ok());
    EXPECT_EQ(settings->overrides.source_url, "/nonexistent/work/env");
    EXPECT_EQ(settings->threads, 3U);
    arguments.values["source"] = "s3://bucket/x";
    settings = resolve_settings(arguments, made);
    ASSERT_TRUE(settings.ok());
    EXPECT_EQ(settings->overrides.source_url, "s3://bucket/x");
}

TEST(Settings, WarehousePathsAreAbsolute) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"duckdb:a/b.db", "duckdb:/nonexistent/work/a/b.db"},
        {"b.db", "duckdb:/nonexistent/work/b.db"},
        {"duckdb:/b.db", "duckdb:/b.db"},
        {"postgresql://h/d", "postgresql://h/d"},
    };
    for (const auto& [given, wanted] : cases) {
        Arguments arguments;
        arguments.values["warehouse"] = given;
        EXPECT_EQ(resolve_settings(arguments, invocation())->overrides.warehouse_url, wanted);
    }
}

TEST(Settings, Color) {
    Invocation made = invocation();
    EXPECT_FALSE(resolve_settings({}, made)->console.color);
    made.terminal.err = true;
    EXPECT_TRUE(resolve_settings({}, made)->console.color);
    made.environment["NO_COLOR"] = "1";
    EXPECT_FALSE(resolve_settings({}, made)->console.color);
    Arguments arguments;
    arguments.values["color"] = "always";
    EXPECT_TRUE(resolve_settings(arguments, made)->console.color);
}

TEST(Settings, SecretsAreMasked) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"data/in", "data/in"},
        {"duckdb:/a:b@c", "duckdb:/a:b@c"},
        {"postgresql://h/d", "postgresql://h/d"},
        {"postgresql://u@h:5432/d", "postgresql://u@h:5432/d"},
        {"postgresql://u:p@h:5432/d?x=1", "postgresql://u:***@h:5432/d?x=1"},
        {"postgresql://u:p/q@r@h/d", "postgresql://u:***@h/d"},
        {"postgresql://h/d?user=u&password=p&x=1", "postgresql://h/d?user=u&password=***&x=1"},
        {"postgresql://h/d?password", "postgresql://h/d?password"},
    };
    for (const auto& [url, wanted] : cases) {
        EXPECT_EQ(mask_secrets(url), wanted);
    }
}

}  // namespace
}  // namespace muster
