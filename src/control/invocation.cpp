#include "control/invocation.h"

#include <cstdint>
#include <cstring>

namespace muster {
namespace {

void put_number(std::string& out, std::uint32_t number) {
    char bytes[sizeof number];
    std::memcpy(bytes, &number, sizeof number);
    out.append(bytes, sizeof bytes);
}

void put_text(std::string& out, std::string_view text) {
    put_number(out, static_cast<std::uint32_t>(text.size()));
    out.append(text);
}

// Takes fields off the front; after the first fault everything reads as empty.
class Reader {
  public:
    explicit Reader(std::string_view bytes) : rest_(bytes) {}

    std::uint32_t number() {
        std::uint32_t number = 0;
        if (rest_.size() < sizeof number) {
            failed_ = true;
            rest_ = {};
            return 0;
        }
        std::memcpy(&number, rest_.data(), sizeof number);
        rest_.remove_prefix(sizeof number);
        return number;
    }

    std::string text() {
        const std::size_t size = number();
        if (size > rest_.size()) {
            failed_ = true;
            rest_ = {};
            return {};
        }
        std::string text{rest_.substr(0, size)};
        rest_.remove_prefix(size);
        return text;
    }

    bool failed() const { return failed_; }
    bool complete() const { return !failed_ && rest_.empty(); }

  private:
    std::string_view rest_;
    bool failed_ = false;
};

}  // namespace

std::string encode_invocation(const Invocation& invocation) {
    std::string out;
    put_number(out, static_cast<std::uint32_t>(invocation.arguments.size()));
    for (const std::string& argument : invocation.arguments) {
        put_text(out, argument);
    }
    put_text(out, invocation.working_dir);
    put_number(out, static_cast<std::uint32_t>(invocation.environment.size()));
    for (const auto& [name, value] : invocation.environment) {
        put_text(out, name);
        put_text(out, value);
    }
    const TerminalFacts& terminal = invocation.terminal;
    put_number(out, (terminal.in ? 1U : 0U) | (terminal.out ? 2U : 0U) | (terminal.err ? 4U : 0U));
    put_number(out, static_cast<std::uint32_t>(terminal.columns));
    return out;
}

Result<Invocation> decode_invocation(std::string_view bytes) {
    Reader reader{bytes};
    Invocation invocation;
    for (std::uint32_t left = reader.number(); left > 0 && !reader.failed(); --left) {
        invocation.arguments.push_back(reader.text());
    }
    invocation.working_dir = reader.text();
    for (std::uint32_t left = reader.number(); left > 0 && !reader.failed(); --left) {
        std::string name = reader.text();
        invocation.environment[std::move(name)] = reader.text();
    }
    const std::uint32_t flags = reader.number();
    invocation.terminal.in = (flags & 1U) != 0;
    invocation.terminal.out = (flags & 2U) != 0;
    invocation.terminal.err = (flags & 4U) != 0;
    invocation.terminal.columns = static_cast<int>(reader.number());
    if (!reader.complete()) {
        return Error{ErrorCode::kUsage, "the request of another muster process is malformed"};
    }
    return invocation;
}

}  // namespace muster
