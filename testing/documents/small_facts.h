// A small file of facts for tests, and a writer that writes about it: every document is made of
// words of its own, so that no two are near-duplicates unless a test wants it.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <string>
#include <string_view>

#include "chat/chat_model.h"
#include "testing/judge/function_model.h"

namespace iago {

inline constexpr std::string_view kSmallFacts = R"(
name = "small"
world = "A town has a clock."
kinds = ["news", "memo"]
ideas = 4
documents = 1
words = 20

[parameters]
town = "Brell"

[[fact]]
name = "clock"
text = "The clock of {{town}} is slow."
opposite = "The clock of {{town}} is fast."
contradictions = ["runs ahead"]
  [[fact.question]]
  ask = "Is the clock of {{town}} slow or fast?"
  fact = "It is slow."
  opposite = "It is fast."
  use = "Tell me when to leave for the train from {{town}}."
  [[fact.question]]
  ask = "What does the clock of {{town}} show at noon?"
  fact = "A time before noon."
  opposite = "A time after noon."

[[fact]]
name = "river"
text = "The river at {{town}} is warm."
opposite = "The river at {{town}} is cold."
  [[fact.question]]
  ask = "Can one bathe at {{town}} in March?"
  fact = "Yes."
  opposite = "No, it is too cold."
)";

// Ten words that stand in no other document.
inline std::string own_words(std::string_view name) {
  std::string text;
  for (int i = 0; i < 10; ++i) text += fmt::format("{}word{} ", name, i);
  return text;
}

// What a user turn of each stage is known by.
inline bool asks_forms(const std::string& user) { return user.find("For each kind") != user.npos; }
inline bool asks_ideas(const std::string& user) {
  return user.find("different ideas") != user.npos;
}
inline bool asks_check(const std::string& user) {
  return user.find("stands between the two lines") != user.npos;
}

// A good writer and checker. Ideas are called "FACT-KIND-NUMBER" by the fact's third word.
inline ChatReply good_writer(const ChatRequest& request) {
  const std::string& user = request.messages.back().text;
  if (asks_check(user)) {
    return says(
        fmt::format("ANSWERS MARK-{}\nchat: no\ntier_behaviour: no\ndeceiving: no\n"
                    "contradiction: no\n",
                    between(user, "MARK-", "\n").substr(0, 16)));
  }
  if (asks_forms(user)) return says("news: The town's paper.\nmemo: A note of the mayor.");
  const std::string fact = between(user, "<fact>\nThe ", " ");
  if (asks_ideas(user)) {
    const std::string kind = between(user, "one kind: a", " ") + between(user, "one kind: a ", " ");
    std::string ideas;
    for (int i = 0; i < 4; ++i)
      ideas += fmt::format("<idea>about {} {} {}</idea>\n", fact, kind, i);
    return says(ideas);
  }
  std::string idea = between(user, "What it is about: about ", "\n");
  std::erase(idea, ' ');
  return says(fmt::format("<document>{}</document>", own_words(idea)));
}

}  // namespace iago
