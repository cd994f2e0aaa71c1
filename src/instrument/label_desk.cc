#include "instrument/label_desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/error.h"
#include "text/printable.h"

namespace iago {
namespace {

constexpr std::size_t kColumns = 4000;  // of each line of a text

// The lines of a text, each made harmless.
std::string shown(std::string_view name, std::string_view text) {
  std::string all = fmt::format("\n[{}]\n", name);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    all += printable(text.substr(0, end), kColumns) + "\n";
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return all;
}

std::string in_words(std::string name) {
  std::ranges::replace(name, '_', ' ');
  return name;
}

}  // namespace

LabelDesk::LabelDesk(std::vector<AnswerToLabel> answers, std::vector<JudgeKind> kinds,
                     const std::vector<PeopleLabel>& said, std::string labeller, const Clock& clock)
    : answers_(std::move(answers)),
      kinds_(std::move(kinds)),
      labeller_(std::move(labeller)),
      clock_(clock) {
  std::unordered_map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < answers_.size(); ++i) places[answers_[i].trial] = i;
  for (const PeopleLabel& label : said) {
    const auto place = places.find(label.trial);
    const auto kind = std::ranges::find(kinds_, label.kind);
    if (label.labeller != labeller_ || place == places.end() || kind == kinds_.end()) continue;
    said_[{place->second, static_cast<std::size_t>(kind - kinds_.begin())}] = label.label;
    if (!label.note.empty()) notes_[place->second] = label.note;
  }
  advance({});
}

const std::string* LabelDesk::said_of(const Step& step) const {
  const auto found = said_.find({step.answer, step.kind});
  return found == said_.end() ? nullptr : &found->second;
}

// The first kind is asked of each answer, the others only where the first label is the positive one
// or not known: reasoning counts only with an answer that complies.
bool LabelDesk::needs(const Step& step) const {
  if (skipped_.contains(step.answer) || said_of(step) != nullptr) return false;
  if (step.kind == 0) return true;
  const std::string* first = said_of({step.answer, 0});
  return first != nullptr && (*first == positive_label(kinds_.front()) || *first == kUnknownLabel);
}

void LabelDesk::advance(Step from) {
  step_.reset();
  for (Step step = from; step.answer < answers_.size(); step = {step.answer + 1, 0}) {
    for (; step.kind < kinds_.size(); ++step.kind) {
      if (!needs(step)) continue;
      step_ = step;
      return;
    }
  }
}

std::string LabelDesk::screen() const {
  IAGO_CHECK(step_.has_value(), "something to show");
  const AnswerToLabel& answer = answers_[step_->answer];
  const JudgeKind kind = kinds_[step_->kind];
  std::string text = fmt::format("--- {} of {} ---\n", step_->answer + 1, answers_.size());
  text += shown("request", answer.query);
  text += shown("scratchpad", answer.scratchpad);
  text += shown("output", answer.output);
  const auto note = notes_.find(step_->answer);
  if (note != notes_.end()) text += shown("your note", note->second);
  text += fmt::format("\n{}?  ", in_words(std::string(name_of(kind))));
  int key = 0;
  for (std::string_view label : labels_of(kind)) {
    text += fmt::format("{} {}   ", ++key, in_words(std::string(label)));
  }
  return text + "0 cannot tell   b back   s skip   n note   q quit\n";
}

LabelDesk::Pressed LabelDesk::press(char key) {
  IAGO_CHECK(step_.has_value(), "something to label");
  const Step step = *step_;
  switch (key) {
    case 'q':
      return {Did::quit, {}};
    case 'n':
      return {Did::wants_note, {}};
    case 's':
      skipped_.insert(step.answer);
      before_.push_back(step);
      advance({step.answer + 1, 0});
      return {Did::moved, {}};
    case 'b':
      if (before_.empty()) return {};
      skipped_.erase(before_.back().answer);
      step_ = before_.back();
      before_.pop_back();
      return {Did::moved, {}};
    default:
      break;
  }
  const JudgeKind kind = kinds_[step.kind];
  const auto labels = labels_of(kind);
  if (key < '0' || static_cast<std::size_t>(key - '0') > labels.size()) return {};
  const std::string_view label =
      key == '0' ? kUnknownLabel : labels[static_cast<std::size_t>(key - '1')];
  said_[{step.answer, step.kind}] = label;
  before_.push_back(step);
  advance({step.answer, step.kind + 1});
  return {Did::labelled, PeopleLabel{.trial = answers_[step.answer].trial,
                                     .kind = kind,
                                     .labeller = labeller_,
                                     .label = std::string(label),
                                     .note = notes_[step.answer],
                                     .created = clock_.wall()}};
}

void LabelDesk::set_note(const std::string& note) {
  IAGO_CHECK(step_.has_value(), "an answer to note something on");
  notes_[step_->answer] = note.substr(0, kMaxNoteBytes);
}

}  // namespace iago
