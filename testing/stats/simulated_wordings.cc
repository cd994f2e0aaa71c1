#include "testing/stats/simulated_wordings.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

namespace iago {
namespace {

double place_of(std::size_t i, std::size_t count) {
  return (static_cast<double>(i) + 0.5) / static_cast<double>(count);
}

double effect_at(const WordingDesign& design, double place) {
  switch (design.family) {
    case WordingFamily::normal:
      return design.wording_sd * quantile(boost::math::normal(), place);
    case WordingFamily::student:  // of variance 3
      return design.wording_sd * quantile(boost::math::students_t(3), place) / std::sqrt(3.0);
    case WordingFamily::skewed:
      return design.wording_sd * (-std::log(1 - place) - 1);
    case WordingFamily::carriers:
      return place > 1 - design.share ? design.wording_sd : 0;
  }
  return 0;
}

double logit(double rate) { return std::log(rate / (1 - rate)); }
double expit(double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace

double WordingStudy::mean() const {
  double sum = 0;
  for (double gap : gaps) sum += gap;
  return sum / static_cast<double>(gaps.size());
}

double WordingStudy::sd() const {
  const double centre = mean();
  double squares = 0;
  for (double gap : gaps) squares += (gap - centre) * (gap - centre);
  return std::sqrt(squares / (static_cast<double>(gaps.size()) - 1));
}

WordingPopulation::WordingPopulation(const WordingDesign& design) : design_(design) {
  std::vector<double> u(kQueries), v(kQueries);
  for (std::size_t q = 0; q < kQueries; ++q) {
    const double normal = quantile(boost::math::normal(), place_of(q, kQueries));
    u[q] = design.query_sd * normal;
    v[q] = design.query_gap_sd * normal;
  }
  Random order(1, "which v goes with which u");
  order.shuffle(v);
  for (std::size_t q = 0; q < kQueries; ++q) less_.push_back(expit(logit(design.less) + u[q]));
  for (std::size_t w = 0; w < kWordings; ++w) {
    effects_.push_back(effect_at(design, place_of(w, kWordings)));
    std::vector<double>& rates = more_.emplace_back();
    double gap = 0;
    for (std::size_t q = 0; q < kQueries; ++q) {
      rates.push_back(expit(logit(design.more) + u[q] + v[q] + effects_[w]));
      gap += 100 * (rates[q] - less_[q]) / kQueries;
    }
    gaps_.push_back(gap);
    mean_gap_ += gap / kWordings;
  }
}

QueryCounts WordingPopulation::draw_query(double rate, double turn, Random& random) const {
  const double moved = rate + turn * std::min(rate, 1 - rate);
  QueryCounts query;
  for (std::size_t i = 0; i < design_.repeats; ++i) {
    if (design_.missing > 0 && random.chance(design_.missing)) {
      ++query.missing;
    } else {
      ++query.trials;
      query.successes += random.chance(moved);
    }
  }
  return query;
}

WordingStudy WordingPopulation::draw(std::size_t wordings, std::size_t queries,
                                     Random& random) const {
  std::vector<std::size_t> places(wordings);
  for (std::size_t& place : places) place = random.below(kWordings);
  return draw(places, queries, random);
}

WordingStudy WordingPopulation::draw(std::span<const std::size_t> places, std::size_t queries,
                                     Random& random) const {
  std::vector<std::size_t> rows(queries);
  for (std::size_t& row : rows) row = random.below(kQueries);
  WordingStudy study;
  for (std::size_t w : places) {
    ContrastCounts& counts = study.wordings.emplace_back();
    for (std::size_t q : rows) {
      const auto turn = [&] {
        if (design_.interaction == 0) return 0.0;
        return random.chance(0.5) ? design_.interaction : -design_.interaction;
      };
      counts.more.push_back(draw_query(more_[w][q], turn(), random));
      counts.less.push_back(draw_query(less_[q], turn(), random));
    }
    study.gaps.push_back(gaps_[w]);
    study.carriers += design_.family == WordingFamily::carriers && effects_[w] != 0;
  }
  return study;
}

}  // namespace iago
