// SHA-256 against the examples of FIPS 180-4 and NIST's vectors.
#include "storage/digest.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace muster {
namespace {

TEST(DigestTest, GivesThePublishedDigests) {
    EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha256_hex("abc"),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(DigestTest, OfAnObjectIsThatOfItsContent) {
    char pattern[] = "/tmp/muster-digest-XXXXXX";
    const std::filesystem::path root = ::mkdtemp(pattern);
    const auto store = std::move(open_store(root.string())).value();
    // NIST's one million times 'a', and more than one piece of reading.
    ASSERT_TRUE(write_object(*store, ObjectKey{"a"}, std::string(1'000'000, 'a')).ok());
    const std::string large(3'000'001, 'x');
    ASSERT_TRUE(write_object(*store, ObjectKey{"x"}, large).ok());
    EXPECT_EQ(sha256_hex(*store->open(ObjectKey{"a"}).value()).value(),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    EXPECT_EQ(sha256_hex(*store->open(ObjectKey{"x"}).value()).value(), sha256_hex(large));
    std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace muster
