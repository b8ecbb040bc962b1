# The static DuckDB libraries, as a Go module pinned by third_party/duckdb/go.sum.
# `go mod download` verifies the hash before it hands out the folder.
find_program(GO_EXECUTABLE go REQUIRED)
execute_process(
    COMMAND ${GO_EXECUTABLE} mod download -json github.com/duckdb/duckdb-go-bindings/lib/linux-amd64
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/third_party/duckdb
    OUTPUT_VARIABLE duckdb_module
    RESULT_VARIABLE duckdb_status)
if(NOT duckdb_status EQUAL 0)
    message(FATAL_ERROR "go mod download of DuckDB failed: ${duckdb_module}")
endif()
string(JSON DUCKDB_DIR GET "${duckdb_module}" Dir)

# The order is the one of the module's prebuilt.go.
set(duckdb_archives
    duckdb_static duckdb_generated_extension_loader autocomplete_extension core_functions_extension
    icu_extension json_extension parquet_extension tpcds_extension tpch_extension
    duckdb_fastpforlib duckdb_fmt duckdb_fsst duckdb_hyperloglog duckdb_mbedtls duckdb_miniz
    duckdb_pg_query duckdb_re2 duckdb_skiplistlib duckdb_utf8proc duckdb_yyjson duckdb_zstd)
list(TRANSFORM duckdb_archives PREPEND "${DUCKDB_DIR}/lib")
list(TRANSFORM duckdb_archives APPEND ".a")

add_library(duckdb INTERFACE)
target_include_directories(duckdb SYSTEM INTERFACE ${DUCKDB_DIR})
target_compile_definitions(duckdb INTERFACE DUCKDB_STATIC_BUILD)
# pwrite goes through src/engine/whole_writes.cpp: a kill must not tear a block of the database.
target_link_libraries(duckdb INTERFACE -Wl,--wrap=pwrite ${duckdb_archives} pthread dl m)
