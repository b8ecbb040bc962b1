// The secret of the tokens, from the environment or a file.
#include "accounts/accounts.h"
#include "accounts/detail/encoding.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace muster {
namespace {

constexpr std::size_t kSecretBytesMin = 32;
constexpr mode_t kOthersMask = 077;
constexpr mode_t kSecretMode = 0600;

class File {
  public:
    explicit File(int fd) : fd_(fd) {}
    ~File() {
        if (fd_ >= 0) {
            ::close(fd_);
        }
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    int fd() const { return fd_; }

  private:
    const int fd_;
};

Error failed(const std::string& what, const std::string& path) {
    return {ErrorCode::kIo, "cannot " + what + " " + path + ": " + std::strerror(errno), "", ""};
}

// Nothing if there is no such file.
Result<std::optional<std::string>> read_secret(const std::string& path) {
    const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (file.fd() < 0) {
        return errno == ENOENT ? Result<std::optional<std::string>>{std::optional<std::string>{}}
                               : failed("read", path);
    }
    struct stat info {};
    if (::fstat(file.fd(), &info) != 0) {
        return failed("read", path);
    }
    if (!S_ISREG(info.st_mode) || (info.st_mode & kOthersMask) != 0) {
        return Error{ErrorCode::kUsage,
                     "the secret " + path + " may be used by others than its owner",
                     "chmod 600 it; if others have seen it, delete it: all must log in again",
                     ""};
    }
    std::array<char, 4096> buffer{};
    const ssize_t got = ::read(file.fd(), buffer.data(), buffer.size());
    if (got < 0) {
        return failed("read", path);
    }
    std::string secret(buffer.data(), static_cast<std::size_t>(got));
    while (secret.ends_with('\n') || secret.ends_with('\r')) {
        secret.pop_back();
    }
    if (secret.size() < kSecretBytesMin) {
        return Error{ErrorCode::kUsage,
                     "the secret in " + path + " has fewer than 32 bytes",
                     "delete the file and a new one is made; all must log in again",
                     ""};
    }
    return std::optional{std::move(secret)};
}

// Written whole under another name, then linked: nobody sees half of it, and the first one wins.
Result<void> make_secret(const std::string& path) {
    const std::string made = path + "." + random_text(8);
    const std::string text = random_text(kSecretBytesMin) + "\n";
    {
        const File file(::open(made.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kSecretMode));
        if (file.fd() < 0 ||
            ::write(file.fd(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
            ::fsync(file.fd()) != 0) {
            const Error error = failed("write", made);
            ::unlink(made.c_str());
            return error;
        }
    }
    const bool linked = ::link(made.c_str(), path.c_str()) == 0 || errno == EEXIST;
    const int reason = errno;
    ::unlink(made.c_str());
    errno = reason;
    if (!linked) {
        return failed("make", path);
    }
    const std::string folder = std::filesystem::path(path).parent_path().string();
    const File opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return opened.fd() >= 0 && ::fsync(opened.fd()) == 0 ? Result<void>{} : failed("sync", folder);
}

}  // namespace

Result<std::string> load_secret(const std::string& data_dir,
                                const std::optional<std::string>& from_environment) {
    if (from_environment) {
        if (from_environment->size() < kSecretBytesMin) {
            return Error{ErrorCode::kUsage,
                         "MUSTER_JWT_SECRET has fewer than 32 bytes",
                         "make one with `openssl rand -base64 32`",
                         ""};
        }
        return *from_environment;
    }
    const std::filesystem::path folder(data_dir);
    const std::string path = (folder / "jwt-secret").string();
    MUSTER_ASSIGN(auto secret, read_secret(path));
    if (!secret) {
        std::error_code ignored;  // a missing folder is told by the file that cannot be made
        std::filesystem::create_directories(folder, ignored);
        MUSTER_TRY(make_secret(path));
        MUSTER_ASSIGN(secret, read_secret(path));
    }
    if (!secret) {
        return Error{ErrorCode::kIo, "the secret " + path + " vanished", "", ""};
    }
    return *std::move(secret);
}

}  // namespace muster
