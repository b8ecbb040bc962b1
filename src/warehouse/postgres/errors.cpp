#include "warehouse/postgres/errors.h"

#include "core/text.h"

#include <fmt/format.h>

#include <array>

namespace muster {

namespace {

struct Meaning {
    std::string_view sqlstate;  // all of it, or its class (two letters)
    ErrorCode code;
    std::string_view hint;
};

// Whole states stand before their class.
constexpr std::array<Meaning, 27> kMeanings = {{
    {"40001", ErrorCode::kUnavailable, "another transaction was in the way; run again"},
    {"40P01", ErrorCode::kUnavailable, "another transaction was in the way; run again"},
    {"55P03", ErrorCode::kBusy, "another session holds the lock; try again later"},
    {"57014",
     ErrorCode::kUnavailable,
     "the server stopped the statement: see statement_timeout of the role and the database"},
    {"57P04", ErrorCode::kUnavailable, "the database was dropped; see that it is there"},
    {"53100", ErrorCode::kIo, "make room on the server's disk and run again"},
    {"53200", ErrorCode::kUnavailable, "the server is out of memory; run again later"},
    {"53300", ErrorCode::kUnavailable, "raise max_connections or close other sessions"},
    {"53400", ErrorCode::kUnavailable, "see the limits of the server's configuration"},
    {"42501", ErrorCode::kIo, "the role lacks a right: docs/postgresql.md lists what muster needs"},
    {"25006",
     ErrorCode::kConflict,
     "the server takes no writes here: connect to the primary, not to a standby"},
    {"25P03", ErrorCode::kUnavailable, "see idle_in_transaction_session_timeout of the role"},
    {"28P01", ErrorCode::kAuthentication, "check user and password of the warehouse URL"},
    {"28000",
     ErrorCode::kAuthentication,
     "check the user of the warehouse URL and the server's pg_hba.conf"},
    {"3D000", ErrorCode::kUsage, "check the URL, or make the database with createdb"},
    {"3F000", ErrorCode::kUsage, "check search_path of the role, or make the schema"},
    {"22021", ErrorCode::kConflict, "the text holds bytes that a UTF8 database cannot store"},
    {"08", ErrorCode::kUnavailable, "check that the server runs, then run again"},
    {"57", ErrorCode::kUnavailable, "the server stops or starts; run again"},
    {"58", ErrorCode::kIo, "see the server's log"},
    {"23", ErrorCode::kConflict, ""},
    {"53", ErrorCode::kUnavailable, "the server lacks resources; run again later"},
    {"54", ErrorCode::kConflict, "see the limits of PostgreSQL"},
    {"55", ErrorCode::kConflict, ""},
    {"28", ErrorCode::kAuthentication, "check user and password of the warehouse URL"},
    {"XX", ErrorCode::kInternal, "see the server's log"},
    {"F0", ErrorCode::kIo, "see the server's configuration"},
}};

Error error_of(ErrorCode code, std::string message, std::string_view hint, std::string detail) {
    return Error{code, std::move(message), std::string(hint), std::move(detail)};
}

bool contains(std::string_view text, std::string_view word) {
    return text.find(word) != std::string_view::npos;
}

struct ConnectMeaning {
    std::string_view words;  // in libpq's or the server's text
    ErrorCode code;
    std::string_view hint;
};

// The first that is found counts.
constexpr std::array<ConnectMeaning, 19> kConnectMeanings = {{
    {"too many clients", ErrorCode::kUnavailable, "raise max_connections or close other sessions"},
    {"too many connections",
     ErrorCode::kUnavailable,
     "raise the CONNECTION LIMIT of the role or the database, or close other sessions"},
    {"password authentication failed",
     ErrorCode::kAuthentication,
     "check user and password of the URL"},
    {"authentication method 13",  // of Redshift, for passwords that are stored as sha256
     ErrorCode::kAuthentication,
     "libpq cannot send a password that is stored as sha256: give the user one by CREATE USER ..."
     " PASSWORD 'md5...', or use temporary credentials of IAM"},
    {"no password supplied",
     ErrorCode::kAuthentication,
     "put the password into the URL, into PGPASSWORD or into ~/.pgpass"},
    {"authentication failed",
     ErrorCode::kAuthentication,
     "check the user of the URL and pg_hba.conf"},
    {"no pg_hba.conf entry",
     ErrorCode::kAuthentication,
     "allow this client in the server's pg_hba.conf"},
    {"is not permitted to log in",
     ErrorCode::kAuthentication,
     "give the role LOGIN, or use another"},
    {"permission denied for database", ErrorCode::kUsage, "grant the role CONNECT on the database"},
    {"valid client certificate", ErrorCode::kAuthentication, "see sslcert and sslkey of the URL"},
    {"role \"",
     ErrorCode::kAuthentication,
     "check the user of the URL, or make the role with createuser"},
    {"database \"", ErrorCode::kUsage, "check the URL, or make the database with createdb"},
    {"root certificate", ErrorCode::kUsage, "see sslrootcert of the URL"},
    {"certificate verify failed", ErrorCode::kUsage, "see sslrootcert of the URL"},
    {"does not match host name",
     ErrorCode::kUsage,
     "the URL must name the host of the certificate"},
    {"server does not support SSL", ErrorCode::kUsage, "turn ssl on in the server, or see sslmode"},
    {"SSL", ErrorCode::kUsage, "see sslmode, sslcert and sslkey of the URL"},
    {"could not translate host name", ErrorCode::kUnavailable, "check the host of the URL"},
    {"starting up", ErrorCode::kUnavailable, "the server starts; run again"},
}};

}  // namespace

std::string one_line(std::string_view text) {
    std::string line;
    for (const char c : text) {
        line += c == '\n' || c == '\t' ? ' ' : c;
    }
    while (!line.empty() && line.back() == ' ') {
        line.pop_back();
    }
    return printable(line);
}

Error postgres_error(std::string_view sqlstate,
                     std::string_view text,
                     std::string_view operation,
                     std::string_view place) {
    const std::string detail = fmt::format("{}: {} [{}]", operation, one_line(text), sqlstate);
    const std::string message = fmt::format("{}: {}", place, one_line(text));
    for (const Meaning& meaning : kMeanings) {
        if (sqlstate.starts_with(meaning.sqlstate)) {
            return error_of(meaning.code, message, meaning.hint, detail);
        }
    }
    // Of a statement, not of the place: as the text of a user's query is at fault most often.
    return error_of(ErrorCode::kInternal, one_line(text), "", detail);
}

Error connection_lost(std::string_view text, std::string_view operation, std::string_view place) {
    return error_of(ErrorCode::kUnavailable,
                    fmt::format("{}: the connection was lost", place),
                    "check that the server runs, then run again",
                    fmt::format("{}: {}", operation, one_line(text)));
}

Error connect_error(std::string_view text, std::string_view place, std::string_view user) {
    const std::string message =
        fmt::format("cannot connect to {} as {}: {}", place, user, one_line(text));
    for (const ConnectMeaning& meaning : kConnectMeanings) {
        if (contains(text, meaning.words)) {
            return error_of(meaning.code, message, meaning.hint, "");
        }
    }
    return error_of(ErrorCode::kUnavailable,
                    message,
                    "check that the server runs and listens there, then run again",
                    "");
}

Error stopped_on_request() { return {ErrorCode::kCancelled, "stopped on request", "", ""}; }

}  // namespace muster
