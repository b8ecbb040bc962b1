// The one error vocabulary of muster. Bad data becomes a reject, a bad world becomes an Error,
// bad code trips MUSTER_CHECK. Values are immutable and safe to share between threads.
#pragma once

#include <string>
#include <string_view>

namespace muster {

enum class ErrorCode {
    kUsage,           // a wrong option, argument or catalog: the caller mends it; exit code 2
    kNotFound,        // the named thing does not exist
    kConflict,        // the state of the data forbids it; not worth a retry
    kBusy,            // another run holds the lease or the write gate; exit code 5
    kUnavailable,     // a store or warehouse did not answer: retry with backoff
    kIo,              // reading or writing failed for good (disk full, permissions)
    kLimit,           // the reject limit was exceeded, the table is untouched; exit code 4
    kAuthentication,  // who asks is not let in: user, password, certificate; exit code 6
    kVerification,    // content is not what it claims to be; exit code 7
    kCancelled,       // stopped on request
    kInternal,        // muster or a library is at fault
};

struct Error {
    ErrorCode code = ErrorCode::kInternal;
    std::string message;  // for the person at the terminal: names the place
    std::string hint;     // what to do about it; may be empty
    std::string detail;   // internal text (a library's message), for logs only; may be empty
};

// The stable name used in JSON output, such as "not_found".
std::string_view error_code_name(ErrorCode code);

// True for errors that may pass by themselves.
bool retryable(ErrorCode code);

// The exit code of the process that ends with this error.
int exit_code(ErrorCode code);

}  // namespace muster
