#include "cli/parser.h"

#include "cli/help.h"

#include <gtest/gtest.h>

namespace muster {
namespace {

using Words = std::vector<std::string>;

TEST(Parser, WrongWordsAreUsageErrorsThatName) {
    const std::vector<std::pair<Words, std::string>> cases = {
        {{"rnu"}, "there is no verb 'rnu' (did you mean 'run'?)"},
        {{"--forse"}, "unknown option '--forse'"},
        {{"run", "--forse"}, "unknown option '--forse' (did you mean '--force'?)"},
        {{"run", "--forse=1"}, "unknown option '--forse'"},
        {{"rejects", "lst"}, "there is no verb 'rejects lst' (did you mean 'list'?)"},
        {{"rejects", "list", "--state", "opne"}, "'opne' is none of open|replayed"},
        {{"rejects", "show"}, "needs ID"},
        {{"rejects", "show", "a", "b"}, "does not know what to do with 'b'"},
        {{"query"}, "needs SQL"},
        {{"run", "--config"}, "--config"},
        {{"run", "-x"}, "unknown option '-x'"},
    };
    for (const auto& [words, part] : cases) {
        const auto parsed = parse_command(words);
        ASSERT_FALSE(parsed.ok()) << part;
        EXPECT_EQ(parsed.error().code, ErrorCode::kUsage);
        EXPECT_NE(parsed.error().message.find(part), std::string::npos) << parsed.error().message;
    }
}

TEST(Parser, GlobalOptionsStandAnywhere) {
    const std::vector<Words> cases = {
        {"--config", "a.toml", "rejects", "list", "--limit", "3"},
        {"rejects", "--config", "a.toml", "list", "--limit", "3"},
        {"rejects", "list", "--limit", "3", "--config", "a.toml"},
        {"rejects", "list", "--limit=3", "-c", "a.toml"},
        {"rejects", "list", "--limit=3", "-c", "b.toml", "--config=a.toml"},
    };
    for (const Words& words : cases) {
        const auto parsed = parse_command(words);
        ASSERT_TRUE(parsed.ok()) << parsed.error().message;
        EXPECT_EQ(parsed->verb->name, "rejects list");
        EXPECT_EQ(parsed->arguments.value("config"), "a.toml");
        EXPECT_EQ(parsed->arguments.value("limit"), "3");
        EXPECT_TRUE(parsed->arguments.words.empty());
    }
}

TEST(Parser, WordsKeepTheirOrderAndDashes) {
    const auto parsed = parse_command(Words{"run", "b", "--force", "a", "--", "--c", "-"});
    ASSERT_TRUE(parsed.ok()) << parsed.error().message;
    EXPECT_EQ(parsed->arguments.words, (Words{"b", "a", "--c", "-"}));
    EXPECT_TRUE(parsed->arguments.flag("force"));
    EXPECT_FALSE(parsed->arguments.flag("dry-run"));
}

TEST(Parser, OpenOptionsStayInOrder) {
    const auto parsed =
        parse_command(Words{"report", "--year", "2021", "hires", "--json", "--x=1"});
    ASSERT_TRUE(parsed.ok()) << parsed.error().message;
    EXPECT_EQ(parsed->arguments.rest, (Words{"--year", "2021", "hires", "--x=1"}));
    EXPECT_TRUE(parsed->arguments.flag("json"));
}

TEST(Parser, HelpNeedsNoArguments) {
    for (const Words& words : {Words{"query", "--help"}, Words{"--help"}, Words{"rejects", "-h"}}) {
        const auto parsed = parse_command(words);
        ASSERT_TRUE(parsed.ok()) << parsed.error().message;
        EXPECT_TRUE(parsed->help);
    }
    EXPECT_EQ(parse_command(Words{})->verb, nullptr);
}

TEST(Parser, AsksForJson) {
    EXPECT_TRUE(asks_for_json(Words{"rnu", "--json"}));
    EXPECT_TRUE(asks_for_json(Words{"-o", "json", "x"}));
    EXPECT_FALSE(asks_for_json(Words{"-o", "csv", "json"}));
}

TEST(Help, EveryVerbHasItsExampleAndOptions) {
    for (const VerbSpec& verb : all_verbs()) {
        const std::string text = help_text("", &verb);
        EXPECT_NE(text.find(verb.example), std::string::npos) << verb.name;
        EXPECT_FALSE(verb.summary.empty());
        for (const OptionSpec& option : verb.options) {
            EXPECT_NE(text.find("--" + std::string{option.name}), std::string::npos);
        }
        EXPECT_EQ(help_text("", nullptr).find(verb.name) == std::string::npos, verb.hidden);
    }
}

}  // namespace
}  // namespace muster
