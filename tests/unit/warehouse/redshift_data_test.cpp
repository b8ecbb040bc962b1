// Values on their way to and from the Data API, and what its errors mean.
#include "warehouse/redshift/data_values.h"

#include <gtest/gtest.h>

namespace muster::redshift {
namespace {

TEST(RedshiftData, ParametersGetNamesAndWhatCannotBeOneStandsInTheText) {
    PgParams params;
    params.add(std::int64_t{7}).add("it's").add("").add_null();
    const DataSql named = name_parameters(
        "SELECT $1, $2, '$1', \"$2\", $3::text, $4 /* $1 */ WHERE a = $1 -- $2", params);
    EXPECT_EQ(named.sql,
              "SELECT :p1, :p2, '$1', \"$2\", ''::text, NULL /* $1 */ WHERE a = :p1 -- $2");
    const std::vector<std::pair<std::string, std::string>> wanted{{"p1", "7"}, {"p2", "it's"}};
    EXPECT_EQ(named.parameters, wanted);
    EXPECT_EQ(name_parameters("SELECT '12:30'", {}).sql, "SELECT '12:30'");
}

TEST(RedshiftData, PagesAreReadAsRows) {
    auto page = read_data_page(R"({"ColumnMetadata":[
        {"name":"id","typeName":"int8"},
        {"name":"rate","typeName":"numeric","precision":10,"scale":2},
        {"name":"good","typeName":"bool"},{"name":"ratio","typeName":"float8"},
        {"name":"word","typeName":"varchar"},{"name":"odd","typeName":"super"}],
        "Records":[[{"longValue":9007199254740993},{"stringValue":"1.50"},{"booleanValue":false},
        {"doubleValue":0.1},{"stringValue":""},{"isNull":true}]],"NextToken":"x"})");
    ASSERT_TRUE(page.has_value());
    EXPECT_EQ(page->next_token, "x");
    PgRows rows{std::move(page->table)};
    ASSERT_EQ(rows.column_count(), 6U);
    EXPECT_EQ(rows.column_name(1), "rate");
    EXPECT_EQ(rows.column_type(1).type.kind, TypeKind::kDecimal);
    EXPECT_EQ(rows.column_type(1).type.scale, 2);
    EXPECT_FALSE(rows.column_type(5).known);
    ASSERT_TRUE(rows.next());
    EXPECT_EQ(rows.int64(0), 9007199254740993);
    EXPECT_EQ(rows.text(1), "1.50");
    EXPECT_FALSE(rows.boolean(2));
    EXPECT_EQ(rows.real(3), 0.1);
    EXPECT_FALSE(rows.is_null(4));
    EXPECT_TRUE(rows.is_null(5));
    EXPECT_EQ(rows.text(5), "");
    EXPECT_FALSE(rows.next());
    EXPECT_FALSE(read_data_page("{}").has_value());
    EXPECT_FALSE(read_data_page("<html>").has_value());
    EXPECT_FALSE(read_data_page(R"({"ColumnMetadata":[{"name":"a"}],"Records":[[]]})").has_value());
    for (const std::string field :
         {"{}", R"({"arrayValue":[1]})", R"({"isNull":false})", R"({"longValue":"7"})"}) {
        EXPECT_FALSE(
            read_data_page(R"({"ColumnMetadata":[{"name":"a"}],"Records":[[)" + field + "]]}")
                .has_value())
            << field;
    }
}

TEST(RedshiftData, ErrorsLoseTheirDecorationAndGetAState) {
    DataFailure failure =
        read_data_failure("ERROR: relation \"x\" does not exist\n  Position: 15 [ErrorId: 1-69]");
    EXPECT_EQ(failure.text, "relation \"x\" does not exist");
    EXPECT_EQ(failure.sqlstate, "");
    EXPECT_TRUE(failure.of_statement);
    EXPECT_FALSE(read_data_failure("connection closed").of_statement);
    failure = read_data_failure(
        "ERROR: 1023\n  Detail: Serializable isolation violation on table - 100 [ErrorId: 1-6]");
    EXPECT_EQ(failure.text, "1023: Serializable isolation violation on table - 100");
    EXPECT_EQ(failure.sqlstate, "40001");
    EXPECT_EQ(read_data_failure("ERROR: transaction is read-only").sqlstate, "25006");
    EXPECT_EQ(read_data_failure("ERROR: Query (1) cancelled on user's request").sqlstate, "57014");
}

TEST(RedshiftData, TheFirstWordIsFoundBehindComments) {
    EXPECT_EQ(first_word(" /* a */ BEGIN READ ONLY"), "begin");
    EXPECT_EQ(first_word("commit"), "commit");
    EXPECT_EQ(first_word(""), "");
}

}  // namespace
}  // namespace muster::redshift
