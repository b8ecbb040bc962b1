#include "cli/progress.h"

#include "core/text.h"
#include "present/json.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace muster {
namespace {

constexpr std::int64_t kBarEveryNs = 100'000'000;
constexpr std::int64_t kLineEveryNs = 3'000'000'000;
constexpr std::int64_t kJsonEveryNs = 1'000'000'000;
constexpr double kNsPerSecond = 1e9;
constexpr int kBarCells = 20;

std::string duration_text(double seconds) {
    const auto whole = std::llround(seconds);
    return whole < 60 ? fmt::format("{}s", whole)
                      : fmt::format("{}m{:02}s", whole / 60, whole % 60);
}

}  // namespace

ProgressMeter::ProgressMeter(Console& console, const Clock& clock, bool lines)
    : console_(console), clock_(clock), lines_(lines), started_ns_(clock.monotonic_ns()) {}

std::string ProgressMeter::bar_text(const RunProgress& total, double seconds, int columns) {
    const double speed = seconds > 0 ? static_cast<double>(total.bytes) / seconds : 0;
    std::string text;
    if (total.bytes_total > 0) {
        const double part = std::min(
            1.0, static_cast<double>(total.bytes) / static_cast<double>(total.bytes_total));
        const auto cells = static_cast<std::size_t>(part * kBarCells);
        text = fmt::format("[{}{}] {:3.0f}%  ",
                           std::string(cells, '#'),
                           std::string(kBarCells - cells, '.'),
                           part * 100);
    }
    text += fmt::format("{} {}  {} rows  {:.1f} MB/s  {} rejects",
                        total.stage,
                        total.table,
                        with_thousands(static_cast<std::int64_t>(total.rows)),
                        speed / 1e6,
                        with_thousands(static_cast<std::int64_t>(total.rejected)));
    if (speed > 0 && total.bytes_total > total.bytes) {
        text += fmt::format(
            "  ETA {}",
            duration_text(static_cast<double>(total.bytes_total - total.bytes) / speed));
    }
    return std::string{utf8_prefix(text, static_cast<std::size_t>(std::max(20, columns - 1)))};
}

void ProgressMeter::progress(const RunProgress& progress) {
    const std::scoped_lock hold{mutex_};
    const bool new_stage = tables_[progress.table].stage != progress.stage;
    tables_[progress.table] = progress;
    const std::int64_t now_ns = clock_.monotonic_ns();
    const bool json = console_.json() && lines_;
    const bool bar = !json && console_.terminal().err;
    const std::int64_t every_ns = json ? kJsonEveryNs : bar ? kBarEveryNs : kLineEveryNs;
    const std::int64_t since_ns = shown_ns_ == 0 ? now_ns - started_ns_ : now_ns - shown_ns_;
    if (since_ns < every_ns && !(json && new_stage)) {
        return;
    }
    shown_ns_ = now_ns;
    if (json) {
        console_.out_line(JsonObject{}
                              .text("type", "progress")
                              .text("table", progress.table)
                              .text("stage", progress.stage)
                              .number("rows", progress.rows)
                              .number("bytes", progress.bytes)
                              .number("bytes_total", progress.bytes_total)
                              .number("rejected", progress.rejected)
                              .str());
        console_.flush();
        return;
    }
    if (console_.options().quiet) {
        return;
    }
    RunProgress total = progress;
    total.rows = total.bytes = total.bytes_total = total.rejected = 0;
    for (const auto& [name, table] : tables_) {
        total.rows += table.rows;
        total.bytes += table.bytes;
        total.bytes_total += table.bytes_total;
        total.rejected += table.rejected;
    }
    const double seconds = static_cast<double>(now_ns - started_ns_) / kNsPerSecond;
    const std::string text = bar_text(total, seconds, bar ? console_.terminal().columns : 200);
    if (bar) {
        console_.transient(text);
    } else {
        console_.message(text);
    }
}

void ProgressMeter::warning(const Error& error) {
    console_.note("muster: warning: " + error.message);
    if (!error.hint.empty()) {
        console_.note("  hint: " + error.hint);
    }
}

void ProgressMeter::finish() { console_.transient(""); }

}  // namespace muster
