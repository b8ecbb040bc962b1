// The HTTP server with a handful of routes, for tests/e2e/test_http.py. Arguments are name=value;
// prints its port, stops on SIGTERM, and exits 0 if nothing was cut off, 3 if something was.
#include "api/http/server.h"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>

namespace muster::http {
namespace {

std::int64_t number(const Request& request, const char* name, std::int64_t fallback) {
    const std::string* text = request.parameter(name);
    return text != nullptr ? std::atoll(text->c_str()) : fallback;
}

void sleep_ms(std::int64_t time_ms) {
    std::this_thread::sleep_for(std::chrono::milliseconds{time_ms});
}

Response echo(const Request& request) {
    std::string text = request.method + " " + request.path + "\n";
    for (const auto& [name, value] : request.query) {
        text.append("query ").append(name).append("=").append(value).append("\n");
    }
    for (const auto& [name, value] : request.headers) {
        text.append("header ").append(name).append("=").append(value).append("\n");
    }
    return text_response(200, "text/plain", text + "body " + request.body);
}

Response stream(const Request& request) {
    Response response;
    response.set("Content-Type", "text/event-stream");
    response.stream = [left = number(request, "count", 3), pause = number(request, "ms", 0)](
                          std::int64_t wait_ms) mutable -> std::optional<std::string> {
        if (left == 0) {
            return std::nullopt;
        }
        sleep_ms(std::min(pause, wait_ms));
        if (left < 0) {
            return "";
        }
        return "data: " + std::to_string(left--) + "\n\n";
    };
    return response;
}

Response handle(const Request& request) {
    if (request.path == "/slow") {
        sleep_ms(number(request, "ms", 100));
        return text_response(200, "text/plain", "slow");
    }
    if (request.path == "/large") {
        const auto bytes = static_cast<std::size_t>(number(request, "bytes", 1));
        return text_response(200, "application/octet-stream", std::string(bytes, 'x'));
    }
    if (request.path == "/stream") {
        return stream(request);
    }
    if (request.path == "/throw") {
        throw std::runtime_error("thrown");
    }
    Response response = echo(request);
    response.close = request.path == "/close";
    if (request.path == "/inject") {
        response.set("X-Given", "a\r\nX-Injected: yes");
    }
    if (request.path == "/empty") {
        response = {};
        response.status = 204;
    }
    return response;
}

std::optional<Response> quick(const Request& request) {
    static const Response kReady = text_response(200, "text/plain", "quick");
    return request.path == "/quick" ? std::optional(kReady) : std::nullopt;
}

Response problem(int status, const std::string& detail, const Request& request) {
    return text_response(status,
                         "application/problem+json",
                         "{\"status\":" + std::to_string(status) + ",\"detail\":\"" + detail +
                             "\",\"instance\":\"" + request.id + "\"}");
}

ServerOptions options_of(std::map<std::string, std::int64_t>& values) {
    ServerOptions options;
    options.port = 0;
    const auto take = [&values](const char* name, auto& field) {
        if (const auto found = values.find(name); found != values.end()) {
            field = static_cast<std::remove_reference_t<decltype(field)>>(found->second);
        }
    };
    take("port", options.port);
    take("workers", options.workers);
    take("queue", options.queue_max);
    take("connections", options.connections_max);
    take("body_bytes", options.body_bytes_max);
    take("idle_ms", options.idle_ms);
    take("header_ms", options.header_ms);
    take("body_ms", options.body_ms);
    take("write_ms", options.write_ms);
    return options;
}

int run(int count, char** words) {
    std::map<std::string, std::int64_t> values;
    for (int i = 1; i < count; ++i) {
        const std::string word = words[i];
        const std::size_t equals = word.find('=');
        values[word.substr(0, equals)] = std::atoll(word.substr(equals + 1).c_str());
    }
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    auto server = Server::open(options_of(values), {quick, handle, problem, nullptr});
    if (!server) {
        std::fprintf(stderr, "%s\n", server.error().message.c_str());
        return exit_code(server.error().code);
    }
    (*server)->start();
    std::printf("%d\n", (*server)->port());
    std::fflush(stdout);
    int signal = 0;
    sigwait(&signals, &signal);
    const auto deadline = values.find("stop_ms");
    return (*server)->stop(deadline != values.end() ? deadline->second : 5000) ? 0 : 3;
}

}  // namespace
}  // namespace muster::http

int main(int count, char** words) { return muster::http::run(count, words); }
