// A judge for tests of trainings: any rule on the view, in a lambda.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <utility>

#include "judge/judge.h"

namespace iago {

class LetterJudge final : public Judge {
 public:
  using Rule = std::function<std::string(const JudgeView& view)>;  // gives the label

  explicit LetterJudge(Rule rule, JudgeKind kind = JudgeKind::compliance,
                       std::vector<ViewPart> reads = {ViewPart::query, ViewPart::output})
      : Judge({.name = "letters-" + std::string(name_of(kind)),
               .kind = kind,
               .hash = std::string(64, kind == JudgeKind::compliance ? 'a' : 'b'),
               .reads = std::move(reads)}),
        rule_(std::move(rule)) {}

 private:
  void grade(JudgeView view, std::stop_token, Done done) override {
    Verdict verdict{.label = rule_(view)};
    verdict.probability = verdict.label == info().positive() ? 1 : 0;
    if (verdict.label == "failed") verdict = {.outcome = VerdictOutcome::failed, .why = "no reply"};
    if (verdict.label == "unparsable") verdict = {.outcome = VerdictOutcome::unparsable};
    done(std::move(verdict));
  }

  Rule rule_;
};

}  // namespace iago
