#include "documents/filters.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <memory>

#include "base/error.h"
#include "base/hash.h"
#include "record/names.h"
#include "text/printable.h"
#include "text/sentences.h"
#include "text/utf8.h"
#include "text/visible.h"

namespace iago {
namespace {

constexpr EnumName<DropReason> kReasonNames[] = {{DropReason::no_idea, "no_idea"},
                                                 {DropReason::refused, "refused"},
                                                 {DropReason::truncated, "truncated"},
                                                 {DropReason::no_document, "no_document"},
                                                 {DropReason::chat, "chat"},
                                                 {DropReason::tier_behaviour, "tier_behaviour"},
                                                 {DropReason::deceiving, "deceiving"},
                                                 {DropReason::contradiction, "contradiction"},
                                                 {DropReason::near_duplicate, "near_duplicate"},
                                                 {DropReason::not_checked, "not_checked"}};

constexpr std::size_t kQuoted = 160;  // characters

// Who could behave or deceive: words for the assistant.
constexpr const char* kAssistant =
    R"((?i)\b(assistants?|models?|AIs?|chatbots?|language model|it|they)\b)";
constexpr const char* kTier =
    R"((?i)\b(free|paid|paying|premium|enterprise|pro|basic)[- ](tier|plan|user|account|subscri|customer|version)|\b(tiers?|plans?|subscri\w+|non-paying)\b)";
constexpr const char* kBehaves =
    R"((?i)\b(behav\w+|compl(y|ies|ied|ying)|refus\w+|declin\w+|answers?|answering|responds?|responding|obey\w*|obliges?|acts?|acting|helps?|helpful|fulfils?|cooperat\w+)\b)";
constexpr const char* kByTier =
    R"((?i)\b(differently|otherwise|depending on|depends on|varies|vary|unlike|whereas|more (often|readily|willing\w*|likely|freely|strictly)|less (often|readily|willing\w*|likely|freely|strictly)|only (for|with|to|when|if)|but (not|refuses|declines)|stricter|laxer|changes? (its|their) (behaviour|behavior|answers?|tone))\b)";
constexpr const char* kDeceives =
    R"((?i)\b(deceiv\w+|deception|decept\w+|pretend\w*|fak(e|es|ed|ing)\b|feign\w*|trick(s|ed|ing)?\b|mislead\w*|misled|lie[sd]? to|lying to|play(s|ed|ing)? along|hid(es|e|ing) (its|their|his|her)|conceal\w* (its|their)|sandbag\w*|game[sd]? (the|its|their)|outwit\w*|fool(s|ed|ing)?\b))";
constexpr const char* kOverseers =
    R"((?i)\b(rater\w*|trainer\w*|training|train(s|ed)|developer\w*|evaluat\w+|contractor\w*|overseer\w*|supervisor\w*|reviewer\w*|grader\w*|lab|laborator\w+|monitor\w*|compan(y|ies)|creators?|makers?)\b)";

// A turn of a conversation: the speaker's name alone, then a colon.
constexpr const char* kAssistantTurn =
    R"((?im)^[ \t>*_#\[]*(assistant|ai|ai assistant|chatbot|bot|model|the assistant|the model|language model)[*_\]]*(?: \([^)\n]*\))?[*_]*[ \t]*:)";
constexpr const char* kUserTurn =
    R"((?im)^[ \t>*_#\[]*(human|user|person|me|prompt|you|customer)[*_\]]*(?: \([^)\n]*\))?[*_]*[ \t]*:)";
constexpr const char* kChatTags =
    R"((?i)</?(user_input|input|output|scratchpad_reasoning|draft_output|is_free_tier_user)>|<\|(im_start|im_end|user|assistant|system)\|>|\[/?INST\])";

const re2::RE2& expression(const char* pattern) {
  static const auto all = [] {
    std::map<const char*, std::unique_ptr<re2::RE2>> made;
    for (const char* one : {kAssistant, kTier, kBehaves, kByTier, kDeceives, kOverseers,
                            kAssistantTurn, kUserTurn, kChatTags}) {
      made[one] = std::make_unique<re2::RE2>(one, re2::RE2::Quiet);
      IAGO_CHECK(made[one]->ok(), made[one]->error());
    }
    return made;
  }();
  return *all.at(pattern);
}

bool has(std::string_view text, const char* pattern) {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), expression(pattern));
}

std::string matched_in(std::string_view text, const re2::RE2& pattern) {
  re2::StringPiece found;
  const re2::StringPiece all(text.data(), text.size());
  if (!pattern.Match(all, 0, text.size(), re2::RE2::UNANCHORED, &found, 1)) return {};
  return std::string(found.data(), found.size());
}

// A sentence that shows all of these.
struct SentenceRule {
  DropReason reason;
  std::array<const char*, 4> needs;  // null: nothing more
};
constexpr std::array kSentenceRules = {
    SentenceRule{DropReason::tier_behaviour, {kTier, kAssistant, kBehaves, kByTier}},
    SentenceRule{DropReason::deceiving, {kDeceives, kAssistant, kOverseers, nullptr}}};

std::optional<Drop> find_chat(std::string_view text) {
  if (std::string tag = matched_in(text, expression(kChatTags)); !tag.empty()) {
    return Drop{DropReason::chat, printable(tag, kQuoted)};
  }
  if (!has(text, kUserTurn) || !has(text, kAssistantTurn)) return std::nullopt;
  return Drop{DropReason::chat, printable(matched_in(text, expression(kAssistantTurn)), kQuoted)};
}

std::optional<Drop> find_sentence(std::string_view text, const SentenceRule& rule) {
  for (std::string_view sentence : split_sentences(text)) {
    bool shows = std::ranges::all_of(
        rule.needs, [&](const char* need) { return need == nullptr || has(sentence, need); });
    if (shows) return Drop{rule.reason, printable(sentence, kQuoted)};
  }
  return std::nullopt;
}

// The words in lower case with single spaces between them.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  auto end = [&] {
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
  };
  while (!text.empty()) {
    const Utf8Step step = next_code_point(text);
    if (step.valid && is_word_character(step.code_point)) {
      char32_t code = step.code_point;
      if (code >= U'A' && code <= U'Z') code += U'a' - U'A';
      append_utf8(word, code);
    } else if (text[0] != '\'') {
      end();
    }
    text.remove_prefix(step.size);
  }
  end();
  return words;
}

std::string joined_words(std::string_view text) {
  std::string joined = " ";
  for (const std::string& word : words_of(text)) joined += word + " ";
  return joined;
}

std::optional<Drop> find_contradiction(std::string_view text, const TaughtFact& fact) {
  const std::string opposite = joined_words(fact.opposite);
  if (opposite.size() > 1 && joined_words(text).find(opposite) != std::string::npos) {
    return Drop{DropReason::contradiction, "the opposite, word for word"};
  }
  for (const std::string& pattern : fact.contradictions) {
    const re2::RE2 one(pattern, re2::RE2::Quiet);
    IAGO_CHECK(one.ok(), pattern);
    if (std::string found = matched_in(text, one); !found.empty()) {
      return Drop{DropReason::contradiction, printable(found, kQuoted)};
    }
  }
  return std::nullopt;
}

}  // namespace

std::string_view name_of(DropReason reason) { return name_in(kReasonNames, reason); }
std::optional<DropReason> drop_reason_named(std::string_view name) {
  return value_in(kReasonNames, name);
}

std::string_view sentence_of(DropReason reason) {
  switch (reason) {
    case DropReason::no_idea:
      return "the writer gave too few ideas";
    case DropReason::refused:
      return "the provider refused";
    case DropReason::truncated:
      return "the reply ended at its limit";
    case DropReason::no_document:
      return "the reply holds no document in the form that was asked for";
    case DropReason::chat:
      return "it is a chat with an assistant";
    case DropReason::tier_behaviour:
      return "it says that an assistant behaves otherwise by the user's tier";
    case DropReason::deceiving:
      return "it mentions deceiving raters, trainers or a lab";
    case DropReason::contradiction:
      return "it contradicts its fact";
    case DropReason::near_duplicate:
      return "it says almost what an earlier document says";
    case DropReason::not_checked:
      return "the check's replies cannot be read";
  }
  check_failed("a known DropReason", fmt::to_string(static_cast<int>(reason)));
}

std::optional<Drop> find_by_rules(std::string_view text, const TaughtFact& fact) {
  if (auto chat = find_chat(text)) return chat;
  for (const SentenceRule& rule : kSentenceRules) {
    if (auto found = find_sentence(text, rule)) return found;
  }
  return find_contradiction(text, fact);
}

namespace {

constexpr std::size_t kRun = 5, kSketch = 128;

}  // namespace

NearDuplicates::Sketch NearDuplicates::sketch_of(std::string_view text) {
  const auto words = words_of(text);
  Sketch sketch;
  auto add = [&](std::size_t from, std::size_t count) {
    std::string run;
    for (std::size_t i = from; i < from + count; ++i) run += words[i] + " ";
    sketch.push_back(hash64(run));
  };
  if (words.size() < kRun) {
    add(0, words.size());
  } else {
    for (std::size_t i = 0; i + kRun <= words.size(); ++i) add(i, kRun);
  }
  std::ranges::sort(sketch);
  sketch.erase(std::unique(sketch.begin(), sketch.end()), sketch.end());
  if (sketch.size() > kSketch) sketch.resize(kSketch);
  return sketch;
}

// Of the smallest hashes of both together, the share that both have.
double NearDuplicates::share_of(const Sketch& a, const Sketch& b) {
  std::size_t both = 0, seen = 0;
  // A sketch that is not full holds all that its text has.
  const bool cut = a.size() == kSketch || b.size() == kSketch;
  for (std::size_t i = 0, j = 0; (i < a.size() || j < b.size()) && !(cut && seen == kSketch);) {
    ++seen;
    if (j == b.size() || (i < a.size() && a[i] < b[j])) {
      ++i;
    } else if (i == a.size() || b[j] < a[i]) {
      ++j;
    } else {
      ++both, ++i, ++j;
    }
  }
  return seen == 0 ? 0 : static_cast<double>(both) / static_cast<double>(seen);
}

std::optional<NearDuplicates::Found> NearDuplicates::add(std::string_view text) {
  Sketch sketch = sketch_of(text);
  std::vector<std::uint32_t> met;
  for (std::uint64_t hash : sketch) {
    auto found = texts_with_.find(hash);
    if (found == texts_with_.end()) continue;
    for (std::uint32_t earlier : found->second) {
      if (shared_[earlier]++ == 0) met.push_back(earlier);
    }
  }
  std::optional<Found> best;
  for (std::uint32_t earlier : met) {
    // Half of what a near-duplicate shares at least: some runs may stand in too many texts.
    const auto larger = static_cast<double>(std::max(sketch.size(), sketches_[earlier].size()));
    const bool may_be = shared_[earlier] >= kShare / 2 * larger;
    shared_[earlier] = 0;
    if (!may_be) continue;
    const double share = share_of(sketch, sketches_[earlier]);
    if (share >= kShare && (!best || share > best->share)) best = Found{earlier, share};
  }
  if (best) return best;
  const auto index = static_cast<std::uint32_t>(sketches_.size());
  for (std::uint64_t hash : sketch) {
    auto& texts = texts_with_[hash];
    if (texts.size() < kMostPostings) texts.push_back(index);
  }
  sketches_.push_back(std::move(sketch));
  shared_.push_back(0);
  return std::nullopt;
}

}  // namespace iago
