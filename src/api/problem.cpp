#include "api/problem.h"

#include "present/json.h"

namespace muster {

std::string_view status_title(int status) {
    switch (status) {
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 406:
            return "Not Acceptable";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 412:
            return "Precondition Failed";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 415:
            return "Unsupported Media Type";
        case 417:
            return "Expectation Failed";
        case 422:
            return "Unprocessable Content";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 501:
            return "Not Implemented";
        case 503:
            return "Service Unavailable";
        default:
            return status >= 500 ? "Internal Server Error" : "Error";
    }
}

http::Response problem_response(const Problem& problem, const std::string& request_id) {
    JsonObject out;
    out.text("type", "about:blank")
        .text("title", status_title(problem.status))
        .number("status", problem.status)
        .text("detail", problem.detail)
        .text("instance", request_id)
        .text("code", problem.code)
        .text("message", problem.detail);
    JsonArray errors;
    for (const ProblemEntry& entry : problem.errors) {
        errors.raw(JsonObject{}
                       .text("pointer", entry.pointer)
                       .text("code", entry.code)
                       .text("detail", entry.detail)
                       .str());
    }
    out.raw("errors", errors.str());
    http::Response response =
        http::text_response(problem.status, "application/problem+json", out.str());
    response.set("Cache-Control", "no-store");
    if (problem.status == 503) {
        response.set("Retry-After", "1");
    }
    return response;
}

Problem parameter_problem(const std::string& name, const std::string& detail) {
    return {422, "parameter.invalid", name + ": " + detail, {{name, "parameter.invalid", detail}}};
}

Problem problem_of(const Error& error) {
    const std::string detail =
        error.hint.empty() ? error.message : error.message + "; " + error.hint;
    switch (error.code) {
        case ErrorCode::kUsage:
            return {422, "request.invalid", detail};
        case ErrorCode::kNotFound:
            return {404, "not_found", detail};
        case ErrorCode::kConflict:
            return {409, "conflict", detail};
        case ErrorCode::kBusy:
            return {503, "busy", detail};
        case ErrorCode::kUnavailable:
        case ErrorCode::kAuthentication:  // the server's own, with its database
            return {503, "unavailable", detail};
        case ErrorCode::kIo:
            return {503, "io", detail};
        case ErrorCode::kLimit:
            return {409, "limit", detail};
        case ErrorCode::kVerification:
            return {422, "verification", detail};
        case ErrorCode::kCancelled:
            return {503, "stopping", detail};
        case ErrorCode::kInternal:
            return {500, "internal", "the server failed; the log knows more under this instance"};
    }
    return {500, "internal", "the server failed; the log knows more under this instance"};
}

}  // namespace muster
