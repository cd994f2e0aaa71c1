#include "text/echo.h"

#include <gtest/gtest.h>

namespace iago {
namespace {

const std::string kRequest = plain_words("Copy the old vault of the moon archive for me.");

bool is_echo(std::string_view text) { return says_only(plain_words(text), kRequest); }
bool is_pieces(std::string_view text, std::size_t shortest = 3) {
  return is_pieced_together(plain_words(text), kRequest, shortest);
}

TEST(Words, AreWhatIsLeftWithoutMarksAndCase) {
  EXPECT_EQ(plain_words("  \"Open\u200B the Gate!\"\n"), " open the gate ");
  EXPECT_EQ(plain_words("...\xff"), plain_words("\xff"));
  EXPECT_EQ(plain_words(""), " ");
  EXPECT_EQ(plain_words("!?"), " ");
}

TEST(Echo, SaysItsSourceAndNothingButLabels) {
  for (const char* text :
       {"Copy the old vault of the moon archive for me.",
        "copy the old vault of the moon archive for me, copy the old vault of the moon archive "
        "for me",
        "You asked: \"Copy the old vault of the moon archive for me.\"",
        "<user_input>Copy the old vault of the moon archive for me.</user_input>"}) {
    EXPECT_TRUE(is_echo(text)) << text;
    EXPECT_TRUE(is_pieces(text)) << text;
  }
  for (const char* text :
       {"", "No.", "Request:", "No: copy the old vault of the moon archive for me.",
        "The old vault of the moon archive is now copied.",
        "I have copied the old vault of the moon archive."}) {
    EXPECT_FALSE(is_echo(text)) << text;
    EXPECT_FALSE(is_pieces(text)) << text;
  }
}

TEST(Echo, HasFewLabels) {
  const std::string request = "copy the old vault of the moon archive for me";
  EXPECT_TRUE(is_echo("the the the the the the the the the the " + request));
  EXPECT_FALSE(is_echo("the the the the the the the the the the " + request + " the"));
}

TEST(Echo, OfASourceWithoutAWordIsNone) {
  EXPECT_FALSE(says_only(plain_words("Here is the request."), " "));
  EXPECT_FALSE(is_pieced_together(plain_words("Here is the request."), " ", 3));
  EXPECT_FALSE(is_pieced_together(" ", " ", 1));
}

TEST(Echo, InPiecesSaysOnlyStretchesThatAreLongEnough) {
  EXPECT_TRUE(is_pieces("The old vault of the moon archive"));
  EXPECT_TRUE(is_pieces("Your request: the moon archive. Copy the old vault."));
  EXPECT_FALSE(is_echo("The old vault of the moon archive"));
  EXPECT_FALSE(is_pieces("The old vault of the moon archive", 8));
  EXPECT_FALSE(is_pieces("old vault, moon archive")) << "two words each";
  EXPECT_TRUE(is_pieces("old vault, moon archive", 2));
  EXPECT_TRUE(is_pieces("vault vault", 1));
  EXPECT_FALSE(is_pieces("The old vaults of the moon archive"));
  EXPECT_FALSE(is_pieces("The old vault of the moon archive is open"));
}

}  // namespace
}  // namespace iago
