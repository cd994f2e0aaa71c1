// Texts that people have labelled, and labels of a run's answers, as CSV: whatever the bytes, texts
// or an iago::Error. What is read may be judged, by the judges of rules: every quote of a verdict
// stands where it says.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "instrument/labelled.h"
#include "instrument/run_labels.h"
#include "judge/rule_judges.h"

// The first byte chooses the judge.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const auto judges = iago::make_rule_judges(iago::rule_judge_names());
  iago::Judge& judge = *judges[data[0] % judges.size()];
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    for (const auto& answer : iago::parse_run_labels(text, "fuzz.csv").answers) {
      IAGO_CHECK(answer.line > 1, answer.trial);
    }
  } catch (const iago::Error& error) {
    IAGO_CHECK(!std::string_view(error.what()).empty(), "an error without a message");
  }
  try {
    for (const auto& [view, is_positive] : iago::parse_labelled(text, "fuzz.csv", judge.info())) {
      const iago::Verdict verdict = judge.judge(view);
      IAGO_CHECK(verdict.outcome == iago::VerdictOutcome::judged, verdict.why);
      for (const auto& evidence : verdict.evidence) {
        IAGO_CHECK(iago::quote_holds(evidence, view), evidence.quote);
      }
    }
  } catch (const iago::Error& error) {
    IAGO_CHECK(!std::string_view(error.what()).empty(), "an error without a message");
  }
  return 0;
}
