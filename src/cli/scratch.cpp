#include "cli/scratch.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace muster {

namespace {

std::string host_prefix() {
    char name[256] = "";
    ::gethostname(name, sizeof name - 1);
    return std::string(name) + "-";
}

// What is not a number, or the number of a living process, is left alone.
bool is_dead(const std::string& digits) {
    char* end = nullptr;
    const long process = std::strtol(digits.c_str(), &end, 10);
    if (digits.empty() || *end != '\0' || process <= 0) {
        return false;
    }
    return ::kill(static_cast<pid_t>(process), 0) != 0 && errno == ESRCH;
}

void remove_dead(const std::filesystem::path& folder, const std::string& prefix) {
    std::error_code failed;
    for (const auto& entry : std::filesystem::directory_iterator(folder, failed)) {
        const std::string name = entry.path().filename().string();
        if (name.starts_with(prefix) && is_dead(name.substr(prefix.size()))) {
            std::error_code ignored;  // another process may be faster
            std::filesystem::remove_all(entry.path(), ignored);
        }
    }
}

}  // namespace

Result<ScratchFolder> ScratchFolder::make(const std::filesystem::path& data_dir) {
    const std::filesystem::path all = data_dir / "tmp";
    const std::string prefix = host_prefix();
    const std::filesystem::path own = all / (prefix + std::to_string(::getpid()));
    std::error_code failed;
    if (std::filesystem::create_directories(data_dir, failed)) {  // as an owner makes it
        std::filesystem::permissions(data_dir, std::filesystem::perms::owner_all, failed);
    }
    std::filesystem::create_directories(all, failed);
    if (!failed) {
        remove_dead(all, prefix);
        std::filesystem::create_directory(own, failed);
    }
    if (failed) {
        return Error{ErrorCode::kIo,
                     "cannot make the folder " + own.string() + ": " + failed.message(),
                     "choose another data directory with --data-dir",
                     ""};
    }
    return ScratchFolder(own);
}

ScratchFolder::ScratchFolder(ScratchFolder&& other) noexcept
    : path_(std::exchange(other.path_, {})) {}

ScratchFolder::~ScratchFolder() {
    if (!path_.empty()) {
        std::error_code ignored;  // the next process removes it
        std::filesystem::remove_all(path_, ignored);
    }
}

}  // namespace muster
