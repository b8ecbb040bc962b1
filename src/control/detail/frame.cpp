#include "control/detail/frame.h"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>

namespace muster {
namespace {

constexpr std::size_t kHeaderBytes = 5;

Error gone() {
    return Error{ErrorCode::kUnavailable, "the other muster process ended the connection"};
}

Result<void> send_all(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent <= 0) {
            return gone();
        }
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return {};
}

Result<void> receive_all(int socket, std::span<char> out) {
    while (!out.empty()) {
        const ssize_t received = ::recv(socket, out.data(), out.size(), 0);
        if (received < 0 && errno == EINTR) {
            continue;
        }
        if (received <= 0) {
            return gone();
        }
        out = out.subspan(static_cast<std::size_t>(received));
    }
    return {};
}

// The first byte of a frame and the descriptors that come with it.
Result<char> receive_first(int socket, std::vector<Descriptor>& descriptors) {
    char first = 0;
    iovec part{&first, 1};
    alignas(cmsghdr) char control[CMSG_SPACE(kFrameDescriptorsMax * sizeof(int))];
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    ssize_t received = 0;
    do {
        received = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    } while (received < 0 && errno == EINTR);
    if (received <= 0) {
        return gone();
    }
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
            descriptors.emplace_back(fd);
        }
    }
    return first;
}

}  // namespace

Result<void> write_frame(int socket,
                         FrameType type,
                         std::string_view payload,
                         std::span<const int> descriptors) {
    MUSTER_CHECK(payload.size() <= kFrameBytesMax && descriptors.size() <= kFrameDescriptorsMax);
    char head[kHeaderBytes];
    const auto length = static_cast<std::uint32_t>(payload.size());
    std::memcpy(head, &length, sizeof length);
    head[4] = static_cast<char>(type);

    iovec part{head, sizeof head};
    alignas(cmsghdr) char control[CMSG_SPACE(kFrameDescriptorsMax * sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (!descriptors.empty()) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
        std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
    }
    ssize_t sent = 0;
    do {
        sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent <= 0) {
        return gone();
    }
    MUSTER_TRY(send_all(
        socket, std::string_view{head, sizeof head}.substr(static_cast<std::size_t>(sent))));
    return send_all(socket, payload);
}

Result<Frame> read_frame(int socket) {
    Frame frame;
    char head[kHeaderBytes];
    MUSTER_ASSIGN(head[0], receive_first(socket, frame.descriptors));
    MUSTER_TRY(receive_all(socket, std::span{head}.subspan(1)));
    std::uint32_t length = 0;
    std::memcpy(&length, head, sizeof length);
    const auto type = static_cast<std::uint8_t>(head[4]);
    if (length > kFrameBytesMax || type < static_cast<std::uint8_t>(FrameType::kInvoke) ||
        type > static_cast<std::uint8_t>(FrameType::kExit)) {
        return Error{ErrorCode::kUsage, "what arrives on the control socket is no frame"};
    }
    frame.type = static_cast<FrameType>(type);
    frame.payload.resize(length);
    MUSTER_TRY(receive_all(socket, frame.payload));
    return frame;
}

sockaddr_un socket_address(int folder) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = fmt::format("/proc/self/fd/{}/{}", folder, kSocketName);
    MUSTER_CHECK(path.size() < sizeof address.sun_path);
    std::copy(path.begin(), path.end(), address.sun_path);
    return address;
}

Result<Descriptor> open_folder(const std::filesystem::path& folder) {
    Descriptor descriptor{::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (!descriptor.valid()) {
        return Error{
            errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
            fmt::format(
                "cannot open the data directory {}: {}", folder.string(), std::strerror(errno))};
    }
    return descriptor;
}

}  // namespace muster
