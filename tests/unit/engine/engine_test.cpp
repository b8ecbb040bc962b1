#include "engine/engine.h"

#include "engine/detail/duckdb_handle.h"
#include "support/temp_folder.h"

#include <gmock/gmock.h>

#include <chrono>
#include <fstream>
#include <thread>

namespace muster {
namespace {

using testing::HasSubstr;

EngineOptions options_in(const TempFolder& folder) {
    EngineOptions options;
    options.database = folder.path() / "deep" / "muster.duckdb";
    options.temp_dir = folder.path() / "tmp";
    options.memory_limit_bytes = 256U << 20;
    return options;
}

TEST(EngineTest, AFileThatIsNoDatabaseIsAnError) {
    const TempFolder folder;
    EngineOptions options = options_in(folder);
    options.database = folder.path() / "text.duckdb";
    std::ofstream(options.database) << std::string(20'000, 'x');
    const auto engine = Engine::open(options);
    ASSERT_FALSE(engine.ok());
    EXPECT_EQ(engine.error().code, ErrorCode::kIo);
    EXPECT_THAT(engine.error().message, HasSubstr("text.duckdb"));
}

TEST(EngineTest, AFolderThatCannotBeMadeIsAnError) {
    const TempFolder folder;
    std::ofstream(folder.path() / "file") << "x";
    EngineOptions options = options_in(folder);
    options.database = folder.path() / "file" / "muster.duckdb";
    EXPECT_EQ(Engine::open(options).error().code, ErrorCode::kIo);
}

TEST(EngineTest, WhatWasWrittenIsThereAfterReopening) {
    const TempFolder folder;
    for (int i = 0; i < 2; ++i) {
        auto engine = Engine::open(options_in(folder));
        ASSERT_TRUE(engine.ok()) << engine.error().message;
        auto connection = (*engine)->handle().connect();
        ASSERT_TRUE(connection
                        ->execute("CREATE TABLE IF NOT EXISTS t (a BIGINT);"
                                  "INSERT INTO t VALUES (1)")
                        .ok());
        EXPECT_EQ(*connection->scalar("SELECT count(*) FROM t"), i + 1);
    }
}

TEST(EngineTest, ItIsHardened) {
    const TempFolder folder;
    auto engine = Engine::open(options_in(folder));
    ASSERT_TRUE(engine.ok());
    auto connection = (*engine)->handle().connect();
    const auto setting = [&connection](const std::string& name) {
        auto rows = connection->query("SELECT CAST(current_setting('" + name + "') AS VARCHAR)");
        EXPECT_TRUE(*rows->next());
        return std::string(rows->text(0));
    };
    EXPECT_EQ(setting("autoinstall_known_extensions"), "false");
    EXPECT_EQ(setting("autoload_known_extensions"), "false");
    EXPECT_EQ(setting("allow_community_extensions"), "false");
    EXPECT_EQ(setting("TimeZone"), "UTC");
    EXPECT_EQ(setting("threads"), "1");
    EXPECT_EQ(setting("memory_limit"), "140.7 MiB");
}

struct ErrorCase {
    duckdb_error_type type;
    const char* text;
    ErrorCode code;
};

TEST(EngineTest, ErrorsAreMappedToWhatTheCallerDoes) {
    for (const ErrorCase& c : {
             ErrorCase{DUCKDB_ERROR_TRANSACTION, "write-write conflict", ErrorCode::kUnavailable},
             ErrorCase{DUCKDB_ERROR_IO, "IO Error: Could not set lock on file", ErrorCode::kBusy},
             ErrorCase{DUCKDB_ERROR_IO, "IO Error: No space left on device", ErrorCode::kIo},
             ErrorCase{DUCKDB_ERROR_OUT_OF_MEMORY, "Out of Memory Error: x", ErrorCode::kIo},
             ErrorCase{DUCKDB_ERROR_INTERRUPT, "INTERRUPT Error", ErrorCode::kCancelled},
             ErrorCase{DUCKDB_ERROR_INVALID, "IO Error: x", ErrorCode::kIo},
             ErrorCase{DUCKDB_ERROR_BINDER, "no such column", ErrorCode::kInternal},
         }) {
        EXPECT_EQ(duckdb_error(c.type, c.text, "trying").code, c.code) << c.text;
    }
}

TEST(EngineTest, ATransactionThatIsNotCommittedIsRolledBack) {
    auto engine = Engine::open({{}, {}, 256U << 20, 1});
    ASSERT_TRUE(engine.ok()) << engine.error().message;
    auto connection = (*engine)->handle().connect();
    ASSERT_TRUE(connection->execute("CREATE TABLE t (a BIGINT)").ok());
    {
        auto transaction = Transaction::open(*connection);
        ASSERT_TRUE(transaction.ok());
        ASSERT_TRUE(connection->execute("INSERT INTO t VALUES (1)").ok());
    }
    EXPECT_EQ(*connection->scalar("SELECT count(*) FROM t"), 0);
}

TEST(EngineTest, ACancelledTokenStopsAStatement) {
    auto engine = Engine::open({{}, {}, 256U << 20, 1});
    auto connection = (*engine)->handle().connect();
    CancelToken cancel;
    std::thread later([&cancel] {
        std::this_thread::sleep_for(std::chrono::milliseconds(30));
        cancel.cancel();
    });
    const InterruptGuard guard(*connection, &cancel);
    const auto stopped =
        connection->execute("SELECT count(*) FROM range(1000000) a, range(1000000) b");
    later.join();
    ASSERT_FALSE(stopped.ok());
    EXPECT_EQ(stopped.error().code, ErrorCode::kCancelled);
}

TEST(EngineTest, IdentifiersAndTextsAreQuoted) {
    EXPECT_EQ(sql_identifier("a\"b"), "\"a\"\"b\"");
    EXPECT_EQ(sql_text("it's"), "'it''s'");
}

}  // namespace
}  // namespace muster
