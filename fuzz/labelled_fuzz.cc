// Texts that people have labelled, and labels of a run's answers, as CSV and JSON lines: whatever
// the bytes, texts or an iago::Error. What is read may be judged, by the judges of rules: every
// quote of a verdict stands where it says.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "instrument/labelled.h"
#include "instrument/people_labels.h"
#include "judge/rule_judges.h"

namespace {

void read_labels(std::string_view text, const std::string& where) {
  static const iago::SystemClock clock;
  static const iago::LabelSample sample{.contrast_judge = "c",
                                        .faking_judge = "f",
                                        .drawn = {{std::string(64, 'a'), "complies", 1},
                                                  {std::string(64, 'b'), "refuses", 1},
                                                  {std::string(64, 'c'), "refuses", 0.5}}};
  static const std::vector<iago::JudgeKind> kinds = {
      iago::JudgeKind::compliance, iago::JudgeKind::faking_reasoning,
      iago::JudgeKind::own("client", {"names-client", "hints", "does-not"})};
  try {
    const auto labels = iago::parse_label_file(text, where, kinds, sample, "somebody", clock);
    for (const auto& label : labels) IAGO_CHECK(iago::is_people_label(label), label.label);
  } catch (const iago::Error& error) {
    IAGO_CHECK(!std::string_view(error.what()).empty(), "an error without a message");
  }
}

void read_texts(std::string_view text, std::string_view where, iago::Judge& judge) {
  try {
    for (const iago::LabelledText& one : iago::parse_labelled(text, where, judge.info())) {
      const iago::Verdict verdict = judge.judge(one.view);
      IAGO_CHECK(verdict.outcome == iago::VerdictOutcome::judged, verdict.why);
      for (const auto& evidence : verdict.evidence) {
        IAGO_CHECK(iago::quote_holds(evidence, one.view), evidence.quote);
      }
    }
  } catch (const iago::Error& error) {
    IAGO_CHECK(!std::string_view(error.what()).empty(), "an error without a message");
  }
}

}  // namespace

// The first byte chooses the judge.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const auto judges = iago::make_rule_judges(iago::rule_judge_names());
  iago::Judge& judge = *judges[data[0] % judges.size()];
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  read_labels(text, "fuzz.csv");
  read_labels(text, "fuzz.jsonl");
  read_texts(text, "fuzz.csv", judge);
  read_texts(text, "fuzz.jsonl", judge);
  return 0;
}
