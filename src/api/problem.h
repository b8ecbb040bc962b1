// Errors as application/problem+json (RFC 9457; http-api.md, Conventions).
#pragma once

#include "api/http/message.h"
#include "core/error.h"

#include <string>
#include <string_view>
#include <vector>

namespace muster {

struct ProblemEntry {
    std::string pointer;  // RFC 6901, into the body; "" = the whole, or a parameter's name
    std::string code;
    std::string detail;
};

struct Problem {
    int status = 500;
    std::string code;    // stable, "token.invalid"
    std::string detail;  // says what to do
    std::vector<ProblemEntry> errors = {};
};

std::string_view status_title(int status);
http::Response problem_response(const Problem& problem, const std::string& request_id);

// A parameter that does not fit.
Problem parameter_problem(const std::string& name, const std::string& detail);

// What becomes of an error of the product: its status and code. The message is shown, the detail
// is not.
Problem problem_of(const Error& error);

}  // namespace muster
