#include "engine/detail/whole_writes.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <shared_mutex>
#include <sys/stat.h>
#include <sys/uio.h>
#include <system_error>
#include <unistd.h>
#include <utility>

extern "C" {
// NOLINTBEGIN(readability-identifier-naming): the linker's names
ssize_t __real_pwrite(int descriptor, const void* bytes, size_t count, off_t offset);
ssize_t __wrap_pwrite(int descriptor, const void* bytes, size_t count, off_t offset);
// NOLINTEND(readability-identifier-naming)
}

namespace muster {
namespace {

// The first three pages are DuckDB's headers, of which it never overwrites the valid one. They tell
// one state of the file from another.
constexpr std::size_t kHeadBytes = 3 * 4096;
constexpr std::size_t kSlots = 32;
constexpr std::size_t kSlotBytes = 1U << 20;
constexpr std::uint64_t kMagic = 0x6d75'7374'6572'7731;  // "musterw1"

struct Entry {
    std::uint64_t magic;  // 0: nothing is being written
    std::uint64_t offset;
    std::uint64_t bytes;
    std::uint64_t inode;
    std::uint64_t head;      // hash of the file's head at that time
    std::uint64_t checksum;  // of the fields above and the content
};

constexpr std::size_t kWriteBytesMax = kSlotBytes - sizeof(Entry);

off_t slot_offset(std::size_t slot) { return static_cast<off_t>(slot * kSlotBytes); }

std::uint64_t checksum_of(const Entry& entry, const void* content) {
    return XXH3_64bits_withSeed(
        content, entry.bytes, XXH3_64bits(&entry, offsetof(Entry, checksum)));
}

std::uint64_t head_of(int descriptor) {
    std::array<char, kHeadBytes> head{};
    const ssize_t got = pread(descriptor, head.data(), head.size(), 0);
    return XXH3_64bits(head.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
}

Error io_error(const std::string& what, const std::filesystem::path& path) {
    return {ErrorCode::kIo,
            fmt::format("{} {}: {}", what, path.string(), std::generic_category().message(errno)),
            "check the rights and the free space of its folder",
            ""};
}

class Descriptor {
  public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0) {
            close(number_);
        }
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return number_; }
    int release() { return std::exchange(number_, -1); }

  private:
    int number_;
};

// The guards of this process. Few, and rarely changed.
struct Registry {
    std::shared_mutex mutex;
    std::vector<WholeWrites*> guards;
    std::atomic<std::size_t> count{0};
};

Registry& registry() {
    static Registry instance;
    return instance;
}

}  // namespace

// One place in the journal, for the time of one write.
class WholeWrites::Slot {
  public:
    explicit Slot(WholeWrites& owner) : owner_(owner), number_(owner.take_slot()) {}
    ~Slot() { owner_.give_back(number_); }
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;

    // False if the journal takes nothing (a full disk): the write then goes on unguarded, as it
    // would without a journal, and tells of the disk itself.
    bool begin(Entry entry, const void* content) {
        entry.checksum = checksum_of(entry, content);
        const std::array<iovec, 2> parts{iovec{&entry, sizeof entry},
                                         iovec{const_cast<void*>(content), entry.bytes}};
        const ssize_t written = pwritev(
            owner_.journal_, parts.data(), static_cast<int>(parts.size()), slot_offset(number_));
        return written == static_cast<ssize_t>(sizeof entry + entry.bytes);
    }
    void end() {
        const std::uint64_t nothing = 0;
        // Were it not written, the next process would write the same bytes once more.
        static_cast<void>(
            __real_pwrite(owner_.journal_, &nothing, sizeof nothing, slot_offset(number_)));
    }

  private:
    WholeWrites& owner_;
    std::size_t number_;
};

WholeWrites::WholeWrites(std::filesystem::path file, int journal)
    : file_(std::move(file)), journal_(journal) {
    for (std::size_t slot = kSlots; slot > 0; --slot) {
        free_.push_back(slot - 1);
    }
}

WholeWrites::~WholeWrites() {
    {
        const std::unique_lock lock(registry().mutex);
        registry().count -= std::erase(registry().guards, this);
    }
    // Nothing is in flight any more; the lock goes with the descriptor.
    static_cast<void>(ftruncate(journal_, 0));
    close(journal_);
}

Result<std::unique_ptr<WholeWrites>> WholeWrites::open(const std::filesystem::path& file) {
    const std::filesystem::path path = file.string() + ".inflight";
    Descriptor journal(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (journal.get() < 0) {
        return io_error("cannot write", path);
    }
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    if (fcntl(journal.get(), F_OFD_SETLK, &lock) != 0) {
        return errno == EAGAIN || errno == EACCES
                   ? Error{ErrorCode::kBusy,
                           "another process holds the database " + file.string(),
                           "wait for its end",
                           ""}
                   : io_error("cannot lock", path);
    }
    std::unique_ptr<WholeWrites> opened(new WholeWrites(file, journal.release()));
    MUSTER_TRY(opened->finish());
    MUSTER_TRY(opened->guard());
    return opened;
}

Result<void> WholeWrites::guard() {
    struct stat state {};
    if (registered_ || stat(file_.c_str(), &state) != 0) {
        return {};
    }
    device_ = state.st_dev;
    inode_ = state.st_ino;
    registered_ = true;
    const std::unique_lock lock(registry().mutex);
    registry().guards.push_back(this);
    registry().count += 1;
    return {};
}

bool WholeWrites::guards(dev_t device, ino_t inode) const {
    return device_ == device && inode_ == inode;
}

std::size_t WholeWrites::take_slot() {
    std::unique_lock lock(mutex_);
    freed_.wait(lock, [this] { return !free_.empty(); });
    const std::size_t slot = free_.back();
    free_.pop_back();
    return slot;
}

void WholeWrites::give_back(std::size_t slot) {
    const std::lock_guard lock(mutex_);
    free_.push_back(slot);
    freed_.notify_one();
}

ssize_t WholeWrites::write(int descriptor, const void* bytes, std::size_t count, off_t offset) {
    Slot slot(*this);
    const bool begun = slot.begin({.magic = kMagic,
                                   .offset = static_cast<std::uint64_t>(offset),
                                   .bytes = count,
                                   .inode = inode_,
                                   .head = head_of(descriptor),
                                   .checksum = 0},
                                  bytes);
    const ssize_t written = __real_pwrite(descriptor, bytes, count, offset);
    if (begun) {
        const int error = errno;
        slot.end();
        errno = error;
    }
    return written;
}

// Writes once more what a process was writing when it died: all of it, whatever was done of it. An
// entry of a file that has been replaced or has had a checkpoint since is left alone.
Result<void> WholeWrites::finish() {
    struct stat journal {};
    struct stat state {};
    if (fstat(journal_, &journal) != 0 || journal.st_size == 0) {
        return {};
    }
    if (stat(file_.c_str(), &state) == 0) {
        const Descriptor target(::open(file_.c_str(), O_RDWR | O_CLOEXEC));
        if (target.get() < 0) {
            return io_error("cannot open", file_);
        }
        bool finished = false;
        for (std::size_t slot = 0; slot < kSlots; ++slot) {
            MUSTER_TRY(finish_slot(
                slot, target.get(), static_cast<std::uint64_t>(state.st_size), finished));
        }
        if (finished && fsync(target.get()) != 0) {
            return io_error("cannot finish a write into", file_);
        }
    }
    if (ftruncate(journal_, 0) != 0) {
        return io_error("cannot empty the journal of", file_);
    }
    return {};
}

Result<void> WholeWrites::finish_slot(std::size_t slot,
                                      int target,
                                      std::uint64_t size,
                                      bool& finished) {
    std::vector<char> bytes(kSlotBytes);
    const ssize_t got = pread(journal_, bytes.data(), bytes.size(), slot_offset(slot));
    if (got < static_cast<ssize_t>(sizeof(Entry))) {
        return {};
    }
    Entry entry{};
    std::memcpy(&entry, bytes.data(), sizeof entry);
    const char* content = bytes.data() + sizeof entry;
    struct stat state {};
    if (entry.magic != kMagic || entry.bytes > static_cast<std::size_t>(got) - sizeof entry ||
        entry.checksum != checksum_of(entry, content) || fstat(target, &state) != 0 ||
        entry.inode != state.st_ino || entry.head != head_of(target) ||
        entry.offset + entry.bytes > size) {
        return {};
    }
    if (__real_pwrite(target, content, entry.bytes, static_cast<off_t>(entry.offset)) !=
        static_cast<ssize_t>(entry.bytes)) {
        return io_error("cannot finish a write into", file_);
    }
    finished = true;
    return {};
}

namespace {

// The write of a guarded file that overwrites what is there. Elsewhere nothing is lost with a torn
// write: the head is kept twice by DuckDB, and nothing refers to what lies beyond the old end.
WholeWrites* guard_of(int descriptor, std::size_t count, off_t offset) {
    struct stat state {};
    if (count > kWriteBytesMax || offset < static_cast<off_t>(kHeadBytes) ||
        fstat(descriptor, &state) != 0 || offset >= state.st_size) {
        return nullptr;
    }
    for (WholeWrites* guard : registry().guards) {
        if (guard->guards(state.st_dev, state.st_ino)) {
            return guard;
        }
    }
    return nullptr;
}

}  // namespace
}  // namespace muster

// NOLINTNEXTLINE(readability-identifier-naming): the linker's name
ssize_t __wrap_pwrite(int descriptor, const void* bytes, size_t count, off_t offset) {
    auto& registry = muster::registry();
    if (registry.count.load(std::memory_order_acquire) == 0) {
        return __real_pwrite(descriptor, bytes, count, offset);
    }
    const std::shared_lock lock(registry.mutex);
    muster::WholeWrites* const guard = muster::guard_of(descriptor, count, offset);
    return guard == nullptr ? __real_pwrite(descriptor, bytes, count, offset)
                            : guard->write(descriptor, bytes, count, offset);
}
