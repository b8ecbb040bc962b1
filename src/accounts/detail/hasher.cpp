#include "accounts/detail/hasher.h"

#include <fmt/core.h>

#include <array>
#include <future>
#include <sodium.h>

namespace muster {
namespace {

constexpr unsigned long long kPasses = 2;
constexpr std::size_t kMemoryBytes = 19U << 20;

// A hash nobody knows the password of, with the parameters of all others.
std::string nobodys_hash() {
    constexpr std::size_t kSaltLetters = 22;
    constexpr std::size_t kHashLetters = 43;
    return fmt::format("$argon2id$v=19$m={},t={},p=1${}${}",
                       kMemoryBytes / 1024,
                       kPasses,
                       std::string(kSaltLetters, 'A'),
                       std::string(kHashLetters, 'A'));
}

}  // namespace

Hasher::Hasher(std::size_t queue_max) : queue_max_(queue_max), thread_([this] { serve(); }) {}

Hasher::~Hasher() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    wake_.notify_all();
    thread_.join();
}

void Hasher::serve() {
    std::unique_lock lock(mutex_);
    while (true) {
        wake_.wait(lock, [this] { return stop_ || !queue_.empty(); });
        if (queue_.empty()) {
            return;
        }
        // It stays in the queue while it is worked on, so that it counts for the limit.
        const std::function<void()>& work = queue_.front();
        lock.unlock();
        work();
        lock.lock();
        queue_.pop_front();
    }
}

bool Hasher::run(const std::function<void()>& work) {
    std::promise<void> done;
    {
        const std::lock_guard lock(mutex_);
        if (queue_.size() >= queue_max_) {
            return false;
        }
        queue_.emplace_back([&] {
            work();
            done.set_value();
        });
    }
    wake_.notify_one();
    done.get_future().wait();
    return true;
}

Result<std::optional<std::string>> Hasher::hash(const std::string& password) {
    std::array<char, crypto_pwhash_STRBYTES> encoded{};
    int failed = 0;
    const bool ran = run([&] {
        ++computed_;
        failed = crypto_pwhash_str(
            encoded.data(), password.data(), password.size(), kPasses, kMemoryBytes);
    });
    if (!ran) {
        return std::optional<std::string>{};
    }
    if (failed != 0) {
        return Error{ErrorCode::kUnavailable, "there was no memory to hash a password", "", ""};
    }
    return std::optional{std::string(encoded.data())};
}

Result<std::optional<Hasher::Verdict>> Hasher::verify(const std::string& encoded,
                                                      const std::string& password) {
    const std::string against = encoded.empty() ? nobodys_hash() : encoded;
    bool right = false;
    const bool ran = run([&] {
        ++computed_;
        right = crypto_pwhash_str_verify(against.c_str(), password.data(), password.size()) == 0;
    });
    if (!ran) {
        return std::optional<Verdict>{};
    }
    const bool outdated =
        crypto_pwhash_str_needs_rehash(against.c_str(), kPasses, kMemoryBytes) != 0;
    return std::optional{Verdict{right && !encoded.empty(), outdated}};
}

}  // namespace muster
