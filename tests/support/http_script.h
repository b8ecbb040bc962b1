// An HTTP server on loopback that answers requests by a function and remembers them. One request
// per connection.
#pragma once

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace muster {

class HttpScript {
  public:
    struct Answer {
        int status = 200;
        std::string body;
        std::string headers = {};       // whole lines with "\r\n"
        bool cut = false;               // the connection ends before the answer
        std::size_t bytes_missing = 0;  // at the end of the body
    };
    // Gets the request line and headers as they came, and the body.
    using Script = std::function<Answer(const std::string& head, const std::string& body)>;

    explicit HttpScript(Script script) : script_(std::move(script)) {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        EXPECT_EQ(::listen(listener_, 16), 0);
        socklen_t length = sizeof address;
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread{[this] { serve(); }};
    }
    ~HttpScript() {
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
        ::close(listener_);
    }
    HttpScript(const HttpScript&) = delete;
    HttpScript& operator=(const HttpScript&) = delete;

    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    std::vector<std::string> heads() const {
        const std::lock_guard lock{mutex_};
        return heads_;
    }

  private:
    void serve() {
        for (int peer; (peer = ::accept(listener_, nullptr, nullptr)) >= 0; ::close(peer)) {
            std::string text;
            std::size_t end = text.npos;
            while ((end = text.find("\r\n\r\n")) == text.npos && more(peer, text)) {
            }
            if (end == text.npos) {
                continue;
            }
            const std::string head = text.substr(0, end + 2);
            std::size_t wanted = 0;
            if (const auto at = head.find("Content-Length: "); at != head.npos) {
                wanted = std::stoul(head.substr(at + 16));
            }
            while (text.size() < end + 4 + wanted && more(peer, text)) {
            }
            {
                const std::lock_guard lock{mutex_};
                heads_.push_back(head);
            }
            answer(peer, script_(head, text.substr(end + 4)));
        }
    }

    static bool more(int peer, std::string& text) {
        char piece[65536];
        const ssize_t count = ::recv(peer, piece, sizeof piece, 0);
        text.append(piece, count > 0 ? static_cast<std::size_t>(count) : 0);
        return count > 0;
    }

    static void answer(int peer, const Answer& answer) {
        if (answer.cut) {
            return;
        }
        const std::string text =
            "HTTP/1.1 " + std::to_string(answer.status) + " X\r\nConnection: close\r\n" +
            "Content-Length: " + std::to_string(answer.body.size()) + "\r\n" + answer.headers +
            "\r\n" + answer.body.substr(0, answer.body.size() - answer.bytes_missing);
        for (std::size_t done = 0; done < text.size();) {
            const ssize_t count =
                ::send(peer, text.data() + done, text.size() - done, MSG_NOSIGNAL);
            if (count <= 0) {
                return;
            }
            done += static_cast<std::size_t>(count);
        }
    }

    Script script_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    mutable std::mutex mutex_;
    std::vector<std::string> heads_;
    std::thread thread_;
};

}  // namespace muster
