// What libpq and PostgreSQL say went wrong, and the exit code that it becomes.
#include "warehouse/postgres/errors.h"
#include "warehouse/postgres/refusals.h"

#include <gtest/gtest.h>

#include <string_view>

namespace muster {
namespace {

struct Said {
    std::string_view text;
    ErrorCode code;
    int exit_code;
};

// Texts of libpq 15 and of servers of the versions 15 to 17.
constexpr Said kConnectSaid[] = {
    {"FATAL:  password authentication failed for user \"x\"", ErrorCode::kAuthentication, 6},
    {"fe_sendauth: no password supplied", ErrorCode::kAuthentication, 6},
    {"FATAL:  Peer authentication failed for user \"x\"", ErrorCode::kAuthentication, 6},
    {"FATAL:  Ident authentication failed for user \"x\"", ErrorCode::kAuthentication, 6},
    {"FATAL:  GSSAPI authentication failed for user \"x\"", ErrorCode::kAuthentication, 6},
    {"FATAL:  LDAP authentication failed for user \"x\"", ErrorCode::kAuthentication, 6},
    {"FATAL:  certificate authentication failed for user \"x\"", ErrorCode::kAuthentication, 6},
    {"FATAL:  connection requires a valid client certificate", ErrorCode::kAuthentication, 6},
    {"FATAL:  no pg_hba.conf entry for host \"10.0.0.1\", user \"x\", database \"y\", no "
     "encryption",
     ErrorCode::kAuthentication,
     6},
    {"FATAL:  role \"x\" does not exist", ErrorCode::kAuthentication, 6},
    {"FATAL:  role \"x\" is not permitted to log in", ErrorCode::kAuthentication, 6},
    {"FATAL:  database \"y\" does not exist", ErrorCode::kUsage, 2},
    {"FATAL:  permission denied for database \"y\"", ErrorCode::kUsage, 2},
    {"server does not support SSL, but SSL was required", ErrorCode::kUsage, 2},
    {"SSL error: certificate verify failed", ErrorCode::kUsage, 2},
    {"root certificate file \"/x/root.crt\" does not exist", ErrorCode::kUsage, 2},
    {"server certificate for \"a\" does not match host name \"b\"", ErrorCode::kUsage, 2},
    {"could not translate host name \"x\" to address: Name or service not known",
     ErrorCode::kUnavailable,
     1},
    {"connection refused", ErrorCode::kUnavailable, 1},
    {"no answer within 10 s", ErrorCode::kUnavailable, 1},
    {"FATAL:  sorry, too many clients already", ErrorCode::kUnavailable, 1},
    {"FATAL:  too many connections for role \"x\"", ErrorCode::kUnavailable, 1},
    {"FATAL:  the database system is starting up", ErrorCode::kUnavailable, 1},
    {"FATAL:  the database system is shutting down", ErrorCode::kUnavailable, 1},
};

TEST(PostgresErrorsTest, WhyAConnectionIsNotMadeIsToldByTheExitCode) {
    for (const Said& said : kConnectSaid) {
        const Error error = connect_error(said.text, "PostgreSQL at h:5432, database y", "x");
        EXPECT_EQ(error.code, said.code) << said.text;
        EXPECT_EQ(exit_code(error.code), said.exit_code) << said.text;
        EXPECT_FALSE(error.hint.empty()) << said.text;
        EXPECT_NE(error.message.find("PostgreSQL at h:5432, database y as x"), std::string::npos);
    }
}

TEST(PostgresErrorsTest, StatesOfStatements) {
    const Said states[] = {
        {"28P01", ErrorCode::kAuthentication, 6},
        {"28000", ErrorCode::kAuthentication, 6},
        {"3D000", ErrorCode::kUsage, 2},
        {"42501", ErrorCode::kIo, 1},
        {"40001", ErrorCode::kUnavailable, 1},
        {"40P01", ErrorCode::kUnavailable, 1},
        {"55P03", ErrorCode::kBusy, 5},
        {"25006", ErrorCode::kConflict, 1},
        {"23514", ErrorCode::kConflict, 1},
        {"57P01", ErrorCode::kUnavailable, 1},
        {"53100", ErrorCode::kIo, 1},
        {"42703", ErrorCode::kInternal, 1},
    };
    for (const Said& state : states) {
        const Error error = postgres_error(state.text, "words", "running a statement", "place");
        EXPECT_EQ(error.code, state.code) << state.text;
        EXPECT_EQ(exit_code(error.code), state.exit_code) << state.text;
    }
}

TEST(PostgresErrorsTest, StatesThatRowsAreAtFaultFor) {
    for (const std::string_view state : {"23502",
                                         "23503",
                                         "23505",
                                         "23514",
                                         "23P01",
                                         "22001",
                                         "22003",
                                         "54000",
                                         "P0001",
                                         "P0004",
                                         "44000",
                                         "38000",
                                         "09000",
                                         "27000",
                                         "MY001",
                                         "99001",
                                         "U0000"}) {
        EXPECT_TRUE(refuses_rows(state)) << state;
    }
    for (const std::string_view state : {"",
                                         "4",
                                         "00000",
                                         "08006",
                                         "0A000",
                                         "25P02",
                                         "28000",
                                         "40001",
                                         "40P01",
                                         "42501",
                                         "42P01",
                                         "53100",
                                         "54001",
                                         "55P03",
                                         "57014",
                                         "57P01",
                                         "58030",
                                         "XX000",
                                         "3F000"}) {
        EXPECT_FALSE(refuses_rows(state)) << state;
    }
}

}  // namespace
}  // namespace muster
