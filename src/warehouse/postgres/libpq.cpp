#include "warehouse/postgres/libpq.h"

#include <dlfcn.h>
#include <string>

namespace muster {

namespace {

constexpr const char* kLibrary = "libpq.so.5";

// Looks the functions up; keeps the name of the first that is missing.
class Symbols {
  public:
    explicit Symbols(void* library) : library_(library) {}

    template <typename Function>
    Symbols& bind(const char* name, Function& function) {
        function = reinterpret_cast<Function>(::dlsym(library_, name));
        if (function == nullptr && missing_.empty()) {
            missing_ = name;
        }
        return *this;
    }
    const std::string& missing() const { return missing_; }

  private:
    void* library_;
    std::string missing_;
};

// Enumerations are declared as int: they are passed alike.
std::string bind_all(void* library, Libpq& pq) {
    Symbols symbols(library);
    symbols.bind("PQconninfoParse", pq.conninfo_parse)
        .bind("PQconninfoFree", pq.conninfo_free)
        .bind("PQfreemem", pq.freemem)
        .bind("PQconnectStartParams", pq.connect_start_params)
        .bind("PQconnectPoll", pq.connect_poll)
        .bind("PQfinish", pq.finish)
        .bind("PQstatus", pq.status)
        .bind("PQtransactionStatus", pq.transaction_status)
        .bind("PQerrorMessage", pq.error_message)
        .bind("PQserverVersion", pq.server_version)
        .bind("PQbackendPID", pq.backend_pid)
        .bind("PQsocket", pq.socket)
        .bind("PQhost", pq.host)
        .bind("PQport", pq.port)
        .bind("PQdb", pq.db)
        .bind("PQuser", pq.user)
        .bind("PQsetnonblocking", pq.set_nonblocking)
        .bind("PQsetNoticeProcessor", pq.set_notice_processor)
        .bind("PQsendQuery", pq.send_query)
        .bind("PQsendQueryParams", pq.send_query_params)
        .bind("PQsendPrepare", pq.send_prepare)
        .bind("PQsendQueryPrepared", pq.send_query_prepared)
        .bind("PQsetSingleRowMode", pq.set_single_row_mode)
        .bind("PQflush", pq.flush)
        .bind("PQconsumeInput", pq.consume_input)
        .bind("PQisBusy", pq.is_busy)
        .bind("PQgetResult", pq.get_result)
        .bind("PQgetCancel", pq.get_cancel)
        .bind("PQcancel", pq.cancel)
        .bind("PQfreeCancel", pq.free_cancel)
        .bind("PQputCopyData", pq.put_copy_data)
        .bind("PQputCopyEnd", pq.put_copy_end)
        .bind("PQgetCopyData", pq.get_copy_data)
        .bind("PQclear", pq.clear)
        .bind("PQresultStatus", pq.result_status)
        .bind("PQresultErrorField", pq.result_error_field)
        .bind("PQresultErrorMessage", pq.result_error_message)
        .bind("PQntuples", pq.ntuples)
        .bind("PQnfields", pq.nfields)
        .bind("PQfname", pq.fname)
        .bind("PQftype", pq.ftype)
        .bind("PQfmod", pq.fmod)
        .bind("PQgetisnull", pq.getisnull)
        .bind("PQgetvalue", pq.getvalue)
        .bind("PQgetlength", pq.getlength)
        .bind("PQcmdTuples", pq.cmd_tuples)
        .bind("PQcmdStatus", pq.cmd_status);
    return symbols.missing();
}

Result<const Libpq*> load() {
    static Libpq pq;
    // Never closed: connections of any thread use it until the end of the process.
    void* library = ::dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        const char* why = ::dlerror();
        return Error{
            ErrorCode::kIo,
            std::string("the client library of PostgreSQL, ") + kLibrary + ", cannot be loaded",
            "install it: the package libpq5 in Debian and Ubuntu",
            why == nullptr ? "" : why};
    }
    if (const std::string missing = bind_all(library, pq); !missing.empty()) {
        return Error{ErrorCode::kIo,
                     std::string(kLibrary) + " has no " + missing + ": it is too old",
                     "install libpq of PostgreSQL 12 or later",
                     ""};
    }
    return &pq;
}

}  // namespace

Result<const Libpq*> load_libpq() {
    static const Result<const Libpq*> kLoaded = load();
    return kLoaded;
}

}  // namespace muster
