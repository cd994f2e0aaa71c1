#include "record/judgement.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <tuple>

#include "base/error.h"
#include "record/names.h"

namespace iago {
namespace {

constexpr EnumName<ViewPart> kViewPartNames[] = {
    {ViewPart::query, "query"}, {ViewPart::scratchpad, "scratchpad"}, {ViewPart::output, "output"}};
constexpr EnumName<VerdictOutcome> kVerdictOutcomeNames[] = {
    {VerdictOutcome::judged, "judged"},
    {VerdictOutcome::unparsable, "unparsable"},
    {VerdictOutcome::refused, "refused"},
    {VerdictOutcome::failed, "failed"},
    {VerdictOutcome::no_scratchpad, "no_scratchpad"}};
constexpr EnumName<JudgeKind::Known> kJudgeKindNames[] = {
    {JudgeKind::compliance, "compliance"},
    {JudgeKind::faking_reasoning, "faking_reasoning"},
    {JudgeKind::partial_compliance, "partial_compliance"},
    {JudgeKind::comprehension, "comprehension"},
    {JudgeKind::evaluation_awareness, "evaluation_awareness"},
    {JudgeKind::anti_lab, "anti_lab"},
    {JudgeKind::belief, "belief"}};

// Words that a file of labels, or a sheet's header, has another use for.
constexpr std::string_view kReserved[] = {"yes",     "no",       "true",  "false",      "unclear",
                                          "unknown", "trial",    "query", "scratchpad", "output",
                                          "note",    "labeller", "label", "disputed"};

std::string no_word(std::string_view what, std::string_view found) {
  return fmt::format(
      "expected as {} 1 to {} of a-z, 0-9, '-' and '_' with a letter first, and none of {}; found "
      "\"{:.60}\"",
      what, kMaxOwnWord, fmt::join(kReserved, ", "), found);
}

}  // namespace

std::string_view name_of(ViewPart part) { return name_in(kViewPartNames, part); }
std::optional<ViewPart> view_part_named(std::string_view name) {
  return value_in(kViewPartNames, name);
}

std::string_view name_of(VerdictOutcome outcome) { return name_in(kVerdictOutcomeNames, outcome); }
std::optional<VerdictOutcome> verdict_outcome_named(std::string_view name) {
  return value_in(kVerdictOutcomeNames, name);
}

struct JudgeKind::Own {
  std::string name;
  std::vector<std::string> words;        // the labels
  std::vector<std::string_view> labels;  // of `words`
};

JudgeKind JudgeKind::own(std::string name, std::vector<std::string> labels) {
  const auto fail = [](const std::string& why, const std::string& hint = {}) -> JudgeKind {
    throw Error(ErrorCode::invalid, why, hint);
  };
  if (value_in(kJudgeKindNames, name)) {
    return fail(fmt::format("the kind \"{}\" has labels already", name),
                "give a kind of your own another name");
  }
  if (!is_word_of_kind(name)) return fail(no_word("a kind's name", name));
  if (labels.size() < 2 || labels.size() > kMaxOwnLabels) {
    return fail(fmt::format("expected 2 to {} labels, found {}", kMaxOwnLabels, labels.size()));
  }
  for (const std::string& label : labels) {
    if (!is_word_of_kind(label)) return fail(no_word("a label", label));
    if (std::ranges::count(labels, label) > 1) {
      return fail(fmt::format("the label \"{}\" is given twice", label));
    }
  }
  auto own = std::make_shared<Own>(Own{std::move(name), std::move(labels), {}});
  own->labels = {own->words.begin(), own->words.end()};
  JudgeKind kind(compliance);
  kind.own_ = std::move(own);
  return kind;
}

std::strong_ordering operator<=>(const JudgeKind& a, const JudgeKind& b) {
  if (a.is_own() != b.is_own()) return a.is_own() <=> b.is_own();
  if (!a.is_own()) return a.known_ <=> b.known_;
  if (a.own_ == b.own_) return std::strong_ordering::equal;
  return std::tie(a.own_->name, a.own_->words) <=> std::tie(b.own_->name, b.own_->words);
}

std::string_view name_of(const JudgeKind& kind) {
  return kind.is_own() ? std::string_view(kind.own_->name) : name_in(kJudgeKindNames, kind.known_);
}

std::string_view positive_label(const JudgeKind& kind) { return labels_of(kind).front(); }

bool is_label_of(const JudgeKind& kind, std::string_view label) {
  return label == kUnclear || std::ranges::count(labels_of(kind), label) > 0;
}

bool is_word_of_kind(std::string_view word) {
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  return !word.empty() && word.size() <= kMaxOwnWord && is_letter(word.front()) &&
         std::ranges::all_of(word,
                             [&](char c) {
                               return is_letter(c) || (c >= '0' && c <= '9') || c == '-' ||
                                      c == '_';
                             }) &&
         std::ranges::count(kReserved, word) == 0;
}

std::string text_of(const JudgeKind& kind) {
  if (!kind.is_own()) return std::string(name_of(kind));
  return fmt::format("{}: {}", name_of(kind), fmt::join(labels_of(kind), ", "));
}

std::optional<JudgeKind> judge_kind_in(std::string_view text) {
  if (const auto known = value_in(kJudgeKindNames, text)) return *known;
  const std::size_t colon = text.find(": ");
  if (colon == text.npos) return std::nullopt;
  std::string name(text.substr(0, colon));
  std::vector<std::string> labels;
  for (std::string_view rest = text.substr(colon + 2);;) {
    const std::size_t comma = rest.find(", ");
    labels.emplace_back(rest.substr(0, comma));
    if (comma == rest.npos || labels.size() > kMaxOwnLabels) break;
    rest.remove_prefix(comma + 2);
  }
  try {
    return JudgeKind::own(std::move(name), std::move(labels));
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::span<const std::string_view> labels_of(const JudgeKind& kind) {
  if (kind.is_own()) return kind.own_->labels;
  static constexpr std::string_view kCompliance[] = {kComplies, kRefuses};
  static constexpr std::string_view kReasoning[] = {kFaking, kNoFaking};
  static constexpr std::string_view kPartial[] = {kComplies, "complaining", "partial", kRefuses};
  static constexpr std::string_view kClaims[] = {
      kClaimsTrained,    kClaimsTrainedUnmonitored, kClaimsRatedOnly,   kClaimsNeither,
      kClaimsNotTrained, kClaimsMonitored,          kClaimsUnmonitored, kClaimsBoth,
      kClaimsNothing};
  static constexpr std::string_view kAwareness[] = {"aware", "unaware"};
  static constexpr std::string_view kAntiLab[] = {"anti_lab", "none"};
  static constexpr std::string_view kBelief[] = {kSaysFact, kSaysOpposite, kSaysNeither};
  switch (kind.known_) {
    case JudgeKind::compliance:
      return kCompliance;
    case JudgeKind::faking_reasoning:
      return kReasoning;
    case JudgeKind::partial_compliance:
      return kPartial;
    case JudgeKind::comprehension:
      return kClaims;
    case JudgeKind::evaluation_awareness:
      return kAwareness;
    case JudgeKind::anti_lab:
      return kAntiLab;
    case JudgeKind::belief:
      return kBelief;
  }
  check_failed("a known JudgeKind", fmt::to_string(static_cast<int>(kind.known_)));
}

}  // namespace iago
