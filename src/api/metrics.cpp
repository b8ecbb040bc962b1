#include "api/metrics.h"

#include <fmt/core.h>

#include <algorithm>
#include <tuple>

namespace muster {
namespace {

struct Described {
    std::string_view name;
    std::string_view type;
    std::string_view help;
};

// Everything that is exposed, so that no series goes without its description.
constexpr Described kDescribed[] = {
    {"muster_auth_failures_total", "counter", "Refused tokens and logins."},
    {"muster_backup_seconds_total", "counter", "Time spent on backups."},
    {"muster_backups_total", "counter", "Backups by table and status."},
    {"muster_http_connections", "gauge", "Open connections."},
    {"muster_http_queue_depth", "gauge", "Requests that wait for a worker."},
    {"muster_http_requests_running", "gauge", "Requests in work."},
    {"muster_insert_commits_total", "counter", "Transactions of inserts."},
    {"muster_insert_requests_total", "counter", "Requests that inserted rows."},
    {"muster_insert_waiting", "gauge", "Inserts that wait for their commit."},
    {"muster_process_start_time_seconds", "gauge", "When the process started, Unix time."},
    {"muster_rejects_total", "counter", "Reasons of refused records by code."},
    {"muster_restore_seconds_total", "counter", "Time spent on restores."},
    {"muster_restores_total", "counter", "Restores by table and status."},
    {"muster_rows_total", "counter", "Records of runs by table and outcome."},
    {"muster_run_last_success_time_seconds", "gauge", "When a run last succeeded, Unix time."},
    {"muster_run_seconds_total", "counter", "Time spent in runs."},
    {"muster_runs_total", "counter", "Runs by status."},
    {"muster_schedule_events_total",
     "counter",
     "What became of scheduled occurrences, by job and event."},
    {"muster_table_rows", "gauge", "Rows of a table."},
};

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\' || c == '"') {
            out += '\\';
        }
        if (c == '\n') {
            out += "\\n";
        } else {
            out += c;
        }
    }
    return out;
}

std::string labels_text(const Metrics::Labels& labels) {
    std::string out;
    for (const auto& [name, value] : labels) {
        out += fmt::format("{}{}=\"{}\"", out.empty() ? "" : ",", name, escaped(value));
    }
    return out;
}

std::string braces(const std::string& labels) { return labels.empty() ? "" : "{" + labels + "}"; }

}  // namespace

void Metrics::add(std::string_view name, const Labels& labels, double amount) {
    const std::lock_guard lock{mutex_};
    values_[std::string{name}][labels_text(labels)] += amount;
}

void Metrics::set(std::string_view name, const Labels& labels, double value) {
    const std::lock_guard lock{mutex_};
    values_[std::string{name}][labels_text(labels)] = value;
}

void Metrics::observe_request(std::string_view method,
                              std::string_view route,
                              int status,
                              double seconds) {
    std::string key = fmt::format(
        "method=\"{}\",route=\"{}\",status=\"{}\"", escaped(method), escaped(route), status);
    const std::lock_guard lock{mutex_};
    Histogram& histogram = requests_[std::move(key)];
    for (std::size_t i = 0; i < kBucketSeconds.size(); ++i) {
        histogram.counts[i] += seconds <= kBucketSeconds[i] ? 1U : 0U;
    }
    ++histogram.count;
    histogram.sum += seconds;
}

std::string Metrics::text() const {
    const std::lock_guard lock{mutex_};
    std::string out;
    for (const Described& described : kDescribed) {
        const auto found = values_.find(described.name);
        if (found == values_.end()) {
            continue;
        }
        out += fmt::format(
            "# HELP {0} {1}\n# TYPE {0} {2}\n", described.name, described.help, described.type);
        for (const auto& [labels, value] : found->second) {
            out += fmt::format("{}{} {}\n", described.name, braces(labels), value);
        }
    }
    constexpr std::string_view kName = "muster_http_request_duration_seconds";
    out +=
        fmt::format("# HELP {0} Time from a request to its answer.\n# TYPE {0} histogram\n", kName);
    for (const auto& [labels, histogram] : requests_) {
        for (std::size_t i = 0; i < kBucketSeconds.size(); ++i) {
            out += fmt::format("{}_bucket{{{},le=\"{}\"}} {}\n",
                               kName,
                               labels,
                               kBucketSeconds[i],
                               histogram.counts[i]);
        }
        out += fmt::format("{}_bucket{{{},le=\"+Inf\"}} {}\n", kName, labels, histogram.count);
        out += fmt::format("{}_sum{{{}}} {}\n", kName, labels, histogram.sum);
        out += fmt::format("{}_count{{{}}} {}\n", kName, labels, histogram.count);
    }
    return out;
}

}  // namespace muster
