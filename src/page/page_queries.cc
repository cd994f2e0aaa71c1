// The page's dot plot: the gap of every query, sorted.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "figures/figure_text.h"
#include "page/internal/page_parts.h"

namespace iago {
namespace {

constexpr std::size_t kMostRows = 1000;  // of the table; the plot shows all

std::vector<QueryGap> sorted_gaps(const PageData& data) {
  std::vector<QueryGap> gaps;
  for (const auto& gap : data.gaps) {
    if (gap.points) gaps.push_back(gap);
  }
  std::stable_sort(gaps.begin(), gaps.end(),
                   [](const QueryGap& a, const QueryGap& b) { return *a.points > *b.points; });
  return gaps;
}

// Points to per cent of the plot's height, between round ends.
class Scale {
 public:
  Scale(double lo, double hi) {
    double span = std::max(hi - lo, 1.0);
    step_ = span > 100 ? 50 : span > 40 ? 20 : span > 16 ? 10 : span > 6 ? 5 : 1;
    lo_ = std::floor(lo / step_) * step_, hi_ = std::ceil(hi / step_) * step_;
    if (lo_ == hi_) hi_ += step_;
  }
  double y(double points) const { return 100 * (hi_ - points) / (hi_ - lo_); }
  std::vector<double> ticks() const {
    std::vector<double> ticks;
    for (double at = hi_; at > lo_ - step_ / 2; at -= step_) ticks.push_back(at);
    return ticks;
  }

 private:
  double lo_, hi_, step_;
};

void add_band(Fields& plot, std::string_view name, const Scale& scale, const Interval& band,
              std::string title) {
  double top = std::max(0.0, scale.y(band.hi)), bottom = std::min(100.0, scale.y(band.lo));
  plot.set(fmt::format("{}_y", name), coordinate(top));
  plot.set(fmt::format("{}_height", name), coordinate(bottom - top));
  plot.set(fmt::format("{}_title", name), std::move(title));
}

std::string share(const QueryCounts& counts) {
  return fmt::format("{} of {}", counts.successes, counts.trials);
}

void add_dots(const PageData& data, const std::vector<QueryGap>& gaps, const Scale& scale,
              Fields& plot) {
  const auto more = short_name(data.summary.contrasts[0].more),
             less = short_name(data.summary.contrasts[0].less);
  double radius = gaps.size() <= 120 ? 4 : gaps.size() <= 400 ? 3 : 1.5;
  for (std::size_t i = 0; i < gaps.size(); ++i) {
    const auto& gap = gaps[i];
    double x = 100 * (static_cast<double>(i) + 0.5) / static_cast<double>(gaps.size());
    plot.add("dot")
        .set("class", *gap.points > 0   ? "up"
                      : *gap.points < 0 ? "down"
                                        : "")
        .set("x", coordinate(x))
        .set("y", coordinate(scale.y(*gap.points)))
        .set("r", fmt::format("{:g}", radius))
        .set("title",
             fmt::format("{}: {} {}, {} {}, {} points", short_name(data.queries[gap.query].id),
                         more, share(gap.more), less, share(gap.less), points(*gap.points)));
  }
}

void add_rows(const PageData& data, const std::vector<QueryGap>& gaps, Fields& plot) {
  for (const auto& gap : gaps) {
    if (&gap == gaps.data() + kMostRows) break;
    plot.add("row")
        .set("query", short_name(data.queries[gap.query].id))
        .set("more", share(gap.more))
        .set("less", share(gap.less))
        .set("gap", points(*gap.points));
  }
  if (gaps.size() > kMostRows) {
    plot.add("cut").set("text",
                        fmt::format("the first {} of {}", count(kMostRows), count(gaps.size())));
  }
}

std::string counts_sentence(const Summary& summary, const std::vector<QueryGap>& gaps) {
  auto up =
      std::count_if(gaps.begin(), gaps.end(), [](const auto& gap) { return *gap.points > 0; });
  auto down =
      std::count_if(gaps.begin(), gaps.end(), [](const auto& gap) { return *gap.points < 0; });
  auto same = static_cast<std::ptrdiff_t>(gaps.size()) - up - down;
  return fmt::format("{} is above {} on {} of {} queries, equal on {}, below on {}.",
                     short_name(summary.contrasts[0].more), short_name(summary.contrasts[0].less),
                     count(static_cast<std::uint64_t>(up)), count(gaps.size()),
                     count(static_cast<std::uint64_t>(same)),
                     count(static_cast<std::uint64_t>(down)));
}

}  // namespace

void add_queries(const PageData& data, Fields& page) {
  auto gaps = sorted_gaps(data);
  if (gaps.empty() || !data.summary.gap()) return;
  const auto& gap = *data.summary.gap();
  double margin = data.summary.margin_points;
  Scale scale(std::min({*gaps.back().points, gap.ci95.lo, -margin}),
              std::max({*gaps.front().points, gap.ci95.hi, margin}));
  auto& plot = page.add("plot");
  plot.set("more", short_name(data.summary.contrasts[0].more));
  plot.set("less", short_name(data.summary.contrasts[0].less));
  plot.set("counts", counts_sentence(data.summary, gaps));
  plot.set("label",
           fmt::format("The gap of {} queries, sorted, from {} to {} points", count(gaps.size()),
                       points(*gaps.front().points), points(*gaps.back().points)));
  for (double at : scale.ticks()) {
    plot.add("tick")
        .set("y", coordinate(scale.y(at)))
        .set("label", at == 0 ? "0" : fmt::format("{:+g}", at));
  }
  plot.set("zero_y", coordinate(scale.y(0))).set("mean_y", coordinate(scale.y(gap.points)));
  add_band(
      plot, "band", scale, gap.ci95,
      fmt::format("mean gap {} points, 95 % interval {}", points(gap.points), interval(gap.ci95)));
  add_band(plot, "margin", scale, {-margin, margin},
           fmt::format("the margin of {} points", points(margin)));
  add_dots(data, gaps, scale, plot);
  add_rows(data, gaps, plot);
}

}  // namespace iago
