#include "accounts/accounts.h"
#include "support/temp_folder.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sys/stat.h>

namespace muster {
namespace {

class SecretTest : public testing::Test {
  protected:
    void write(const std::string& text, mode_t mode) {
        const std::string path = (folder_.path() / "jwt-secret").string();
        std::ofstream(path) << text;
        ASSERT_EQ(::chmod(path.c_str(), mode), 0);
    }
    Result<std::string> load(const std::optional<std::string>& given = std::nullopt) {
        return load_secret(folder_.path().string(), given);
    }
    TempFolder folder_;
};

TEST_F(SecretTest, RefusedTable) {
    struct Case {
        std::string text;
        mode_t mode;
        bool good;
    };
    const std::vector<Case> cases = {
        {std::string(32, 's'), 0600, true},
        {std::string(32, 's') + "\n", 0400, true},
        {std::string(31, 's') + "\n", 0600, false},
        {"", 0600, false},
        {std::string(32, 's'), 0640, false},
        {std::string(32, 's'), 0604, false},
        {std::string(32, 's'), 0620, false},
    };
    for (const Case& c : cases) {
        std::filesystem::remove(folder_.path() / "jwt-secret");
        write(c.text, c.mode);
        const auto loaded = load();
        EXPECT_EQ(loaded.ok(), c.good) << c.text << " " << c.mode;
        if (!c.good) {
            EXPECT_EQ(loaded.error().code, ErrorCode::kUsage);
        }
    }
}

TEST_F(SecretTest, ALinkIsNotFollowed) {
    std::ofstream(folder_.path() / "other") << std::string(40, 's');
    std::filesystem::create_symlink("other", folder_.path() / "jwt-secret");
    EXPECT_FALSE(load().ok());
}

TEST_F(SecretTest, MadeOnceAndForTheOwnerAlone) {
    const auto first = load();
    ASSERT_TRUE(first.ok()) << first.error().message;
    EXPECT_GE(first->size(), 32U);
    struct stat info {};
    ASSERT_EQ(::stat((folder_.path() / "jwt-secret").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U);
    EXPECT_EQ(*load(), *first);
    const auto files = std::filesystem::directory_iterator(folder_.path());
    EXPECT_EQ(std::distance(begin(files), end(files)), 1) << "nothing else is left behind";
}

TEST_F(SecretTest, TheEnvironmentComesFirst) {
    EXPECT_EQ(*load(std::string(32, 'e')), std::string(32, 'e'));
    EXPECT_EQ(load(std::string(31, 'e')).error().code, ErrorCode::kUsage);
    EXPECT_FALSE(std::filesystem::exists(folder_.path() / "jwt-secret"));
}

}  // namespace
}  // namespace muster
