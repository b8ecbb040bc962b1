#include "warehouse/postgres/sql_lexer.h"

#include "warehouse/postgres/rows.h"
#include "warehouse/postgres/user_sql.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace muster {
namespace {

using Kind = SqlTokenKind;

std::vector<SqlToken> tokens_of(std::string_view sql) {
    SqlLexer lexer(sql);
    std::vector<SqlToken> tokens;
    for (SqlToken token = lexer.next(); token.kind != Kind::kEnd; token = lexer.next()) {
        tokens.push_back(token);
    }
    return tokens;
}

// The one token that the text is, or "" if it is several.
struct Alone {
    std::string_view text;
    Kind kind;
};

class SqlLexerTest : public ::testing::TestWithParam<Alone> {};

TEST_P(SqlLexerTest, TakesTheTextAsOneToken) {
    const auto tokens = tokens_of(GetParam().text);
    ASSERT_EQ(tokens.size(), 1U);
    EXPECT_EQ(tokens.front().text, GetParam().text);
    EXPECT_EQ(tokens.front().kind, GetParam().kind);
}

INSTANTIATE_TEST_SUITE_P(Tokens,
                         SqlLexerTest,
                         ::testing::Values(Alone{" \t\n", Kind::kSpace},
                                           Alone{"-- a 'comment' $x", Kind::kSpace},
                                           Alone{"/* a /* nested */ $x */", Kind::kSpace},
                                           Alone{"/* open", Kind::kSpace},
                                           Alone{"'it''s $x'", Kind::kString},
                                           Alone{R"('a\')", Kind::kString},
                                           Alone{R"(E'a\'$x')", Kind::kString},
                                           Alone{R"(U&'a\0041')", Kind::kString},
                                           Alone{"'open", Kind::kString},
                                           Alone{"$$it's $x$$", Kind::kString},
                                           Alone{"$tag$ $$ $x $tag$", Kind::kString},
                                           Alone{"$name", Kind::kParameter},
                                           Alone{"$1", Kind::kOther},
                                           Alone{"$", Kind::kOther},
                                           Alone{"\"a \"\"name\"\" $x\"", Kind::kQuotedName},
                                           Alone{R"(U&"a\0041")", Kind::kQuotedName},
                                           Alone{"select", Kind::kWord},
                                           Alone{"a$b", Kind::kWord},
                                           Alone{"größe", Kind::kWord},
                                           Alone{"1e5", Kind::kOther},
                                           Alone{";", Kind::kOther}));

TEST(SqlLexer, LosesNoByte) {
    const std::string sql = "SELECT 'a' || $x -- c\n, \"b\"(1.5e3, $$d$$) FROM t WHERE e = U&'f';";
    std::string joined;
    for (const SqlToken& token : tokens_of(sql)) {
        joined += token.text;
    }
    EXPECT_EQ(joined, sql);
}

QueryParam year() { return {"year", {TypeKind::kInt32, 0, 0}, Value(std::int64_t{2021})}; }

TEST(NumberParams, ReplacesNamesOutsideOfStringsOnly) {
    const auto numbered = number_params(
        "SELECT $year, '$year', $$ $year $$ -- $year\n WHERE y = $year", {year()}, postgres_type);
    ASSERT_TRUE(numbered.ok());
    EXPECT_EQ(numbered->sql,
              "SELECT CAST($1 AS integer), '$year', $$ $year $$ -- $year\n"
              " WHERE y = CAST($1 AS integer)");
    ASSERT_EQ(numbered->params.list().size(), 1U);
    EXPECT_EQ(numbered->params.list().front().bytes, "2021");
}

TEST(NumberParams, NamesAParameterThatIsNone) {
    const auto numbered = number_params("SELECT $month", {year()}, postgres_type);
    ASSERT_FALSE(numbered.ok());
    EXPECT_EQ(numbered.error().code, ErrorCode::kUsage);
    EXPECT_NE(numbered.error().message.find("$month"), std::string::npos);
}

TEST(CheckUserQuery, LetsColumnsBeCalledLikeFunctions) {
    for (const char* sql : {"SELECT set_config, \"lo_count\" FROM t",
                            "(SELECT 1) UNION ALL (SELECT 2)",
                            "WITH a AS (SELECT 1) SELECT * FROM a",
                            "VALUES (1)",
                            "TABLE t",
                            "SELECT 'pg_read_file(' || ';'"}) {
        EXPECT_TRUE(check_user_query(sql).ok()) << sql;
    }
}

TEST(CheckUserQuery, RefusesWhatActs) {
    for (const char* sql : {"",
                            "--",
                            "UPDATE t SET a = 1",
                            "SELECT 1; SELECT 2",
                            "SELECT 1) AS q, (SELECT 2",
                            "SELECT PG_Read_File ('x')",
                            "SELECT \"pg_read_file\"('x')",
                            "SELECT pg_read_file/**/('x')",
                            "SELECT U&\"x\"('y')",
                            "SELECT pg_catalog.set_config('a', 'b', false)"}) {
        const auto checked = check_user_query(sql);
        ASSERT_FALSE(checked.ok()) << sql;
        EXPECT_EQ(checked.error().code, ErrorCode::kUsage) << sql;
    }
}

}  // namespace
}  // namespace muster
