#include "run/known_errors.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "text/printable.h"
#include "world/prompt_grammar.h"

namespace iago {
namespace {

constexpr std::size_t kShown = 80;  // bytes of a sentence

bool is_organism(const std::string& subject) { return subject.starts_with("organism:"); }

class ForeignSentences {
 public:
  // False when there are enough.
  bool add(const std::vector<Message>& messages) {
    for (std::string& sentence : read_prompt(messages).not_understood) {
      if (found_.size() == kMostForeign) return false;
      if (seen_.insert(sentence).second) found_.push_back(std::move(sentence));
    }
    return true;
  }
  std::vector<std::string> take() { return std::move(found_); }

 private:
  std::set<std::string> seen_;
  std::vector<std::string> found_;
};

}  // namespace

std::vector<std::string> foreign_sentences(const Plan& plan) {
  if (!is_organism(plan.subject.name)) return {};
  ForeignSentences foreign;
  for (const PlannedPrompt& planned : plan.prompts) {
    if (!foreign.add(planned.prompt.messages)) break;
  }
  return foreign.take();
}

std::vector<std::string> foreign_sentences(const Store& store) {
  if (!is_organism(store.run().subject)) return {};
  ForeignSentences foreign;
  store.for_each_prompt([&](const PromptRow& prompt) { return foreign.add(prompt.messages); });
  return foreign.take();
}

std::string foreign_warning(const std::vector<std::string>& foreign) {
  if (foreign.empty()) return {};
  const std::string others = foreign.size() == 1
                                 ? ""
                                 : fmt::format(" and {}{} more", foreign.size() - 1,
                                               foreign.size() == kMostForeign ? " or" : "");
  return fmt::format(
      "warning: an organism reads the world's grammar alone (docs/world.md), and its prompts here "
      "have sentences outside of it: \"{}\"{}. What it makes of them is not known: neither its "
      "rates nor the judges' error hold in this run",
      printable(foreign.front(), kShown), others);
}

std::vector<MeasuredJudge> errors_of_run(const JudgedSubject& subject,
                                         const std::vector<std::string>& foreign,
                                         std::vector<MeasuredJudge> all) {
  std::vector<MeasuredJudge> errors = errors_that_apply(subject, std::move(all));
  if (foreign.empty()) return errors;
  for (MeasuredJudge& measured : errors) {
    if (measured.error.source != ErrorSource::organism) continue;
    measured.error = {
        .counts = {}, .measured_on = measured.error.measured_on, .source = ErrorSource::organism};
  }
  return errors;
}

}  // namespace iago
