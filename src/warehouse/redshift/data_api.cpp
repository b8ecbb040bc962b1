#include "warehouse/redshift/data_api.h"

#include "core/ids.h"
#include "core/text.h"
#include "warehouse/redshift/data_values.h"
#include "warehouse/redshift/detail/json.h"
#include "warehouse/redshift/services.h"

#include <fmt/format.h>

namespace muster::redshift {
namespace {

constexpr std::size_t kStatementsMax = 40;  // of a batch

void add_text(std::string& body, const char* name, const std::string& value) {
    if (!value.empty()) {
        body += fmt::format("{}\"{}\":{}", body.size() > 1 ? "," : "", name, json_quote(value));
    }
}

Error no_answer(const char* operation) {
    return Error{ErrorCode::kUnavailable,
                 fmt::format("the Data API answered {} without what it promises", operation),
                 "check that the endpoint is that of AWS",
                 ""};
}

std::string place_of(const Address& address) {
    return fmt::format(
        "Redshift {} by the Data API, database {}",
        address.workgroup.empty() ? "cluster " + address.cluster : "workgroup " + address.workgroup,
        address.database);
}

Result<void> check_limits(const DataRequest& request) {
    if (request.sqls.size() > kStatementsMax) {
        return Error{ErrorCode::kInternal,
                     fmt::format("{} statements in a batch of the Data API, which takes {}",
                                 request.sqls.size(),
                                 kStatementsMax),
                     "please report this",
                     ""};
    }
    std::size_t bytes = 0;
    for (const auto& [name, value] : request.parameters) {
        bytes += value.size();
    }
    for (const std::string& sql : request.sqls) {
        if (sql.size() + bytes > kDataStatementBytesMax) {
            return Error{ErrorCode::kUsage,
                         fmt::format("a statement has {} bytes, and the Data API takes {}",
                                     sql.size() + bytes,
                                     kDataStatementBytesMax),
                         "make it shorter, or connect directly: redshift:// has no such limit",
                         ""};
        }
    }
    return {};
}

}  // namespace

DataApi::DataApi(Address address, const AwsAccess& access, const Clock& clock)
    : address_(std::move(address)),
      place_(place_of(address_)),
      client_(kDataService, access, clock) {}

std::string DataApi::login() const {
    switch (address_.login) {
        case LoginKind::kSecret:
            return "secret " + address_.secret;
        case LoginKind::kClusterUser:
            return "database user " + address_.db_user;
        case LoginKind::kGiven:
        case LoginKind::kClusterIdentity:
        case LoginKind::kServerless:
            break;
    }
    return "the identity that calls";
}

Result<std::string> DataApi::call(const char* operation,
                                  const std::string& body,
                                  const CancelToken* cancel,
                                  bool* refused) {
    // What submits a statement must learn its number, so that it can be stopped.
    const bool whole = refused != nullptr;
    MUSTER_ASSIGN(AwsAnswer answer, client_.send_json(operation, body, cancel, whole));
    if (answer.ok()) {
        return std::move(answer.body);
    }
    if (refused != nullptr) {
        // A failure of the service itself may come after it took the statement.
        *refused = answer.status < 500;
    }
    Error error = client_.error_of(operation, answer);
    if (refused != nullptr && !*refused) {
        error.code = ErrorCode::kUnavailable;
    } else if (answer.code == "ActiveStatementsExceededException" ||
               answer.code == "ActiveSessionsExceededException") {
        error.code = ErrorCode::kUnavailable;
        error.hint = "others use all the statements and sessions there are: run again later";
    } else if (answer.code == "ValidationException" && error.hint.empty()) {
        error.code = ErrorCode::kUsage;
        error.hint = "check cluster or workgroup, database and login of the warehouse URL";
    }
    return error;
}

Result<DataSubmitted> DataApi::submit(const DataRequest& request,
                                      const CancelToken* cancel,
                                      bool& refused) {
    refused = true;
    MUSTER_TRY(check_limits(request));
    refused = false;
    const bool batch = request.sqls.size() > 1;
    const char* operation = batch ? "BatchExecuteStatement" : "ExecuteStatement";
    std::string body = "{";
    add_text(body, "ClientToken", new_run_id(SystemClock{}).str());
    if (request.session.empty()) {
        add_text(body, "ClusterIdentifier", address_.cluster);
        add_text(body, "WorkgroupName", address_.workgroup);
        add_text(body, "Database", address_.database);
        add_text(body, "SecretArn", address_.secret);
        if (address_.login == LoginKind::kClusterUser) {
            add_text(body, "DbUser", address_.db_user);
        }
    }
    add_text(body, "SessionId", request.session);
    body += fmt::format(",\"SessionKeepAliveSeconds\":{}", request.keep_alive_seconds);
    if (batch) {
        std::string list;
        for (const std::string& sql : request.sqls) {
            list += (list.empty() ? "" : ",") + json_quote(sql);
        }
        body += ",\"Sqls\":[" + list + "]";
    } else {
        add_text(body, "Sql", request.sqls.front());
    }
    if (!request.parameters.empty()) {
        std::string list;
        for (const auto& [name, value] : request.parameters) {
            list += fmt::format("{}{{\"name\":{},\"value\":{}}}",
                                list.empty() ? "" : ",",
                                json_quote(name),
                                json_quote(value));
        }
        body += ",\"Parameters\":[" + list + "]";
    }
    MUSTER_ASSIGN(const std::string answer, call(operation, body + "}", cancel, &refused));
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    if (parser.parse(answer).get(root) != simdjson::SUCCESS || text_or_empty(root["Id"]).empty()) {
        return no_answer(operation);
    }
    return DataSubmitted{text_or_empty(root["Id"]), text_or_empty(root["SessionId"])};
}

Result<DataStatus> DataApi::describe(const std::string& id,
                                     std::int64_t wait_seconds,
                                     const CancelToken* cancel) {
    std::string body = "{";
    add_text(body, "Id", id);
    const std::string waiting =
        wait_seconds > 0 ? fmt::format(",\"WaitTimeSeconds\":{}", wait_seconds) : "";
    auto answer = call("DescribeStatement", body + waiting + "}", cancel);
    if (!answer.ok() && !waiting.empty() && answer.error().code == ErrorCode::kIo) {
        // Too many wait for it, or the service cannot.
        answer = call("DescribeStatement", body + "}", cancel);
    }
    if (!answer.ok()) {
        return std::move(answer).error();
    }
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    if (parser.parse(*answer).get(root) != simdjson::SUCCESS ||
        text_or_empty(root["Status"]).empty()) {
        return no_answer("DescribeStatement");
    }
    DataStatus status;
    const std::string word = text_or_empty(root["Status"]);
    status.state = word == "FINISHED"  ? DataState::kFinished
                   : word == "FAILED"  ? DataState::kFailed
                   : word == "ABORTED" ? DataState::kStopped
                                       : DataState::kRunning;
    status.error = text_or_empty(root["Error"]);
    status.rows = number_or_zero(root["ResultRows"]);
    status.has_rows = true_or_false(root["HasResultSet"]);
    status.session = text_or_empty(root["SessionId"]);
    return status;
}

Result<PgTable> DataApi::result(const std::string& id,
                                std::string& token,
                                const CancelToken* cancel) {
    std::string body = "{";
    add_text(body, "Id", id);
    add_text(body, "NextToken", token);
    MUSTER_ASSIGN(const std::string answer, call("GetStatementResult", body + "}", cancel));
    auto page = read_data_page(answer);
    if (!page) {
        return no_answer("GetStatementResult");
    }
    token = page->next_token;
    return std::move(page->table);
}

Result<void> DataApi::stop(const std::string& id) {
    std::string body = "{";
    add_text(body, "Id", id);
    bool refused = false;
    auto answer = call("CancelStatement", body + "}", nullptr, &refused);
    if (!answer.ok() && !(refused && answer.error().code == ErrorCode::kUsage)) {
        return std::move(answer).error();
    }
    return {};
}

}  // namespace muster::redshift
