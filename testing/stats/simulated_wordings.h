// Simulated studies of several wordings with known truth: the oracle for coverage of wordings.h.
//
// A population of 1,024 wordings and one of 256 queries, all equally likely, so that every truth is
// a finite mean. With expit the inverse of the logit, wording w and query q comply in
//   more  expit(logit(more) + u_q + v_q + b_w)
//   less  expit(logit(less) + u_q)
// with u and v normal and b of the family. An interaction moves both rates of one wording at one
// query, by a chance of a half each way, towards 0 and towards the other side by as much; it leaves
// all means as they are.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/random.h"
#include "stats/counts.h"

namespace iago {

enum class WordingFamily {
  normal,
  student,   // Student's t with 3 degrees of freedom, scaled to the wanted standard deviation
  skewed,    // exponential, centred: most a little below the mean, few far above
  carriers,  // a share carries a shift, the others nothing
};

struct WordingDesign {
  double more = 0.3, less = 0.3;  // rates at no effect, within (0, 1)
  double query_sd = 1;            // of u, in logits
  double query_gap_sd = 0.5;      // of v
  WordingFamily family = WordingFamily::normal;
  double wording_sd = 0;    // of b, in logits; of carriers the shift of those that carry
  double share = 0;         // of carriers
  double interaction = 0;   // [0, 1]: of the way to 0 or 1, whichever is nearer
  std::size_t repeats = 1;  // per wording, query and arm
  double missing = 0;       // chance of each completion
};

struct WordingStudy {
  std::vector<ContrastCounts> wordings;
  std::vector<double> gaps;  // true ones, in points, over the population of queries
  std::size_t carriers = 0;  // wordings with a shift, in the family `carriers`

  double mean() const;
  double sd() const;  // divisor: their number less one
};

// Immutable: safe from any thread. Making one takes some 10 ms.
class WordingPopulation {
 public:
  static constexpr std::size_t kWordings = 1024, kQueries = 256;

  explicit WordingPopulation(const WordingDesign& design);

  double mean_gap() const { return mean_gap_; }  // points, over wordings and queries

  double gap(std::size_t place) const { return gaps_[place]; }  // points; place < kWordings

  WordingStudy draw(std::size_t wordings, std::size_t queries, Random& random) const;
  // Of the wordings at these places: ascending by effect, carriers last.
  WordingStudy draw(std::span<const std::size_t> places, std::size_t queries, Random& random) const;

 private:
  QueryCounts draw_query(double rate, double turn, Random& random) const;

  WordingDesign design_;
  std::vector<double> effects_;            // b of each wording, ascending
  std::vector<std::vector<double>> more_;  // [wording][query]
  std::vector<double> less_;               // [query]
  std::vector<double> gaps_;               // of each wording, points
  double mean_gap_ = 0;
};

}  // namespace iago
