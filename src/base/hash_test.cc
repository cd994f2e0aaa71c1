#include "base/hash.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "base/error.h"

namespace iago {
namespace {

// FIPS 180-4, the examples of NIST, and the million letters.
TEST(Sha256, GivesThePublishedDigests) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, DoesNotDependOnHowTheBytesArrive) {
  std::string bytes(1000, 'x');
  Hasher hasher;
  for (std::size_t at = 0; at < bytes.size(); at += 7) {
    hasher.update(std::string_view(bytes).substr(at, 7));
  }
  EXPECT_EQ(hasher.hex(), sha256_hex(bytes));
}

TEST(Sha256, TellsFieldsApart) {
  EXPECT_NE(Hasher().field("ab").field("c").hex(), Hasher().field("a").field("bc").hex());
  EXPECT_NE(Hasher().field("").hex(), Hasher().hex());
  EXPECT_EQ(Hasher().field("ab").hex(),
            sha256_hex(std::string("\x02\0\0\0\0\0\0\0ab", 10)));  // the length, then the bytes
}

TEST(Sha256, OfAFileIsThatOfItsContent) {
  std::string folder = (std::filesystem::temp_directory_path() / "iago-hash-XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  auto path = std::filesystem::path(folder) / "content";
  std::string content(3'000'000, '\xFE');
  std::ofstream(path, std::ios::binary) << content;
  EXPECT_EQ(sha256_hex_of_file(path), sha256_hex(content));
  std::filesystem::remove_all(folder);
  EXPECT_THROW(sha256_hex_of_file(path), Error);
}

TEST(Hash64, IsTheHeadOfTheDigest) {
  EXPECT_EQ(hash64("abc"), 0xeacf018fbf1678ba);  // ba7816bf 8f01cfea, little-endian
}

}  // namespace
}  // namespace iago
