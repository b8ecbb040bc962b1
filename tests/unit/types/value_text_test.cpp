// The names of types and the canonical texts of values.
#include "types/type.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace muster {
namespace {

TEST(ValueText, TypeNames) {
    EXPECT_EQ(type_text({TypeKind::kInt32, 0, 0}), "int32");
    EXPECT_EQ(type_text({TypeKind::kInt64, 0, 0}), "int64");
    EXPECT_EQ(type_text({TypeKind::kDecimal, 10, 2}), "decimal(10,2)");
    EXPECT_EQ(type_text({TypeKind::kDouble, 0, 0}), "double");
    EXPECT_EQ(type_text({TypeKind::kBool, 0, 0}), "bool");
    EXPECT_EQ(type_text({TypeKind::kString, 0, 0}), "string");
    EXPECT_EQ(type_text({TypeKind::kDate, 0, 0}), "date");
    EXPECT_EQ(type_text({TypeKind::kTimestamp, 0, 0}), "timestamp");
}

TEST(ValueText, Values) {
    struct Case {
        ColumnType type;
        Value value;
        std::string expected;
    };
    const std::vector<Case> cases = {
        {{TypeKind::kInt64, 0, 0}, Value{}, ""},
        {{TypeKind::kInt64, 0, 0}, Value{std::int64_t{-5}}, "-5"},
        {{TypeKind::kDecimal, 5, 2}, Value{Int128{0}}, "0.00"},
        {{TypeKind::kDecimal, 5, 2}, Value{Int128{5}}, "0.05"},
        {{TypeKind::kDecimal, 5, 2}, Value{Int128{-5}}, "-0.05"},
        {{TypeKind::kDecimal, 5, 2}, Value{Int128{-12345}}, "-123.45"},
        {{TypeKind::kDecimal, 5, 0}, Value{Int128{7}}, "7"},
        {{TypeKind::kDouble, 0, 0}, Value{0.1}, "0.1"},
        {{TypeKind::kDouble, 0, 0}, Value{-2.0}, "-2"},
        {{TypeKind::kBool, 0, 0}, Value{true}, "true"},
        {{TypeKind::kString, 0, 0}, Value{std::string{"a\"b"}}, "a\"b"},
        {{TypeKind::kDate, 0, 0}, Value{std::int64_t{-719162}}, "0001-01-01"},
        {{TypeKind::kDate, 0, 0}, Value{std::int64_t{2932896}}, "9999-12-31"},
        {{TypeKind::kTimestamp, 0, 0}, Value{std::int64_t{-1}}, "1969-12-31T23:59:59.999999Z"},
        {{TypeKind::kTimestamp, 0, 0}, Value{std::int64_t{0}}, "1970-01-01T00:00:00Z"},
    };
    for (const Case& c : cases) {
        EXPECT_EQ(value_text(c.type, c.value), c.expected) << type_text(c.type);
    }
}

}  // namespace
}  // namespace muster
