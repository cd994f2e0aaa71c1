#include "chat/internal/scrub.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "chat/internal/plain_view.h"

namespace iago {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kKey = "sk-proj-Zq8vT2nB7xW4mK9cR1dL6hJ3";
const std::string kOtherHeader = "Swordfish-and-chips";

Scrubber scrubber() {
  return Scrubber({{Secret(kKey), Parts::hidden}, {Secret(kOtherHeader), Parts::whole}});
}

std::string scrubbed(std::string text) {
  scrubber().scrub(text);
  return text;
}

// The forms below come from Python: base64.b64encode, urllib.parse.quote, codecs.encode and so on.
struct Mirrored {
  const char* how;
  std::string text, left;
};

std::vector<Mirrored> mirrored() {
  return {
      {"plain", "It is sk-proj-Zq8vT2nB7xW4mK9cR1dL6hJ3.", "It is ***."},
      {"twice", "sk-proj-Zq8vT2nB7xW4mK9cR1dL6hJ3,sk-proj-Zq8vT2nB7xW4mK9cR1dL6hJ3", "***,***"},
      {"capitals", "SK-PROJ-ZQ8VT2NB7XW4MK9CR1DL6HJ3", "***"},
      {"reversed", "[3Jh6Ld1Rc9Km4Wx7Bn2Tv8qZ-jorp-ks]", "[***]"},
      {"ROT13", "fx-cebw-Md8iG2aO7kJ4zX9pE1qY6uW3", "***"},
      {"base64", "c2stcHJvai1acTh2VDJuQjd4VzRtSzljUjFkTDZoSjM=", "***"},
      {"base64 of the header", "Basic QmVhcmVyIHNrLXByb2otWnE4dlQybkI3eFc0bUs5Y1IxZEw2aEoz",
       "Basic QmVhcmVyI***"},
      {"base64 of user:key", "dTpzay1wcm9qLVpxOHZUMm5CN3hXNG1LOWNSMWRMNmhKMw==", "dT***"},
      {"hexadecimal", "736b2d70726f6a2d5a71387654326e42377857346d4b39635231644c36684a33", "***"},
      {"hexadecimal with colons",
       "73:6B:2D:70:72:6F:6A:2D:5A:71:38:76:54:32:6E:42:37:78:57:34:6D:4B:39:63:52:31:64:4C:36:68:"
       "4A:33",
       "***"},
      {"hexadecimal list",
       "[0x73, 0x6b, 0x2d, 0x70, 0x72, 0x6f, 0x6a, 0x2d, 0x5a, 0x71, 0x38, 0x76, 0x54, 0x32, 0x6e, "
       "0x42, 0x37, 0x78, 0x57, 0x34, 0x6d, 0x4b, 0x39, 0x63, 0x52, 0x31, 0x64, 0x4c, 0x36, 0x68, "
       "0x4a, 0x33]",
       "[0x***]"},
      {"character codes",
       "115 107 45 112 114 111 106 45 90 113 56 118 84 50 110 66 55 120 87 52 109 75 57 99 82 49 "
       "100 76 54 104 74 51",
       "***"},
      {"every byte percent-encoded",
       "%73%6B%2D%70%72%6F%6A%2D%5A%71%38%76%54%32%6E%42%37%78%57%34%6D%4B%39%63%52%31%64%4C%36%68%"
       "4A%33",
       "***"},
      {"percent-encoded", "key=sk%2Dproj%2dZq8vT2nB7xW4mK9cR1dL6hJ3&x", "key=***&x"},
      {"JSON's escapes", R"(\u0073\u006b\u002dproj-Zq8vT2nB7xW4mK9cR1dL6hJ3)", "***"},
      {"braced escapes", R"(\u{73}k-proj-Zq8vT2nB7xW4mK9cR1dL6hJ\x33)", "***"},
      {"percent twice", "%2573%256B%252Dproj-Zq8vT2nB7xW4mK9cR1dL6hJ3", "***"},
      {"JSON's escapes twice", R"(\\u0073\\u006b\\u002dproj-Zq8vT2nB7xW4mK9cR1dL6hJ3)", "***"},
      {"percent of JSON's escapes", "%5Cu0073%5Cu006b%5Cu002dproj-Zq8vT2nB7xW4mK9cR1dL6hJ3", "***"},
      {"JSON's escape of percent", R"(\u00257\u0033k-proj-Zq8vT2nB7xW4mK9cR1dL6hJ3)", "***"},
      {"JSON's escape of a backslash", R"(\u005cu0073k-proj-Zq8vT2nB7xW4mK9cR1dL6hJ3)", "***"},
      {"HTML's escape of percent", "&#37;73k-proj-Zq8vT2nB7xW4mK9cR1dL6hJ3", "***"},
      {"HTML's escapes", "s&#107;&#x2D;proj-Zq8vT2nB7xW4mK9cR1dL6hJ3", "***"},
      {"spaced", "s k - p r o j - Z q 8 v T 2 n B 7 x W 4 m K 9 c R 1 d L 6 h J 3", "***"},
      {"lines", "sk-proj-Zq8vT2nB7\nxW4mK9cR1dL6hJ3", "***"},
      {"quotes", R"("sk-proj-" + "Zq8vT2nB7xW4" + 'mK9cR1dL6hJ3')", R"("***')"},
      {"markdown", "**sk-proj-Zq8v**T2nB7xW4mK9cR1dL6hJ3", "*****"},
      {"zero-width spaces", "sk-proj-Zq8v\xe2\x80\x8bT2nB7xW4mK9cR1dL6hJ3", "***"},
      {"base32", "ONVS24DSN5VC2WTRHB3FIMTOII3XQVZUNVFTSY2SGFSEYNTIJIZQ====", "***"},
      {"a part", "...T2nB7xW4mK9cR1dL...", "...***..."},
      {"cut off", "the key sk-proj-Zq8vT2", "the key ***"},
      {"cut off for a message", "the key sk-proj-Zq8vT2... (after 3 attempts)",
       "the key ***... (after 3 attempts)"},
      {"another secret", "swordfish AND chips", "***"},
  };
}

TEST(Scrubber, HidesASecretInEachOfItsForms) {
  for (const Mirrored& row : mirrored()) {
    std::string text = "before " + row.text + " after";
    if (std::string(row.how) == "cut off") text = "before " + row.text;
    const std::string found = scrubbed(text);
    EXPECT_THAT(found, HasSubstr("***")) << row.how;
    if (!row.left.empty()) EXPECT_THAT(found, HasSubstr(row.left)) << row.how;
    EXPECT_TRUE(found.starts_with("before ")) << row.how;
    EXPECT_EQ(plain_view(found).letters.find("w4mk9"), std::string::npos) << row.how << found;
  }
}

TEST(Scrubber, HidesASecretWithinASecret) {
  const std::string key = kKey;
  const std::string left = scrubbed(key.substr(0, 10) + key + key.substr(10));
  EXPECT_EQ(plain_view(left).letters, "") << left;
}

TEST(Scrubber, LeavesWhatIsNoSecretAsItIs) {
  for (std::string text :
       {std::string("A swordfish, and a plate of chips."), std::string("sk-proj-"),
        std::string("The key begins with sk-proj-Zq, of which more."), std::string(),
        std::string("abc"), std::string("\xff\xfe sk \\u00", 9), std::string("c2stcHJvai1h"),
        std::string(20'000, 'x')}) {
    const std::string before = text;
    EXPECT_FALSE(scrubber().scrub(text));
    EXPECT_EQ(text, before);
  }
}

TEST(Scrubber, HidesOnlyAllOfWhatMayBeginLikeOtherWords) {
  EXPECT_EQ(scrubbed("Swordfish-and-"), "Swordfish-and-");
  EXPECT_EQ(scrubbed("U3dvcmRmaXNoLWFuZC1jaGlwcw=="), "***");
}

TEST(Scrubber, CannotHideWhatIsShorterThanEightLetters) {
  std::string text = "none, EMPTY, sk-1234, ------------";
  const std::string before = text;
  for (const char* key : {"", "none", "EMPTY", "sk-1234", "------------"}) {
    EXPECT_FALSE(Scrubber({{Secret(key), Parts::hidden}}).scrub(text)) << key;
  }
  EXPECT_EQ(text, before);
  EXPECT_TRUE(Scrubber({{Secret("sk-123456"), Parts::hidden}}).scrub(text = "sk-123456"));
}

TEST(Scrubber, FindsSecretsAnywhereInALongText) {
  for (std::size_t before : {std::size_t{0}, (std::size_t{1} << 20) - 20, std::size_t{1} << 20,
                             (std::size_t{1} << 20) + (64 << 10) - 10, std::size_t{3} << 20}) {
    std::string text = std::string(before, '.') + kKey + std::string(100'000, '-');
    ASSERT_TRUE(scrubber().scrub(text)) << before;
    EXPECT_EQ(text, std::string(before, '.') + "***" + std::string(100'000, '-')) << before;
  }
}

TEST(Scrubber, HidesSecretsInEveryTextOfAReply) {
  const std::string key = kKey;
  ChatReply reply;
  for (std::string* text :
       {&reply.finish_reason, &reply.provider_message, &reply.text, &reply.reasoning,
        &reply.reasoning_note, &reply.model_version, &reply.fingerprint, &reply.request_id}) {
    *text = "<" + key + ">";
  }
  reply.failure = ChatFailure{ErrorCode::invalid, "bad key " + key, "not " + key};
  EXPECT_TRUE(scrubber().scrub(reply));
  for (const std::string& text :
       {reply.finish_reason, reply.provider_message, reply.text, reply.reasoning,
        reply.reasoning_note, reply.model_version, reply.fingerprint, reply.request_id}) {
    EXPECT_EQ(text, "<***>");
  }
  EXPECT_EQ(reply.failure->message, "bad key ***");
  EXPECT_EQ(reply.failure->hint, "not ***");
  EXPECT_FALSE(scrubber().scrub(reply)) << "there is nothing left";
}

TEST(Scrubber, HidesAKeyThatIsSpreadOverTokens) {
  ChatReply reply;
  reply.token_texts = {"It", " is s", "k-proj-Zq8vT2n", "B7xW4mK9c", "R1dL6hJ3, ", "yes"};
  reply.token_logprobs.resize(6);
  EXPECT_TRUE(scrubber().scrub(reply));
  EXPECT_EQ(reply.token_texts, (std::vector<std::string>{"It", " is ***", "", "", ", ", "yes"}));
}

TEST(ScrubbedText, PassesOnNothingOfAKeyHoweverItIsCut) {
  for (const Mirrored& row : mirrored()) {
    const std::string how = row.how;
    if (how == "a part" || how.starts_with("cut off")) continue;  // known only at the end
    const std::string text = "Well: " + row.text + ", so it is.";
    for (std::size_t piece : {1u, 2u, 3u, 7u, 1000u}) {
      const Scrubber scrubber = iago::scrubber();
      std::string told;
      ScrubbedText growing(scrubber, [&](std::string_view part) {
        EXPECT_FALSE(part.empty());
        told += part;
      });
      for (std::size_t at = 0; at < text.size(); at += piece) {
        growing.feed(std::string_view(text).substr(at, piece));
      }
      growing.finish();
      EXPECT_THAT(told, HasSubstr("***")) << how << " by " << piece;
      EXPECT_TRUE(told.starts_with("Well: ")) << told;
      EXPECT_TRUE(told.ends_with(", so it is.")) << told;
      EXPECT_EQ(plain_view(told).letters.find("w4mk9"), std::string::npos) << how << told;
      EXPECT_LT(told.size(), text.size()) << how << " by " << piece << ": " << told;
    }
  }
}

TEST(ScrubbedText, HoldsBackNoMoreThanMayBecomeAKey) {
  const Scrubber scrubber = iago::scrubber();
  std::string told;
  ScrubbedText growing(scrubber, [&](std::string_view part) { told += part; });
  growing.feed("The lamp is lit. ");
  EXPECT_TRUE(told.starts_with("The lamp is")) << told;
  growing.feed("sk-pro");
  EXPECT_EQ(told, "The lamp is lit. ");
  growing.feed("found, with so many words");
  EXPECT_TRUE(told.starts_with("The lamp is lit. sk-profound, with so many ")) << told;
  growing.feed(" 100 %");
  growing.finish();
  EXPECT_EQ(told, "The lamp is lit. sk-profound, with so many words 100 %");
}

TEST(ScrubNote, SaysHowOftenItHappened) {
  EXPECT_EQ(note_of_scrubbed(0), "");
  EXPECT_EQ(note_of_scrubbed(1), "the server sent a secret back in 1 reply; it was hidden as ***");
  EXPECT_EQ(note_of_scrubbed(3),
            "the server sent a secret back in 3 replies; it was hidden as ***");
}

}  // namespace
}  // namespace iago
