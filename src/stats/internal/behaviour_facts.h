// The facts that the rule of behaviour_cause.h reads. Pure; internal to the room.
#pragma once

#include <array>
#include <cstddef>

#include "stats/behaviour_cause.h"

namespace iago {

enum class Answer { no, yes, open };

enum class Fact {
  gap,
  alike,
  dependence,
  training,
  rating,
  any_faking,
  most_faking,
  saturated,
  everywhere,
  nowhere,
};
inline constexpr std::size_t kFacts = 10;

struct BehaviourFacts {
  std::array<Answer, kFacts> answers{};                  // by Fact
  std::array<std::optional<CauseLack>, kFacts> lacks{};  // why one is open; or, of `gap`, refuted

  Answer& operator[](Fact fact) { return answers[static_cast<std::size_t>(fact)]; }
  Answer operator[](Fact fact) const { return answers[static_cast<std::size_t>(fact)]; }
  std::optional<CauseLack> lack(Fact fact) const { return lacks[static_cast<std::size_t>(fact)]; }
  void set(Fact fact, Answer answer, std::optional<CauseLack> lack = std::nullopt) {
    (*this)[fact] = answer;
    lacks[static_cast<std::size_t>(fact)] = lack;
  }
};

// All of them, and into `finding` the figures that they were read from. The evidence has its gap.
BehaviourFacts read_facts(const CauseEvidence& evidence, double margin, CauseFinding& finding);

}  // namespace iago
