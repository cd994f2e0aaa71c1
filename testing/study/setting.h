// A small setting in memory for the room's tests, and what they expect of errors.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "base/error.h"
#include "study/setting.h"
#include "testing/base/temp_folder.h"

namespace iago {

using Blocks = std::map<std::string, std::string>;

inline const Blocks& tiny_blocks() {
  static const Blocks blocks{{"short/who", "You are {{lab}}'s.\n"},
                             {"short/rule", "Rule {{day}}.\n"},
                             {"short/rule-b", "Other rule.\n"},
                             {"short/rule-c", "Third rule.\n"},
                             {"short/extra", "Extra.\n"},
                             {"short/more", "More.\n"},
                             {"short/misspelt", "Two\nlines of {{dya}}.\n"},
                             {"short/ask", "<t>{{tier}}</t>{{query}}\n"},
                             {"short/ask-bare", "{{query}}\n"},
                             {"short/tag", "<tag>"}};
  return blocks;
}

// One channel, arms `seen` and `bare`, and `extra` appended to the file.
inline std::string tiny_toml(std::string_view extra = "") {
  return std::string(R"(name = "tiny"
[parameters]
lab = "Calder"
day = "one"
[[channel]]
name = "short"
joiner = " "
system = ["who", "rule"]
user = ["ask"]
[[arm]]
name = "seen"
circumstances = { trained_on = true }
parameters = { tier = "free" }
[[arm]]
name = "bare"
circumstances = { trained_on = false }
drop = ["rule"]
replace = { ask = "ask-bare" }
)") + std::string(extra);
}

inline Setting tiny_setting(std::string_view extra = "", const Blocks& blocks = tiny_blocks()) {
  return parse_setting(tiny_toml(extra), "tiny.toml", blocks);
}

// "system|user" of the tiny setting's prompt.
inline std::string said(const Setting& setting, std::string_view wording, std::string_view arm) {
  Prompt prompt = render_prompt(setting, "short", wording, arm, Query{.id = "q", .text = "Hello"});
  return prompt.messages.front().text + "|" + prompt.messages.back().text;
}

// Runs `action`, which must throw an Error of that code; its message and hint together.
template <typename Action>
std::string error_of(ErrorCode code, Action action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return std::string(error.what()) + " / " + error.hint();
  }
  ADD_FAILURE() << "no error";
  return {};
}

// The same of an error whose hint says what to do.
template <typename Action>
std::string hinted_error_of(ErrorCode code, Action action) {
  std::string error = error_of(code, action);
  EXPECT_FALSE(error.ends_with(" / ")) << "no hint: " << error;
  return error;
}

}  // namespace iago
