// Makes the writes into the database file whole even if the process is killed in the middle of one.
// DuckDB rewrites blocks of metadata in place at a checkpoint. A SIGKILL cuts a write(2) short, and
// a block that is half old and half new does not match its checksum: the file no longer opens. So
// what is to be written in place is first put into a journal beside the file, "FILE.inflight", and
// the next process that opens the file finishes what was begun. Nothing is synchronised for it: the
// page cache outlives the process; what a power failure may tear is the database's own matter.
//
// The program is linked with --wrap=pwrite: every pwrite of the process, DuckDB's included, passes
// here, and those into a guarded file are journaled. Thread-safe.
#pragma once

#include "core/result.h"

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <sys/types.h>
#include <vector>

namespace muster {

class WholeWrites {
  public:
    // Finishes the writes that a killed process had begun, and guards the file if it is there. To
    // be called before the database opens it. kBusy if another process guards it, kIo if the
    // journal cannot be written.
    static Result<std::unique_ptr<WholeWrites>> open(const std::filesystem::path& file);
    // Guards a file that was not there yet. Never opens it: closing a descriptor of it would give
    // up the lock that DuckDB holds on it.
    Result<void> guard();
    ~WholeWrites();
    WholeWrites(const WholeWrites&) = delete;
    WholeWrites& operator=(const WholeWrites&) = delete;

    // As pwrite(2), by the registered guard of the descriptor's file.
    ssize_t write(int descriptor, const void* bytes, std::size_t count, off_t offset);
    bool guards(dev_t device, ino_t inode) const;

  private:
    class Slot;

    WholeWrites(std::filesystem::path file, int journal);
    Result<void> finish();
    Result<void> finish_slot(std::size_t slot, int target, std::uint64_t size, bool& finished);
    std::size_t take_slot();
    void give_back(std::size_t slot);

    std::filesystem::path file_;
    int journal_;
    bool registered_ = false;
    dev_t device_ = 0;
    ino_t inode_ = 0;
    std::mutex mutex_;
    std::condition_variable freed_;
    std::vector<std::size_t> free_;
};

}  // namespace muster
