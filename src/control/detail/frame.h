// Frames on the control socket: u32 length of the payload (little endian), u8 type, payload. The
// three descriptors of an invocation travel with the first byte of its frame (SCM_RIGHTS).
#pragma once

#include "control/descriptor.h"
#include "core/result.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <sys/un.h>
#include <vector>

namespace muster {

inline constexpr std::size_t kFrameBytesMax = 8U << 20;
inline constexpr std::size_t kFrameDescriptorsMax = 3;
inline constexpr std::string_view kSocketName = "muster.sock";
inline constexpr std::string_view kLockName = "muster.lock";
// Raised with every incompatible change of frames or invocations.
inline constexpr std::uint8_t kProtocolVersion = 1;

enum class FrameType : std::uint8_t {
    kInvoke = 1,    // guest: version byte, then an encoded invocation; three descriptors
    kAccepted = 2,  // owner: the verb will run, its exit code follows
    kRefused = 3,   // owner: a message; the verb will not run
    kCancel = 4,    // guest: stop the verb
    kExit = 5,      // owner: one byte, the exit code
};

struct Frame {
    FrameType type = FrameType::kInvoke;
    std::string payload;
    std::vector<Descriptor> descriptors;
};

// kUnavailable if the other side is gone.
Result<void> write_frame(int socket,
                         FrameType type,
                         std::string_view payload,
                         std::span<const int> descriptors = {});
// kUnavailable if the other side is gone or the socket's receive timeout passed, kUsage if what
// arrives is no frame.
Result<Frame> read_frame(int socket);

// The address of the socket in an open folder. By way of /proc, since a data directory's path may
// be longer than sun_path.
sockaddr_un socket_address(int folder);

// A folder opened for use with socket_address and openat.
Result<Descriptor> open_folder(const std::filesystem::path& folder);

}  // namespace muster
