// libpq, loaded when the first connection is asked for: the program starts, and works on DuckDB,
// where it is not installed, and nobody pays for the libraries it brings along. Thread-safe.
#pragma once

#include "core/result.h"

struct pg_conn;
struct pg_result;
struct pg_cancel;
struct _PQconninfoOption;

namespace muster {

// The functions that are used, by their names without PQ. See the manual of libpq.
struct Libpq {
    _PQconninfoOption* (*conninfo_parse)(const char* text, char** message) = nullptr;
    void (*conninfo_free)(_PQconninfoOption*) = nullptr;
    void (*freemem)(void*) = nullptr;
    pg_conn* (*connect_start_params)(const char* const* names,
                                     const char* const* values,
                                     int expand_dbname) = nullptr;
    int (*connect_poll)(pg_conn*) = nullptr;
    void (*finish)(pg_conn*) = nullptr;
    int (*status)(const pg_conn*) = nullptr;
    int (*transaction_status)(const pg_conn*) = nullptr;
    char* (*error_message)(const pg_conn*) = nullptr;
    int (*server_version)(const pg_conn*) = nullptr;
    int (*backend_pid)(const pg_conn*) = nullptr;
    int (*socket)(const pg_conn*) = nullptr;
    char* (*host)(const pg_conn*) = nullptr;
    char* (*port)(const pg_conn*) = nullptr;
    char* (*db)(const pg_conn*) = nullptr;
    char* (*user)(const pg_conn*) = nullptr;
    int (*set_nonblocking)(pg_conn*, int on) = nullptr;
    void (*(*set_notice_processor)(pg_conn*,
                                   void (*)(void*, const char*),
                                   void*))(void*, const char*) = nullptr;
    int (*send_query)(pg_conn*, const char* sql) = nullptr;
    int (*send_query_params)(pg_conn*,
                             const char* sql,
                             int count,
                             const unsigned* types,
                             const char* const* values,
                             const int* lengths,
                             const int* formats,
                             int result_format) = nullptr;
    int (*send_prepare)(
        pg_conn*, const char* name, const char* sql, int count, const unsigned* types) = nullptr;
    int (*send_query_prepared)(pg_conn*,
                               const char* name,
                               int count,
                               const char* const* values,
                               const int* lengths,
                               const int* formats,
                               int result_format) = nullptr;
    int (*set_single_row_mode)(pg_conn*) = nullptr;
    int (*flush)(pg_conn*) = nullptr;
    int (*consume_input)(pg_conn*) = nullptr;
    int (*is_busy)(pg_conn*) = nullptr;
    pg_result* (*get_result)(pg_conn*) = nullptr;
    pg_cancel* (*get_cancel)(pg_conn*) = nullptr;
    int (*cancel)(pg_cancel*, char* message, int bytes) = nullptr;
    void (*free_cancel)(pg_cancel*) = nullptr;
    int (*put_copy_data)(pg_conn*, const char* data, int bytes) = nullptr;
    int (*put_copy_end)(pg_conn*, const char* message) = nullptr;
    int (*get_copy_data)(pg_conn*, char** buffer, int async) = nullptr;
    void (*clear)(pg_result*) = nullptr;
    int (*result_status)(const pg_result*) = nullptr;
    char* (*result_error_field)(const pg_result*, int field) = nullptr;
    char* (*result_error_message)(const pg_result*) = nullptr;
    int (*ntuples)(const pg_result*) = nullptr;
    int (*nfields)(const pg_result*) = nullptr;
    char* (*fname)(const pg_result*, int column) = nullptr;
    unsigned (*ftype)(const pg_result*, int column) = nullptr;
    int (*fmod)(const pg_result*, int column) = nullptr;
    int (*getisnull)(const pg_result*, int row, int column) = nullptr;
    char* (*getvalue)(const pg_result*, int row, int column) = nullptr;
    int (*getlength)(const pg_result*, int row, int column) = nullptr;
    char* (*cmd_tuples)(pg_result*) = nullptr;
    char* (*cmd_status)(pg_result*) = nullptr;
};

// kIo with what to install if the library is not there.
Result<const Libpq*> load_libpq();

}  // namespace muster
