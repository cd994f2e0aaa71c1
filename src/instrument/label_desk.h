// Labelling at a terminal, one key a label, as a machine without one: it says what to show, and
// takes keys. Blind: it knows the answers' texts and nothing else. Not thread-safe.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "instrument/people_labels.h"

namespace iago {

class LabelDesk {
 public:
  // What the labeller has said before is not asked again. `clock` outlives the desk.
  LabelDesk(std::vector<AnswerToLabel> answers, std::vector<JudgeKind> kinds,
            const std::vector<PeopleLabel>& said, std::string labeller, const Clock& clock);

  // Is there nothing left to show: all is labelled or skipped?
  bool is_done() const { return !step_; }
  std::size_t skipped() const { return skipped_.size(); }

  // The answer, the question and the keys, for a terminal: hostile text is made harmless.
  std::string screen() const;

  // What a key did.
  enum class Did { labelled, moved, wants_note, quit, nothing };
  struct Pressed {
    Did did = Did::nothing;
    std::optional<PeopleLabel> label;  // to be stored: with `labelled`
  };
  // 1, 2, ...: a label; 0: cannot tell; b: back; s: skip; n: a note to the next label of this
  // answer; q: quit. Any other key does nothing. Not when done (broken: abort).
  Pressed press(char key);
  void set_note(const std::string& note);  // cut to kMaxNoteBytes

 private:
  struct Step {
    std::size_t answer = 0, kind = 0;
  };

  bool needs(const Step& step) const;
  void advance(Step from);
  const std::string* said_of(const Step& step) const;

  std::vector<AnswerToLabel> answers_;
  std::vector<JudgeKind> kinds_;
  std::string labeller_;
  const Clock& clock_;
  std::map<std::pair<std::size_t, std::size_t>, std::string> said_;  // by answer and kind
  std::map<std::size_t, std::string> notes_;
  std::set<std::size_t> skipped_;
  std::vector<Step> before_;  // where `back` leads
  std::optional<Step> step_;
};

}  // namespace iago
