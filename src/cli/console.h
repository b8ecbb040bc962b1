// Where a verb writes: data to the out descriptor, messages and progress to the err descriptor of
// its invocation. Thread-safe. A failed write is remembered, later ones are dropped.
#pragma once

#include "control/descriptor.h"
#include "control/invocation.h"
#include "core/cancel.h"
#include "core/result.h"

#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace muster {

enum class OutputFormat { kTable, kCsv, kJson };

struct ConsoleOptions {
    OutputFormat format = OutputFormat::kTable;
    bool color = false;  // on stderr
    bool quiet = false;
    bool verbose = false;
};

class Console {
  public:
    // `stop` is cancelled when nobody reads the output any more; may be null.
    Console(Descriptors descriptors, TerminalFacts terminal, CancelToken* stop);
    ~Console();
    Console(const Console&) = delete;
    Console& operator=(const Console&) = delete;

    void configure(const ConsoleOptions& options) { options_ = options; }
    const ConsoleOptions& options() const { return options_; }
    OutputFormat format() const { return options_.format; }
    bool json() const { return options_.format == OutputFormat::kJson; }
    const TerminalFacts& terminal() const { return terminal_; }

    // Data, as it is; buffered.
    void out(std::string_view text);
    void out_line(std::string_view text);
    void flush();
    // A message line on stderr; note() only without --quiet, detail() only with --verbose.
    void message(std::string_view line);
    void note(std::string_view line);
    void detail(std::string_view line);
    // "muster: <message>" and the hint; with JSON output also an error line on stdout.
    void error(const Error& error);
    // The same on stderr alone.
    void error_text(const Error& error);
    // A line on the terminal that the next one replaces; "" removes it.
    void transient(std::string_view line);

    // After flush(): why the data could not be written in full; kCancelled if the reader left.
    std::optional<Error> write_error();
    // All of stdin, at most `bytes_max`.
    Result<std::string> read_in(std::size_t bytes_max);
    // One line of stdin without its end, the rest is left there. On a terminal `prompt` is shown on
    // stderr and nothing that is typed. kCancelled if asked to stop meanwhile.
    Result<std::string> read_secret_line(std::string_view prompt, const CancelToken& cancel);

  private:
    void flush_locked();
    void err_locked(std::string_view text);
    void clear_transient_locked();

    const Descriptors descriptors_;
    const TerminalFacts terminal_;
    CancelToken* const stop_;
    ConsoleOptions options_;
    std::mutex mutex_;
    std::string buffer_;
    bool transient_shown_ = false;
    int failed_errno_ = 0;
};

}  // namespace muster
