// The spread of wordings.h. With T the sum of squares of the gaps around their mean, u the unit
// vector along the gaps' deviations and C their centred covariance, T is the sum of
//   (sqrt(tau) + sqrt(k) z)^2   along u:  k = u'Cu, z a Student variable
//   (tr C - k) F                beside u: F with d and d (freedom) degrees of freedom, d by
//   Satterthwaite
// and the two are taken as independent. The chance of a T at most as large as the one seen falls
// with tau; the interval's ends are where it is 97.5 % and 2.5 %.
#include <algorithm>
#include <boost/math/distributions/fisher_f.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <boost/math/tools/roots.hpp>
#include <cmath>
#include <map>
#include <numbers>
#include <numeric>

#include "base/error.h"
#include "stats/clustered.h"
#include "stats/internal/clusters.h"
#include "stats/internal/wording_table.h"
#include "stats/wordings.h"

namespace iago {
namespace {

// Four digits are enough here, and long doubles take three times as long.
using Plain = boost::math::policies::policy<boost::math::policies::promote_double<false>>;
using StudentsT = boost::math::students_t_distribution<double, Plain>;
using FisherF = boost::math::fisher_f_distribution<double, Plain>;

// How T is distributed around a given tau.
struct SquaresModel {
  double along = 0;           // k
  double beside = 0;          // tr C - k; 0 for two wordings
  double beside_freedom = 1;  // d
  double freedom = 1;         // of Student's

  double sampling() const { return along + beside; }
};

// For the interval's low end variances are taken to be no smaller than the wordings' own intervals
// say. At its high end that would take too much from the sum of squares: there only `along`, which
// widens, is so.
struct SquaresModels {
  SquaresModel low, high;
};

// Rows of the errors e_jq, and for each wording what its variance lacks of the one that its own
// interval says.
struct Errors {
  std::vector<std::vector<double>> by_wording;      // errors_by_column
  std::vector<double> variance = {}, lacking = {};  // [j]
};

Errors errors_of(std::span<const ContrastCounts> wordings, const WordingTable& table,
                 std::span<const std::size_t> clusters) {
  Errors errors{.by_wording = errors_by_column(table)};
  for (std::size_t j = 0; j < table.columns.size(); ++j) {
    const WordingColumn& column = table.columns[j];
    double variance = 0;
    for (double error : errors.by_wording[j]) variance += error * error;
    const Interval interval = *interval_of_wording(wordings[column.place], kLevel, clusters);
    const double critical = student_critical(degrees_of_freedom(table.units(column)));
    const double error = interval.width() / (2 * critical * kPoints);
    errors.variance.push_back(variance);
    errors.lacking.push_back(std::max(0.0, error * error - variance));
  }
  return errors;
}

// Unit vector along the gaps' deviations from their mean; any contrast where they do not deviate.
std::vector<double> direction_of(const WordingTable& table, double squares) {
  std::vector<double> direction(table.columns.size());
  if (squares < 1e-18) {
    direction[0] = std::sqrt(0.5);
    direction[1] = -direction[0];
    return direction;
  }
  const double mean = table.mean_gap();
  for (std::size_t j = 0; j < direction.size(); ++j) {
    direction[j] = (table.columns[j].gap() - mean) / std::sqrt(squares);
  }
  return direction;
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

// Sum of the squared entries of the vectors' covariance, which is that of their Gram matrix too.
double squared_trace(const std::vector<std::vector<double>>& vectors) {
  double sum = 0;
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      const double product = dot(vectors[i], vectors[j]);
      sum += (i == j ? 1 : 2) * product * product;
    }
  }
  return sum;
}

std::vector<std::vector<double>> transposed(const std::vector<std::vector<double>>& rows) {
  std::vector<std::vector<double>> columns(rows[0].size(), std::vector<double>(rows.size()));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j < columns.size(); ++j) columns[j][i] = rows[i][j];
  }
  return columns;
}

// tr(C C) from its estimate, whose own noise makes it too large (Huynh & Feldt, 1976; Srivastava,
// 2005, Journal of the Japan Statistical Society 35:251).
double unbiased_squared_trace(double of_estimate, double trace, double freedom) {
  if (freedom < 2) return trace * trace;
  return freedom * freedom / ((freedom - 1) * (freedom + 2)) *
         (of_estimate - trace * trace / freedom);
}

SquaresModels models_of(const WordingTable& table, const Errors& errors, double squares) {
  const std::size_t count = table.columns.size();
  const double wordings = static_cast<double>(count);
  const std::vector<double> direction = direction_of(table, squares);
  auto beside = errors.by_wording;  // what is left of the errors beside the direction
  SquaresModel model{.freedom = std::max(1.0, degrees_of_freedom(table.units()))};
  for (std::size_t row = 0; row < beside[0].size(); ++row) {
    double mean = 0, along = 0;
    for (std::size_t j = 0; j < count; ++j) {
      mean += beside[j][row] / wordings;
      along += direction[j] * beside[j][row];
    }
    model.along += along * along;
    for (std::size_t j = 0; j < count; ++j) beside[j][row] -= mean + direction[j] * along;
  }
  double trace = 0, lacking_beside = 0, more_squares = 0;
  for (std::size_t j = 0; j < count; ++j) {
    trace += dot(beside[j], beside[j]);
    const double lacking = errors.lacking[j], share = direction[j] * direction[j];
    model.along += share * lacking;
    lacking_beside += std::max(0.0, 1 - 1 / wordings - share) * lacking;
    more_squares += lacking * (2 * errors.variance[j] + lacking);
  }
  const double seen = squared_trace(count <= beside[0].size() ? beside : transposed(beside));
  const double squared = std::max(0.0, unbiased_squared_trace(seen, trace, model.freedom));
  SquaresModels models{model, model};
  if (count == 2) return models;  // nothing lies beside
  const auto set = [wordings](SquaresModel& to, double mean, double mean_squared) {
    const double most = wordings - 2;
    to.beside = mean;
    to.beside_freedom = mean_squared > 0 ? std::clamp(mean * mean / mean_squared, 1.0, most) : most;
  };
  set(models.low, trace + lacking_beside, squared + more_squares);
  set(models.high, trace, squared);
  return models;
}

// The chance of a sum of squares at most so large, for true gaps at root_tau from their mean. By
// the midpoint rule over the chances of the part along the direction; the interval's ends come out
// right to two hundredths of a point.
double chance_below(double squares, double root_tau, const SquaresModel& model) {
  constexpr int kNodes = 32;
  const StudentsT student(model.freedom);
  const double error = std::sqrt(model.along), most = std::sqrt(squares);
  const double low = cdf(student, (-most - root_tau) / error);
  const double high = cdf(student, (most - root_tau) / error);
  if (!(model.beside > 0) || high <= low) return high - low;
  const FisherF f(model.beside_freedom, model.beside_freedom * model.freedom);
  double sum = 0;
  for (int i = 0; i < kNodes; ++i) {
    // Closer towards both ends, where the part beside the direction bites.
    const double angle = std::numbers::pi * (i + 0.5) / kNodes;
    const double at = low + (high - low) * (1 - std::cos(angle)) / 2;
    const double along = root_tau + error * quantile(student, at);
    const double weight = std::numbers::pi / 2 * std::sin(angle) / kNodes;
    sum += weight * cdf(f, std::max(0.0, squares - along * along) / model.beside);
  }
  return (high - low) * sum;
}

// Where the chance falls to `target`, in root_tau; 0 if it is below that there already.
double root_where(double target, double squares, double most, const SquaresModel& model) {
  const auto excess = [&](double root) { return chance_below(squares, root, model) - target; };
  const double at_zero = excess(0), at_most = excess(most);
  if (at_zero <= 0) return 0;
  if (at_most >= 0) return most;
  std::uintmax_t steps = 60;
  const auto bracket = boost::math::tools::toms748_solve(
      excess, 0.0, most, at_zero, at_most, boost::math::tools::eps_tolerance<double>(14), steps);
  return (bracket.first + bracket.second) / 2;
}

// Of the squares of the true gaps, as roots.
Interval root_interval(double squares, const SquaresModels& models) {
  constexpr double kTail = (1 - kLevel) / 2;
  // At least what sampling makes: one that is smaller by luck tells of no smaller truth.
  const double upper = std::max(squares, models.low.sampling());
  const double reach = student_critical(models.high.freedom) * std::sqrt(models.high.along);
  return {root_where(1 - kTail, squares, std::sqrt(squares), models.low),
          root_where(kTail, upper, std::sqrt(upper) + reach, models.high)};
}

// The gaps' sum of squares for columns in an order of each row's own: what is left when nothing
// is but chance.
class Permutation {
 public:
  explicit Permutation(const WordingTable& table)
      : columns_(table.columns.size()), clusters_(table.clusters) {
    for (std::size_t row = 0; row < table.rows; ++row) {
      auto& [places, values] = rows_.emplace_back();
      for (std::size_t j = 0; j < columns_; ++j) {
        if (!table.columns[j].has(row)) continue;
        places.push_back(j);
        values.push_back(table.columns[j].difference(row));
      }
    }
    for (const WordingColumn& column : table.columns) weights_.push_back(1 / column.queries);
  }

  // What was drawn together is permuted together: a cluster may answer one wording in its own way.
  void shuffle(Random& random) {
    if (!clusters_.empty()) return shuffle_clusters(random);
    for (Row& row : rows_) random.shuffle(row.values);
  }

  double squares() const {
    std::vector<double> gaps(columns_);
    for (const Row& row : rows_) {
      for (std::size_t i = 0; i < row.places.size(); ++i) gaps[row.places[i]] += row.values[i];
    }
    double mean = 0, sum = 0;
    for (std::size_t j = 0; j < columns_; ++j) {
      gaps[j] *= weights_[j];
      mean += gaps[j] / static_cast<double>(columns_);
    }
    for (double gap : gaps) sum += (gap - mean) * (gap - mean);
    return sum;
  }

 private:
  struct Row {
    std::vector<std::size_t> places;
    std::vector<double> values;

    // Puts the values into the order of the columns' ranks.
    void reorder(const std::vector<std::size_t>& ranks) {
      std::vector<std::size_t> order(values.size());
      for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
      std::ranges::sort(order, {}, [&](std::size_t i) { return ranks[places[i]]; });
      std::vector<double> next;
      for (std::size_t i : order) next.push_back(values[i]);
      values = std::move(next);
    }
  };

  void shuffle_clusters(Random& random) {
    std::map<std::size_t, std::vector<std::size_t>> ranks;
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      auto [at, is_new] = ranks.try_emplace(clusters_[row], columns_);
      if (is_new) {
        for (std::size_t i = 0; i < columns_; ++i) at->second[i] = i;
        random.shuffle(at->second);
      }
      rows_[row].reorder(at->second);
    }
  }

  std::size_t columns_;
  Labels clusters_;
  std::vector<Row> rows_;
  std::vector<double> weights_;
};

// Sums of the same numbers in another order differ in their last bits and are ties.
constexpr double kRoundingTie = 1e-9;

SignFlipResult permutation_test(const WordingTable& table, Random& random, std::size_t draws) {
  Permutation permutation(table);
  const double seen = permutation.squares();
  const double threshold = seen - kRoundingTie * (seen + 1e-6);
  std::size_t extreme = 0;
  for (std::size_t i = 0; i < draws; ++i) {
    permutation.shuffle(random);
    extreme += permutation.squares() >= threshold;
  }
  const double count = static_cast<double>(draws);
  const double p = (static_cast<double>(extreme) + 1) / (count + 1);
  return {.p_value = p, .error = std::sqrt(p * (1 - p) / count), .exact = false};
}

std::optional<WordingSpread> spread_of(std::span<const ContrastCounts> wordings,
                                       const WordingTable& table,
                                       std::span<const std::size_t> clusters) {
  if (table.columns.size() < 2 || count_clusters(table.clusters, table.rows) < 2) {
    return std::nullopt;
  }
  const GapSquares squares = gap_squares(table);
  const SquaresModels models = models_of(table, errors_of(wordings, table, clusters), squares.seen);
  const Interval roots = root_interval(squares.seen, models);
  const double to_points = kPoints / std::sqrt(static_cast<double>(table.columns.size()) - 1);
  const double sd = to_points * std::sqrt(squares.of_truth());
  return WordingSpread{
      .sd = sd,
      .ci95 = {std::min(sd, to_points * roots.lo), std::max(sd, to_points * roots.hi)},
      .wordings = table.columns.size()};
}

}  // namespace

std::optional<WordingSpread> estimate_spread_without_test(std::span<const ContrastCounts> wordings,
                                                          std::span<const std::size_t> clusters) {
  return spread_of(wordings, make_wording_table(wordings, clusters), clusters);
}

std::optional<WordingSpread> estimate_spread(std::span<const ContrastCounts> wordings,
                                             Random& random, std::size_t draws,
                                             std::span<const std::size_t> clusters) {
  IAGO_CHECK(draws > 0, "at least one draw");
  const WordingTable table = make_wording_table(wordings, clusters);
  std::optional<WordingSpread> spread = spread_of(wordings, table, clusters);
  if (!spread) return spread;
  const SignFlipResult test = permutation_test(table, random, draws);
  spread->p_alike = test.p_value;
  spread->p_alike_error = test.error;
  return spread;
}

}  // namespace iago
