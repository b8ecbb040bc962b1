// A folder for what a process spills, where the database is elsewhere and several processes may
// share a data directory.
#pragma once

#include "core/result.h"

#include <filesystem>

namespace muster {

class ScratchFolder {
  public:
    // Makes <data_dir>/tmp/<host>-<process>, and removes those that processes of this machine left
    // behind when they died. kIo if it cannot be made.
    static Result<ScratchFolder> make(const std::filesystem::path& data_dir);
    ~ScratchFolder();
    ScratchFolder(ScratchFolder&& other) noexcept;
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;

    const std::filesystem::path& path() const { return path_; }

  private:
    explicit ScratchFolder(std::filesystem::path path) : path_(std::move(path)) {}
    std::filesystem::path path_;
};

}  // namespace muster
