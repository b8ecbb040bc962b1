#include "storage/detail/local_store.h"

#include "core/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace muster {
namespace {

namespace fs = std::filesystem;

Error system_error(std::string_view operation, const fs::path& path, int number) {
    const bool missing = number == ENOENT || number == ENOTDIR;
    Error error{.code = missing ? ErrorCode::kNotFound : ErrorCode::kIo,
                .message = fmt::format(
                    "cannot {} {}: {}", operation, path.string(), std::strerror(number))};
    if (number == EACCES || number == EPERM || number == EROFS) {
        error.hint = "check the permissions of the file and its folder";
    } else if (number == ENOSPC || number == EDQUOT) {
        error.hint = "free space on this disk, then run again: nothing was half written";
    }
    return error;
}

class FileDescriptor {
  public:
    explicit FileDescriptor(int descriptor) : descriptor_(descriptor) {}
    FileDescriptor(const FileDescriptor&) = delete;
    FileDescriptor& operator=(const FileDescriptor&) = delete;
    ~FileDescriptor() { close(); }

    int get() const { return descriptor_; }
    bool valid() const { return descriptor_ >= 0; }
    void close() {
        if (descriptor_ >= 0) {
            ::close(descriptor_);
            descriptor_ = -1;
        }
    }

  private:
    int descriptor_;
};

Result<void> sync_path(const fs::path& path, int flags) {
    const FileDescriptor file{::open(path.c_str(), flags | O_CLOEXEC)};
    if (!file.valid() || ::fsync(file.get()) != 0) {
        return system_error("sync", path, errno);
    }
    return {};
}

ObjectInfo info_of(const ObjectKey& key, const struct stat& state) {
    const auto nanoseconds = [](const timespec& time) {
        return static_cast<std::int64_t>(time.tv_sec) * 1000000000 + time.tv_nsec;
    };
    return {.key = key,
            .bytes = static_cast<std::uint64_t>(state.st_size),
            .mtime_ns = nanoseconds(state.st_mtim),
            .ctime_ns = nanoseconds(state.st_ctim),
            .inode = state.st_ino,
            .etag = {}};
}

class LocalReader final : public ObjectReader {
  public:
    LocalReader(fs::path path, int descriptor, ObjectInfo info)
        : path_(std::move(path)), file_(descriptor), info_(std::move(info)) {}

    const ObjectInfo& info() const override { return info_; }

    Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) override {
        std::size_t taken = 0;
        while (taken < out.size()) {
            const ssize_t count = ::pread(file_.get(),
                                          out.data() + taken,
                                          out.size() - taken,
                                          static_cast<off_t>(offset + taken));
            if (count < 0 && errno == EINTR) {
                continue;
            }
            if (count < 0) {
                return system_error("read", path_, errno);
            }
            if (count == 0) {
                break;
            }
            taken += static_cast<std::size_t>(count);
        }
        return taken;
    }

  private:
    fs::path path_;
    FileDescriptor file_;
    ObjectInfo info_;
};

// Makes a finished temporary file durable and gives it its name.
Result<void> publish(const fs::path& partial, const fs::path& target) {
    MUSTER_TRY(sync_path(partial, O_RDONLY));
    if (::rename(partial.c_str(), target.c_str()) != 0) {
        return system_error("rename to", target, errno);
    }
    return sync_path(target.parent_path(), O_RDONLY | O_DIRECTORY);
}

// The same, unless the target is there.
Result<void> publish_if_absent(const fs::path& partial, const fs::path& target) {
    MUSTER_TRY(sync_path(partial, O_RDONLY));
    if (::link(partial.c_str(), target.c_str()) != 0) {
        Error error = system_error("create", target, errno);
        error.code = errno == EEXIST ? ErrorCode::kConflict : error.code;
        return error;
    }
    ::unlink(partial.c_str());
    return sync_path(target.parent_path(), O_RDONLY | O_DIRECTORY);
}

class LocalWriter final : public ObjectWriter {
  public:
    LocalWriter(fs::path partial, fs::path target, int descriptor)
        : partial_(std::move(partial)), target_(std::move(target)), file_(descriptor) {}

    ~LocalWriter() override {
        if (!committed_) {
            ::unlink(partial_.c_str());
        }
    }

    Result<void> write(std::string_view bytes) override {
        while (!bytes.empty()) {
            const ssize_t count = ::write(file_.get(), bytes.data(), bytes.size());
            if (count < 0 && errno == EINTR) {
                continue;
            }
            if (count < 0) {
                return system_error("write", target_, errno);
            }
            bytes.remove_prefix(static_cast<std::size_t>(count));
        }
        return {};
    }

    Result<void> commit() override {
        file_.close();
        MUSTER_TRY(publish(partial_, target_));
        committed_ = true;
        return {};
    }

    Result<void> commit_if_absent() override {
        file_.close();
        MUSTER_TRY(publish_if_absent(partial_, target_));
        committed_ = true;
        return {};
    }

  private:
    fs::path partial_;
    fs::path target_;
    FileDescriptor file_;
    bool committed_ = false;
};

class LocalStore final : public ObjectStore {
  public:
    LocalStore(fs::path root, const StoreOptions& options)
        : root_(std::move(root)), options_(options) {}

    std::string describe() const override { return root_.string(); }

    Result<std::vector<ObjectInfo>> list(std::string_view glob) override {
        struct stat state {};
        if (::stat(root_.c_str(), &state) != 0) {
            return system_error("list", root_, errno);
        }
        if (!S_ISDIR(state.st_mode)) {
            return Error{.code = ErrorCode::kUsage,
                         .message = fmt::format("{} is not a folder", root_.string()),
                         .hint = "name the folder that holds the files"};
        }
        std::vector<ObjectInfo> found;
        MUSTER_TRY(walk(root_, "", glob, found));
        sort(found);
        return found;
    }

    Result<std::vector<ObjectInfo>> list_below(std::string_view prefix) override {
        std::vector<ObjectInfo> found;
        MUSTER_TRY(check_links(prefix));
        const fs::path start = root_ / prefix;
        struct stat state {};
        if (::stat(start.c_str(), &state) != 0 && errno == ENOENT) {
            return found;
        }
        MUSTER_TRY(walk(start, std::string{prefix}, {}, found));
        sort(found);
        return found;
    }

    Result<std::unique_ptr<ObjectReader>> open(const ObjectKey& key) override {
        MUSTER_TRY(check_links(key.str()));
        const fs::path path = root_ / key.str();
        const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (descriptor < 0) {
            return system_error("open", path, errno);
        }
        struct stat state {};
        if (::fstat(descriptor, &state) != 0 || !S_ISREG(state.st_mode)) {
            ::close(descriptor);
            return Error{
                .code = ErrorCode::kIo,
                .message = fmt::format("cannot read {}: it is not a regular file", path.string())};
        }
        return std::unique_ptr<ObjectReader>{
            std::make_unique<LocalReader>(path, descriptor, info_of(key, state))};
    }

    Result<std::unique_ptr<ObjectWriter>> create(const ObjectKey& key) override {
        MUSTER_ASSIGN(const fs::path partial, path_for_write(key));
        const int descriptor =
            ::open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (descriptor < 0) {
            return system_error("create", partial, errno);
        }
        return std::unique_ptr<ObjectWriter>{
            std::make_unique<LocalWriter>(partial, root_ / key.str(), descriptor)};
    }

    Result<void> remove(const ObjectKey& key) override {
        MUSTER_TRY(check_links(fs::path(key.str()).parent_path().string()));
        const fs::path path = root_ / key.str();
        if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
            return system_error("remove", path, errno);
        }
        // Folders that became empty go too; one that is not empty stays, which is no failure.
        for (fs::path folder = path.parent_path(); folder != root_ && !folder.empty();
             folder = folder.parent_path()) {
            if (::rmdir(folder.c_str()) != 0) {
                break;
            }
        }
        return {};
    }

    Result<void> remove_below(std::string_view prefix) override {
        MUSTER_TRY(check_links(fs::path(prefix).parent_path().parent_path().string()));
        std::error_code failure;
        fs::remove_all(root_ / prefix, failure);
        if (failure) {
            return system_error("remove", root_ / prefix, failure.value());
        }
        return {};
    }

    Result<void> remove_empty_below(std::string_view prefix) override {
        MUSTER_TRY(check_links(prefix));
        std::error_code failure;
        std::vector<fs::path> folders;
        for (fs::recursive_directory_iterator entry{root_ / prefix, failure}, end;
             !failure && entry != end;
             entry.increment(failure)) {
            if (entry->is_directory(failure) && !entry->is_symlink(failure)) {
                folders.push_back(entry->path());
            }
        }
        if (failure && failure != std::errc::no_such_file_or_directory) {
            return system_error("list", root_ / prefix, failure.value());
        }
        // The innermost first; one that is not empty stays.
        for (auto folder = folders.rbegin(); folder != folders.rend(); ++folder) {
            ::rmdir(folder->c_str());
        }
        return {};
    }

    Result<LocalCopy> path_for_read(const ObjectKey& key) override {
        MUSTER_TRY(check_links(key.str()));
        return LocalCopy{root_ / key.str(), nullptr};
    }

    Result<fs::path> path_for_write(const ObjectKey& key) override {
        MUSTER_TRY(check_links(key.str()));
        const fs::path target = root_ / key.str();
        std::error_code failure;
        fs::create_directories(target.parent_path(), failure);
        if (failure) {
            return system_error("create folder", target.parent_path(), failure.value());
        }
        static std::atomic<std::uint64_t> counter{0};
        fs::path partial = target;
        partial += fmt::format(".{}-{}{}", ::getpid(), counter.fetch_add(1), kPartialSuffix);
        return partial;
    }

    Result<void> publish_path(const fs::path& path, const ObjectKey& key) override {
        return publish(path, root_ / key.str());
    }

  private:
    // Of every folder and the object on the way from the root to `below`.
    Result<void> check_links(std::string_view below) const {
        if (!options_.refuse_links) {
            return {};
        }
        fs::path path = root_;
        for (const fs::path& part : fs::path(below)) {
            path /= part;
            struct stat state {};
            if (::lstat(path.c_str(), &state) == 0 && S_ISLNK(state.st_mode)) {
                return link_error(path);
            }
        }
        return {};
    }

    static Error link_error(const fs::path& path) {
        return {.code = ErrorCode::kConflict,
                .message = fmt::format("{} is a symbolic link", path.string()),
                .hint = "links are not followed here: replace it by the file or folder itself"};
    }

    static void sort(std::vector<ObjectInfo>& objects) {
        std::sort(objects.begin(), objects.end(), [](const ObjectInfo& a, const ObjectInfo& b) {
            return a.key < b.key;
        });
    }

    // Adds what lies below `folder`; with a glob only the keys that match it. Folders that match
    // are added as well, so that opening them tells the person that they are no files.
    Result<void> walk(const fs::path& folder,
                      const std::string& prefix,
                      std::string_view glob,
                      std::vector<ObjectInfo>& found) {
        std::error_code failure;
        for (fs::directory_iterator entry{folder, failure}, end; !failure && entry != end;
             entry.increment(failure)) {
            const std::string key = prefix + entry->path().filename().string();
            if (!glob.empty() && key.ends_with(kPartialSuffix)) {
                continue;
            }
            struct stat state {};
            if (options_.refuse_links && entry->is_symlink(failure)) {
                return link_error(entry->path());
            }
            if (::stat(entry->path().c_str(), &state) != 0) {
                continue;  // it vanished since the folder was read
            }
            const bool matches = glob.empty() || glob_match(glob, key);
            const bool folder_entry = S_ISDIR(state.st_mode);
            if (matches && (!folder_entry || !glob.empty())) {
                found.push_back(info_of(ObjectKey{key}, state));
            } else if (folder_entry && (glob.empty() || glob.find('/') != glob.npos)) {
                MUSTER_TRY(walk(entry->path(), key + "/", glob, found));
            }
        }
        if (failure) {
            return system_error("list", folder, failure.value());
        }
        return {};
    }

    fs::path root_;
    StoreOptions options_;
};

}  // namespace

std::unique_ptr<ObjectStore> make_local_store(const fs::path& root, const StoreOptions& options) {
    return std::make_unique<LocalStore>(root, options);
}

}  // namespace muster
