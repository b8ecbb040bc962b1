#include "api/row_answers.h"

#include "api/app.h"
#include "present/json.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

namespace muster {
namespace {

// Where a problem is in the body: "/3/name", "/name" if one object stood alone.
std::string pointer_of(const Table& table, const InsertOutcome& outcome, const RowProblem& one) {
    std::string pointer = outcome.array ? fmt::format("/{}", one.index) : "";
    if (one.reason.column >= 0) {
        pointer += "/" + table.columns[static_cast<std::size_t>(one.reason.column)].name;
    } else if (one.reason.code == RejectCode::kValueUnknownField) {
        pointer += "/" + one.reason.value;
    }
    return pointer;
}

// Only keys: 409; only missing references: 404; anything else or a mixture: 422.
int status_of(const std::vector<RowProblem>& problems) {
    const auto all = [&problems](auto&& wanted) {
        return std::all_of(problems.begin(), problems.end(), [&wanted](const RowProblem& one) {
            return wanted(one.reason.code);
        });
    };
    if (all([](RejectCode code) {
            return code == RejectCode::kKeyExists || code == RejectCode::kKeyDuplicate;
        })) {
        return 409;
    }
    return all([](RejectCode code) { return code == RejectCode::kReferenceMissing; }) ? 404 : 422;
}

http::Response refused_response(const Call& call,
                                const Table& table,
                                const InsertOutcome& outcome) {
    const auto& problems = outcome.result.problems;
    Problem out{status_of(problems),
                "rows.refused",
                fmt::format("nothing was stored: {}", problems.front().reason.message),
                {}};
    if (problems.size() > 1) {
        out.detail += fmt::format(" (and {} more, see errors)", problems.size() - 1);
    }
    for (const RowProblem& one : problems) {
        out.errors.push_back({pointer_of(table, outcome, one),
                              std::string{reject_code_text(one.reason.code)},
                              one.reason.message});
    }
    return problem(call, out);
}

std::string rows_json(const Table& table, const InsertOutcome& outcome) {
    std::map<std::size_t, std::vector<const RowProblem*>> bad;
    for (const RowProblem& one : outcome.result.problems) {
        bad[one.index].push_back(&one);
    }
    JsonArray rows;
    for (std::size_t i = 0; i < outcome.rows; ++i) {
        JsonArray errors;
        const auto found = bad.find(i);
        if (found != bad.end()) {
            for (const RowProblem* one : found->second) {
                errors.raw(JsonObject{}
                               .text("pointer", pointer_of(table, outcome, *one))
                               .text("code", reject_code_text(one->reason.code))
                               .text("detail", one->reason.message)
                               .str());
            }
        }
        rows.raw(JsonObject{}
                     .number("index", i)
                     .text("status", found == bad.end() ? "stored" : "rejected")
                     .raw("errors", errors.str())
                     .str());
    }
    return rows.str();
}

}  // namespace

http::Response insert_response(const Call& call,
                               const InsertRequest& request,
                               const InsertOutcome& outcome) {
    const RowWriteResult& result = outcome.result;
    if (result.key_conflict) {
        return problem(
            call,
            {422, "idempotency.payload", "this Idempotency-Key was used with another payload", {}});
    }
    if (!request.lenient && !result.problems.empty()) {
        return refused_response(call, request.table, outcome);
    }
    const bool upsert = request.mode == WriteMode::kUpsert;
    if (!request.lenient && !upsert) {
        return json_response(
            201,
            JsonObject{}
                .text("message", fmt::format("{} row(s) inserted.", result.inserted))
                .number("inserted", result.inserted)
                .str());
    }
    JsonObject out;
    out.number("inserted", result.inserted);
    if (upsert) {
        out.number("updated", result.updated).number("unchanged", result.unchanged);
    }
    std::string applied = upsert ? "resolution=merge-duplicates" : "";
    if (request.lenient) {
        out.number("rejected", result.rejected).raw("rows", rows_json(request.table, outcome));
        applied += applied.empty() ? "handling=lenient" : ", handling=lenient";
    }
    http::Response response = json_response(200, out.str());
    response.set("Preference-Applied", applied);
    return response;
}

StoredAnswer stored_answer(const http::Response& response) {
    StoredAnswer stored{response.status, "", response.body ? *response.body : ""};
    for (const auto& [name, value] : response.headers) {
        stored.headers.append(name).append(": ").append(value).append("\r\n");
    }
    return stored;
}

http::Response replayed_response(const StoredAnswer& answer) {
    http::Response response;
    response.status = answer.status;
    response.body = std::make_shared<const std::string>(answer.body);
    std::string_view rest = answer.headers;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find("\r\n"), rest.size());
        const std::string_view line = rest.substr(0, end);
        const std::size_t colon = line.find(": ");
        if (colon != std::string_view::npos) {
            response.set(std::string{line.substr(0, colon)}, std::string{line.substr(colon + 2)});
        }
        rest.remove_prefix(std::min(end + 2, rest.size()));
    }
    response.set("Idempotency-Replayed", "true");
    return response;
}

std::string percent_encode(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
        out += plain ? std::string(1, c)
                     : fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
    return out;
}

}  // namespace muster
