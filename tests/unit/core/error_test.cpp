#include "core/error.h"

#include "core/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

namespace muster {
namespace {

constexpr ErrorCode kAllCodes[] = {ErrorCode::kUsage,
                                   ErrorCode::kNotFound,
                                   ErrorCode::kConflict,
                                   ErrorCode::kBusy,
                                   ErrorCode::kUnavailable,
                                   ErrorCode::kIo,
                                   ErrorCode::kLimit,
                                   ErrorCode::kAuthentication,
                                   ErrorCode::kVerification,
                                   ErrorCode::kCancelled,
                                   ErrorCode::kInternal};

Error io_error() { return {ErrorCode::kIo, "cannot write 'x'", "free some space", "ENOSPC"}; }

Result<int> fail_or(bool fail, int value) {
    if (fail) {
        return io_error();
    }
    return value;
}

Result<void> check(bool fail) {
    MUSTER_TRY(fail ? Result<void>{io_error()} : Result<void>{});
    return {};
}

Result<int> twice(bool fail) {
    MUSTER_ASSIGN(const int value, fail_or(fail, 21));
    return value * 2;
}

TEST(Error, EveryCodeHasItsOwnName) {
    std::set<std::string_view> names;
    for (const ErrorCode code : kAllCodes) {
        names.insert(error_code_name(code));
    }
    EXPECT_EQ(names.size(), std::size(kAllCodes));
}

TEST(Error, ExitCodesAreTheDocumentedOnes) {
    EXPECT_EQ(exit_code(ErrorCode::kUsage), 2);
    EXPECT_EQ(exit_code(ErrorCode::kLimit), 4);
    EXPECT_EQ(exit_code(ErrorCode::kBusy), 5);
    EXPECT_EQ(exit_code(ErrorCode::kVerification), 7);
    for (const ErrorCode code : kAllCodes) {
        EXPECT_NE(exit_code(code), 0);
    }
}

TEST(Error, OnlyUnavailableIsWorthARetry) {
    for (const ErrorCode code : kAllCodes) {
        EXPECT_EQ(retryable(code), code == ErrorCode::kUnavailable);
    }
}

TEST(Result, HandsErrorsUp) {
    EXPECT_EQ(twice(true).error().message, "cannot write 'x'");
    EXPECT_EQ(twice(false).value(), 42);
    EXPECT_EQ(check(true).error().code, ErrorCode::kIo);
    EXPECT_TRUE(check(false).ok());
}

TEST(Result, HoldsWhatCanOnlyBeMoved) {
    Result<std::unique_ptr<int>> result{std::make_unique<int>(7)};
    const std::unique_ptr<int> value = std::move(result).value();
    EXPECT_EQ(*value, 7);
}

TEST(ResultDeathTest, TheWrongSideEndsTheProcess) {
    EXPECT_DEATH(static_cast<void>(fail_or(true, 1).value()), "internal error");
    EXPECT_DEATH(static_cast<void>(fail_or(false, 1).error()), "internal error");
    EXPECT_DEATH(static_cast<void>(check(false).error()), "internal error");
}

}  // namespace
}  // namespace muster
