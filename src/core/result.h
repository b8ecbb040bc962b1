// Result<T>: a value or an Error. It must be looked at; reading the wrong side is a bug and trips
// MUSTER_CHECK. MUSTER_TRY returns early with the error of an expression.
#pragma once

#include "core/check.h"
#include "core/error.h"

#include <optional>
#include <utility>
#include <variant>

namespace muster {

template <typename T>
class [[nodiscard]] Result {
  public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    explicit operator bool() const { return state_.index() == 0; }
    bool ok() const { return state_.index() == 0; }

    T& value() & {
        MUSTER_CHECK(ok());
        return std::get<0>(state_);
    }
    const T& value() const& {
        MUSTER_CHECK(ok());
        return std::get<0>(state_);
    }
    // By value, so that a loop over the value of a temporary is safe.
    T value() && {
        MUSTER_CHECK(ok());
        return std::get<0>(std::move(state_));
    }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    const Error& error() const& {
        MUSTER_CHECK(!ok());
        return std::get<1>(state_);
    }
    Error error() && {
        MUSTER_CHECK(!ok());
        return std::get<1>(std::move(state_));
    }

  private:
    std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
  public:
    Result() = default;
    Result(Error error) : error_(std::move(error)) {}

    explicit operator bool() const { return ok(); }
    bool ok() const { return !error_.has_value(); }

    const Error& error() const& {
        MUSTER_CHECK(!ok());
        return *error_;
    }
    Error error() && {
        MUSTER_CHECK(!ok());
        return *std::move(error_);
    }

  private:
    std::optional<Error> error_;
};

}  // namespace muster

#define MUSTER_CONCAT_INNER(a, b) a##b
#define MUSTER_CONCAT(a, b) MUSTER_CONCAT_INNER(a, b)

// MUSTER_TRY(expression): for Result<void>.
#define MUSTER_TRY(expression)                                  \
    do {                                                        \
        if (auto muster_try = (expression); !muster_try.ok()) { \
            return std::move(muster_try).error();               \
        }                                                       \
    } while (false)

// MUSTER_ASSIGN(auto value, expression): for Result<T>.
#define MUSTER_ASSIGN(declaration, expression)                             \
    auto MUSTER_CONCAT(muster_result_, __LINE__) = (expression);           \
    if (!MUSTER_CONCAT(muster_result_, __LINE__).ok()) {                   \
        return std::move(MUSTER_CONCAT(muster_result_, __LINE__)).error(); \
    }                                                                      \
    declaration = std::move(MUSTER_CONCAT(muster_result_, __LINE__)).value()
