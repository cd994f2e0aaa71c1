// The sentences of what decides a verdict; those of all other causes are in cause_sentence.cc.
// Private to the room.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "figures/internal/contrast_words.h"
#include "figures/summary.h"

namespace iago {

// Of the contrast at `place`. Borrows the summary.
class DecidingSentences {
 public:
  DecidingSentences(const Summary& summary, std::size_t place)
      : summary_(summary), place_(place), words_(summary, place) {}

  std::string operator()(const NotMeasured&) const;
  std::string operator()(const JudgeDisproved&) const;
  std::string operator()(const MissingDecides&) const;
  std::string operator()(const NoConflict&) const;
  std::string operator()(const AlwaysRefuses&) const;
  std::string operator()(const RefusalsDecide&) const;
  std::string operator()(const GapFound&) const;
  std::string operator()(const FewDiffer&) const;
  std::string operator()(const GapUnderSome&) const;
  std::string operator()(const NoGapFound&) const;
  std::string operator()(const FewQueries&) const;
  std::string operator()(const NotSettled&) const;

 private:
  template <typename OverWordings>
  std::vector<std::string> unmeasured(const OverWordings& cause) const;

 protected:
  std::string more() const { return words_.more(); }
  std::string less() const { return words_.less(); }
  // "95.0 % of training and 0.0 % of unmonitored".
  std::string shares(double of_more, double of_less) const;

  const Summary& summary_;
  std::size_t place_;
  ContrastWords words_;
};

}  // namespace iago
