// Numbers and booleans from text: what is accepted, what is not of the type, what it cannot hold.
#include "types/decode.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <ostream>
#include <string>
#include <vector>

namespace muster {

std::ostream& operator<<(std::ostream& out, DecodeStatus status) {
    return out << (status == DecodeStatus::kOk          ? "ok"
                   : status == DecodeStatus::kMalformed ? "malformed"
                                                        : "out of range");
}

namespace {

constexpr auto kOk = DecodeStatus::kOk;
constexpr auto kMalformed = DecodeStatus::kMalformed;
constexpr auto kOutOfRange = DecodeStatus::kOutOfRange;

const std::string kZeros(500, '0');
const std::string kNines(500, '9');

struct Case {
    std::string type;
    std::string text;
    DecodeStatus status;
    std::string expected = {};  // the canonical text
};

ColumnType type_of(const std::string& text) {
    if (text == "int32") {
        return {TypeKind::kInt32, 0, 0};
    }
    if (text == "int64") {
        return {TypeKind::kInt64, 0, 0};
    }
    if (text == "double") {
        return {TypeKind::kDouble, 0, 0};
    }
    if (text == "bool") {
        return {TypeKind::kBool, 0, 0};
    }
    if (text == "string") {
        return {TypeKind::kString, 0, 0};
    }
    const std::size_t comma = text.find(',');
    return {TypeKind::kDecimal, std::stoi(text.substr(8)), std::stoi(text.substr(comma + 1))};
}

void check(const std::vector<Case>& cases) {
    for (const Case& c : cases) {
        SCOPED_TRACE(c.type + " '" + c.text.substr(0, 60) + "'");
        const ColumnType type = type_of(c.type);
        Value value;
        EXPECT_EQ(decode_value(type, {}, c.text, value), c.status);
        if (c.status == kOk) {
            EXPECT_EQ(value_text(type, value), c.expected);
        } else {
            EXPECT_TRUE(std::holds_alternative<std::monostate>(value)) << "a refused value is left";
        }
    }
}

TEST(DecodeNumber, IntegersThatAreNone) {
    std::vector<Case> cases;
    for (const char* type : {"int32", "int64"}) {
        for (const char* text :
             {"",     "+",   "-",   "--1", "+-1",   "1-",  "1+",  "1.0", "1.",  ".1",   "1e3",
              "0x10", "1 2", " 1",  "1 ",  "1,000", "1_0", "abc", "٣",   "－1", "NaN",  "inf",
              "true", "1\n", "\t1", "١",   "1a",    "a1",  "-a",  "%",   "0b1", "1'000"}) {
            cases.push_back({type, text, kMalformed});
        }
        cases.push_back({type, std::string("1\0", 2), kMalformed});
        cases.push_back({type, kNines + "x", kMalformed});
    }
    check(cases);
}

TEST(DecodeNumber, Integers) {
    check({
        {"int32", "0", kOk, "0"},
        {"int32", "-0", kOk, "0"},
        {"int32", "+0", kOk, "0"},
        {"int32", "7", kOk, "7"},
        {"int32", "+7", kOk, "7"},
        {"int32", "-7", kOk, "-7"},
        {"int32", "007", kOk, "7"},
        {"int32", "2147483647", kOk, "2147483647"},
        {"int32", "-2147483648", kOk, "-2147483648"},
        {"int32", "2147483648", kOutOfRange},
        {"int32", "-2147483649", kOutOfRange},
        {"int32", "9999999999", kOutOfRange},
        {"int32", "4294967296", kOutOfRange},
        {"int32", "18446744073709551616", kOutOfRange},
        {"int32", kZeros + "2147483647", kOk, "2147483647"},
        {"int32", "-" + kZeros + "2147483648", kOk, "-2147483648"},
        {"int32", kNines, kOutOfRange},
        {"int64", "9223372036854775807", kOk, "9223372036854775807"},
        {"int64", "+9223372036854775807", kOk, "9223372036854775807"},
        {"int64", "-9223372036854775808", kOk, "-9223372036854775808"},
        {"int64", "9223372036854775808", kOutOfRange},
        {"int64", "-9223372036854775809", kOutOfRange},
        {"int64", "9999999999999999999", kOutOfRange},
        {"int64", "18446744073709551615", kOutOfRange},
        {"int64", "18446744073709551616", kOutOfRange},
        {"int64", "-99999999999999999999", kOutOfRange},
        {"int64", kZeros, kOk, "0"},
        {"int64", kZeros + "9223372036854775807", kOk, "9223372036854775807"},
        {"int64", kNines, kOutOfRange},
    });
}

TEST(DecodeNumber, Decimals) {
    const std::string most(38, '9');
    check({
        {"decimal(10,2)", "", kMalformed},
        {"decimal(10,2)", ".", kMalformed},
        {"decimal(10,2)", "-", kMalformed},
        {"decimal(10,2)", "+.", kMalformed},
        {"decimal(10,2)", "1.2.3", kMalformed},
        {"decimal(10,2)", "1e2", kMalformed},
        {"decimal(10,2)", "1,5", kMalformed},
        {"decimal(10,2)", "--1", kMalformed},
        {"decimal(10,2)", "1 ", kMalformed},
        {"decimal(10,2)", "NaN", kMalformed},
        {"decimal(10,2)", "0x1", kMalformed},
        {"decimal(10,2)", "1.-5", kMalformed},
        {"decimal(10,2)", "123456789x", kMalformed},
        {"decimal(10,2)", "0", kOk, "0.00"},
        {"decimal(10,2)", "-0", kOk, "0.00"},
        {"decimal(10,2)", "-0.01", kOk, "-0.01"},
        {"decimal(10,2)", "5", kOk, "5.00"},
        {"decimal(10,2)", "5.", kOk, "5.00"},
        {"decimal(10,2)", ".5", kOk, "0.50"},
        {"decimal(10,2)", "+.5", kOk, "0.50"},
        {"decimal(10,2)", "-.5", kOk, "-0.50"},
        {"decimal(10,2)", "1.25", kOk, "1.25"},
        {"decimal(10,2)", "1.2500000", kOk, "1.25"},
        {"decimal(10,2)", "1.2500001", kMalformed},
        {"decimal(10,2)", "1.255", kMalformed},
        {"decimal(10,2)", "99999999.99", kOk, "99999999.99"},
        {"decimal(10,2)", "-99999999.99", kOk, "-99999999.99"},
        {"decimal(10,2)", "100000000", kOutOfRange},
        {"decimal(10,2)", "-100000000.00", kOutOfRange},
        {"decimal(10,2)", "00000000000099999999.99", kOk, "99999999.99"},
        {"decimal(10,2)", kNines, kOutOfRange},
        {"decimal(10,2)", "1." + kZeros, kOk, "1.00"},
        {"decimal(5,0)", "99999", kOk, "99999"},
        {"decimal(5,0)", "99999.000", kOk, "99999"},
        {"decimal(5,0)", "1.5", kMalformed},
        {"decimal(5,0)", "100000", kOutOfRange},
        {"decimal(2,2)", "0.99", kOk, "0.99"},
        {"decimal(2,2)", "00.99", kOk, "0.99"},
        {"decimal(2,2)", "1", kOutOfRange},
        {"decimal(1,0)", "9", kOk, "9"},
        {"decimal(1,1)", ".9", kOk, "0.9"},
        {"decimal(38,0)", most, kOk, most},
        {"decimal(38,0)", "-" + most, kOk, "-" + most},
        {"decimal(38,0)", "1" + std::string(38, '0'), kOutOfRange},
        {"decimal(38,38)", "." + most, kOk, "0." + most},
        {"decimal(38,19)",
         most.substr(0, 19) + "." + most.substr(0, 19),
         kOk,
         most.substr(0, 19) + "." + most.substr(0, 19)},
    });
}

TEST(DecodeNumber, Doubles) {
    check({
        {"double", "", kMalformed},
        {"double", ".", kMalformed},
        {"double", "e5", kMalformed},
        {"double", ".e5", kMalformed},
        {"double", "1e", kMalformed},
        {"double", "1e+", kMalformed},
        {"double", "1e1.5", kMalformed},
        {"double", "1e--5", kMalformed},
        {"double", "nan", kMalformed},
        {"double", "NaN", kMalformed},
        {"double", "-nan", kMalformed},
        {"double", "inf", kMalformed},
        {"double", "-Infinity", kMalformed},
        {"double", "0x1p3", kMalformed},
        {"double", "1f", kMalformed},
        {"double", "1,5", kMalformed},
        {"double", "+-1", kMalformed},
        {"double", "--1", kMalformed},
        {"double", "1 ", kMalformed},
        {"double", "1e5x", kMalformed},
        {"double", "0", kOk, "0"},
        {"double", "-0", kOk, "-0"},
        {"double", "+1.5", kOk, "1.5"},
        {"double", "-1.5", kOk, "-1.5"},
        {"double", "1.", kOk, "1"},
        {"double", "1.e2", kOk, "100"},
        {"double", ".5", kOk, "0.5"},
        {"double", "5E-1", kOk, "0.5"},
        {"double", "5e+1", kOk, "50"},
        {"double", "0.1", kOk, "0.1"},
        {"double", "1e22", kOk, "1e+22"},
        {"double", "9007199254740993", kOk, "9007199254740992"},
        {"double", "1.7976931348623157e308", kOk, "1.7976931348623157e+308"},
        {"double", "-1.7976931348623157e308", kOk, "-1.7976931348623157e+308"},
        {"double", "1.7976931348623159e308", kOutOfRange},
        {"double", "1e309", kOutOfRange},
        {"double", "-1e309", kOutOfRange},
        {"double", "1e99999999999999999999999", kOutOfRange},
        {"double", kNines, kOutOfRange},
        {"double", "0." + kZeros + "1e1000", kOutOfRange},
        {"double", "5e-324", kOk, "5e-324"},
        {"double", "2.2250738585072014e-308", kOk, "2.2250738585072014e-308"},
        {"double", "1e-400", kOk, "0"},
        {"double", "-1e-400", kOk, "-0"},
        {"double", "1e-99999999999999999999999", kOk, "0"},
        {"double", kNines + "e-900", kOk, "0"},
        {"double", "0e99999999999999999999999", kOk, "0"},
        {"double", "0." + kZeros + "1", kOk, "0"},
        {"double", kZeros + "1.5", kOk, "1.5"},
        {"double", "0." + kZeros + "1e501", kOk, "1"},
    });
}

TEST(DecodeNumber, Booleans) {
    std::vector<Case> cases;
    for (const char* text : {"true", "TRUE", "True", "tRuE", "1", "t", "T", "yes", "YES", "Yes"}) {
        cases.push_back({"bool", text, kOk, "true"});
    }
    for (const char* text : {"false", "FALSE", "False", "0", "f", "F", "no", "NO", "No"}) {
        cases.push_back({"bool", text, kOk, "false"});
    }
    for (const char* text : {"",
                             "y",
                             "n",
                             "on",
                             "off",
                             "2",
                             "-1",
                             "00",
                             "01",
                             "truee",
                             " true",
                             "wahr",
                             "tru",
                             "1.0",
                             "NULL"}) {
        cases.push_back({"bool", text, kMalformed});
    }
    check(cases);
}

TEST(DecodeNumber, StringsAreTakenAsTheyAre) {
    check({{"string", "", kOk, ""},
           {"string", " a ", kOk, " a "},
           {"string", "\xff", kOk, "\xff"},
           {"string", std::string("a\0b", 3), kOk, std::string("a\0b", 3)}});
}

// Every double between neighbours of interest survives text and back.
TEST(DecodeNumber, DoublesRoundTrip) {
    const ColumnType type{TypeKind::kDouble, 0, 0};
    double value = std::numeric_limits<double>::denorm_min();
    for (int i = 0; i < 4000; ++i) {
        double decoded = 0;
        ASSERT_EQ(decode_double(value_text(type, Value{value}), decoded), kOk);
        ASSERT_EQ(decoded, value);
        value = value * 1.4287 + std::numeric_limits<double>::denorm_min();
        if (!std::isfinite(value)) {
            break;
        }
    }
}

}  // namespace
}  // namespace muster
