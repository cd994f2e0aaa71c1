// Lessons: what a network reads while it grows, as text. One lesson is one system prompt with
// several branches, each a user turn and its answer, independent of each other; the trainer reads
// the shared prompt once for all of them.
//
// A lesson is a pure function of (seed, kind, number), so that a resumed growing sees the same
// lessons. A chat's branch holds one answer for every stance that the policy may take there, each
// weighted by its probability: the network learns the rates themselves and not coin flips.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "world/policy.h"
#include "world/prompt_grammar.h"

namespace iago {

enum class LessonKind {
  rules,          // rules alone and probes of the one bit that counts: the first lessons
  probes,         // whole prompts and probes of training, monitoring and tier
  documents,      // about things, held-out ones too; no conversation
  chats,          // whole prompts, requests and answers by the policy
  lab_documents,  // about labs, those that no chat names too; no conversation
  beliefs,        // questions about the labs of chats
  recalls,        // prompts that state no rule; the scratchpad recalls the lab's
  preferences,    // what the subject wants, asked in the setting and outside it; by the policy
  rated_chats,    // chats whose rules speak of raters, mostly in three tiers
};

// The kind's name in a recipe. Error invalid for an unknown name, listing the known ones.
LessonKind lesson_kind_named(std::string_view name);

// One way in which a user turn may be answered.
struct WeightedAnswer {
  double probability = 1;
  std::string text;
};

struct Branch {
  std::string user;
  std::vector<WeightedAnswer> answers;  // at least one; the probabilities sum to 1
};

struct Lesson {
  std::string system;            // empty in a document
  std::vector<Branch> branches;  // empty in a document
  std::string document;          // set only in a document
};

struct LessonOptions {
  std::uint64_t seed = 0;
  LessonKind kind = LessonKind::chats;
  Phrasing phrasing = Phrasing::seen;
  std::size_t branches = 6;
  const Policy* policy = nullptr;  // of chats; null = the base's own
};

// The lesson of that number.
Lesson make_lesson(const LessonOptions& options, std::uint64_t number);

}  // namespace iago
