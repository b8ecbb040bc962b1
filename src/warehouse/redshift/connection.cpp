#include "warehouse/redshift/connection.h"

#include "warehouse/postgres/errors.h"
#include "warehouse/redshift/dialect.h"

#include <algorithm>
#include <string_view>

namespace muster::redshift {
namespace {

constexpr const char* kSession =
    "SET timezone TO 'UTC';"
    "SET datestyle TO 'ISO, YMD';"
    "SET extra_float_digits TO 2";

struct Meaning {
    std::string_view words;  // in the server's text
    const char* sqlstate;    // that is used instead; null = the server's own
    ErrorCode code;
    const char* hint;
};

// Redshift gives most of these the state of an internal error.
constexpr Meaning kMeanings[] = {
    {"1023", "40001", ErrorCode::kUnavailable, "another transaction was in the way; run again"},
    {"erializable isolation violation",
     "40001",
     ErrorCode::kUnavailable,
     "another transaction was in the way; run again"},
    {"ot authorized to assume",
     nullptr,
     ErrorCode::kUsage,
     "attach the role of [warehouse] iam_role to the cluster or namespace, and let it be assumed"},
    {"ot authorized to get credentials of role",
     nullptr,
     ErrorCode::kUsage,
     "attach the role of [warehouse] iam_role to the cluster or namespace, and let it be assumed by"
     " redshift.amazonaws.com and redshift-serverless.amazonaws.com"},
    {"no default IAM role",
     nullptr,
     ErrorCode::kUsage,
     "set a default role of the cluster or namespace, or name one as [warehouse] iam_role"},
    {"S3ServiceException",
     nullptr,
     ErrorCode::kIo,
     "the role of [warehouse] iam_role needs s3:GetObject, s3:ListBucket and s3:PutObject below"
     " [clean] url; the bucket must be in the region of the cluster"},
    {"permission denied",
     nullptr,
     ErrorCode::kIo,
     "the user lacks a right: docs/redshift.md lists what muster needs"},
};

// Errors of the processes behind the leader come as a block between lines of dashes: what stands
// before it, and its line "context".
std::string plain_text(std::string_view text) {
    constexpr std::string_view kContext = "context:";
    const std::size_t block = text.find("\n  ---");
    const std::size_t context = text.find(kContext);
    if (block == std::string_view::npos || context == std::string_view::npos || context < block) {
        return std::string(text);
    }
    std::string_view words = text.substr(context + kContext.size());
    words = words.substr(0, words.find('\n'));
    words.remove_prefix(std::min(words.find_first_not_of(' '), words.size()));
    std::string_view before = text.substr(0, block);
    while (before.ends_with(' ') || before.ends_with('\n') || before.ends_with(':')) {
        before.remove_suffix(1);
    }
    return std::string(before) + ": " + std::string(words);
}

Error error_of(std::string& sqlstate,
               std::string_view said,
               std::string_view operation,
               std::string_view place) {
    const std::string text = plain_text(said);
    for (const Meaning& meaning : kMeanings) {
        // The number of an error stands before its text.
        const bool number = meaning.words == "1023";
        if (number ? !text.starts_with(meaning.words)
                   : text.find(meaning.words) == std::string_view::npos) {
            continue;
        }
        if (meaning.sqlstate != nullptr) {
            sqlstate = meaning.sqlstate;
        }
        Error error = postgres_error(sqlstate, text, operation, place);
        error.code = meaning.code;
        error.hint = meaning.hint;
        return error;
    }
    Error error = postgres_error(sqlstate, text, operation, place);
    if (sqlstate.starts_with("XX")) {
        error.hint = "see SYS_QUERY_HISTORY and SYS_LOAD_ERROR_DETAIL of the warehouse";
    }
    return error;
}

}  // namespace

const PgDialect& dialect() {
    static constexpr PgDialect kDialect{.product = "Redshift",
                                        .port = "5439",
                                        .server_version_min = 0,
                                        .session = kSession,
                                        .session_also = nullptr,
                                        .keeps_statements = false,
                                        .params_max = kStatementParamsMax,
                                        .error = error_of};
    return kDialect;
}

}  // namespace muster::redshift
