#include "cli/sample_files.h"
#include "cli/verb_context.h"
#include "cli/verbs/verbs.h"

#include <fmt/core.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>

namespace muster {
namespace {

namespace fs = std::filesystem;

using Files = std::vector<std::pair<std::string, std::string_view>>;

Error failed(std::string_view what, const fs::path& path) {
    return Error{ErrorCode::kIo,
                 fmt::format("cannot {} {}: {}", what, path.string(), std::strerror(errno))};
}

Result<void> write_new(const fs::path& path, std::string_view content) {
    const Descriptor file{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)};
    if (!file.valid()) {
        return failed("write", path);
    }
    while (!content.empty()) {
        const ssize_t written = ::write(file.get(), content.data(), content.size());
        if (written < 0) {
            return failed("write", path);
        }
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

Result<int> run_init(VerbContext& context) {
    const auto& words = context.arguments.words;
    const fs::path folder = context.path(words.empty() ? "." : words[0]);
    Files files{builtin_catalog_files().begin(), builtin_catalog_files().end()};
    if (context.arguments.flag("sample")) {
        for (const SampleFile& sample : sample_files()) {
            files.emplace_back("data/" + std::string{sample.name}, sample.content);
        }
    }
    for (const auto& [name, content] : files) {
        std::error_code ignored;
        if (fs::exists(folder / name, ignored)) {
            return Error{
                ErrorCode::kConflict,
                fmt::format("{} exists already, nothing was written", (folder / name).string()),
                "choose another folder: muster init DIR"};
        }
    }
    for (const auto& [name, content] : files) {
        std::error_code status;
        fs::create_directories((folder / name).parent_path(), status);
        if (status) {
            return Error{ErrorCode::kIo,
                         fmt::format("cannot make the folder {}: {}",
                                     (folder / name).parent_path().string(),
                                     status.message())};
        }
        MUSTER_TRY(write_new(folder / name, content));
        context.console.out_line(
            (folder / name).lexically_relative(context.invocation.working_dir).string());
    }
    const std::string change = words.empty() ? "" : fmt::format("cd {} && ", words[0]);
    context.console.note(fmt::format("next: {}muster run", change));
    return 0;
}

}  // namespace

VerbSpec init_verb() {
    return {
        .name = "init",
        .words = "[DIR]",
        .summary = "writes muster.toml and its reports to start from",
        .example = "muster init shop --sample && cd shop && muster run",
        .options = {{"sample", 0, "", "also sample CSVs in data/, with bad rows on purpose"}},
        .words_max = 1,
        .completes = Words::kFiles,
        .run = run_init,
    };
}

}  // namespace muster
