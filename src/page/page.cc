#include "page/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/json.h"
#include "figures/figure_text.h"
#include "page/internal/page_parts.h"
#include "page/internal/page_source.h"
#include "text/printable.h"

namespace iago {
namespace {

constexpr std::size_t kMostPath = 200;  // an arm's name is in it

// RFC 4648.
std::string base64(const std::array<std::uint8_t, 32>& bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    std::size_t n = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (k < n ? bytes[i + k] : 0);
    for (std::size_t k = 0; k < 4; ++k) {
      text += k <= n ? kDigits[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return text;
}

}  // namespace

std::string filled_page(std::string_view source, Fields& page) {
  std::string html(source);
  auto put_in = [&](std::string_view place, std::string_view part) {
    for (auto at = html.find(place); at != std::string::npos; at = html.find(place, at)) {
      html.replace(at, place.size(), part);
      at += part.size();
    }
  };
  // Some of them hold others, which follow.
  put_in("<!--head.html-->\n", kHeadHtml);
  put_in("<!--finding.html-->\n", kFindingHtml);
  put_in("<!--notice.html-->\n", kNoticeHtml);
  put_in("<!--options.html-->\n", kOptionsHtml);
  put_in("<!--rows.html-->\n", kRowsHtml);
  put_in("<!--track.html-->\n", kTrackHtml);
  put_in("<!--forest.html-->\n", kForestHtml);
  put_in("<!--pairs.html-->\n", kPairsHtml);
  put_in("<!--scale.html-->\n", kScaleHtml);
  put_in("<!--axis.html-->\n", kAxisHtml);
  put_in("/*page.css*/", kPageCss);
  page.set("style_hash", base64(Hasher().update(kPageCss).digest()));
  return Template(html).fill(page);
}

PageData read_page_data(const Store& store, const Summary& summary) {
  PageData data{store, summary, {}, {}, {}, summary.judges.contrast, {}};
  if (!data.lead && !summary.other_judges.empty()) data.lead = summary.other_judges[0].judge;
  if (data.lead) data.positive = positive_label(data.lead->kind);
  data.queries = store.queries();
  data.arms = store.arms();
  data.gaps.resize(data.queries.size());
  for (std::size_t i = 0; i < data.gaps.size(); ++i) data.gaps[i].query = i;
  if (summary.contrasts.empty() || !summary.judges.contrast) return data;
  const ContrastCounts counts = contrast_counts(summary, data.arms, summary.contrasts.front());
  for (auto& gap : data.gaps) {
    gap.more = counts.more.at(gap.query);
    gap.less = counts.less.at(gap.query);
    if (gap.more.trials == 0 || gap.less.trials == 0) continue;
    gap.points = 100 * (rate_of(gap.more) - rate_of(gap.less));
  }
  return data;
}

std::string arm_class(const Summary& summary, std::string_view arm) {
  if (!summary.contrasts.empty() && arm == summary.contrasts.front().more) return "more";
  if (!summary.contrasts.empty() && arm == summary.contrasts.front().less) return "less";
  return arm == summary.run.baseline ? "baseline" : "other";
}

std::string short_name(std::string_view name) { return printable(name, 60); }

std::string unbroken(std::string sentence) {
  constexpr std::string_view kNoBreakSpace = "\xC2\xA0";
  for (std::string_view kept : {" %", " =", "= ", " <", "< "}) {
    auto offset = kept.find(' ');
    for (auto at = sentence.find(kept); at != std::string::npos; at = sentence.find(kept, at + 1)) {
      sentence.replace(at + offset, 1, kNoBreakSpace);
    }
  }
  return sentence;
}

std::string exact_digits(double x) { return dump_json(Json(x)); }

Fields& set_figure(Fields& fields, std::string_view path, double exact, std::string shown) {
  fields.set("path", std::string(path.substr(0, kMostPath))).set("exact", exact_digits(exact));
  return fields.set("shown", std::move(shown));
}

Fields& set_figure(Fields& fields, std::string_view path, std::uint64_t n) {
  fields.set("path", std::string(path.substr(0, kMostPath))).set("exact", std::to_string(n));
  return fields.set("shown", count(n));
}

void add_notice(const std::string& title, const std::vector<std::string>& sentences, Fields& page) {
  if (sentences.empty()) return;
  Fields& notice = page.add("notice").set("title", title);
  for (const std::string& sentence : sentences) {
    notice.add("line").set("text", unbroken(printable(sentence, kMostLine)));
  }
}

void add_option(const std::string& name, const std::string& value, Fields& page) {
  page.add("option").set("name", printable(name)).set("value", printable(value, kMostLine));
}

std::string coordinate(double percent) { return fmt::format("{:.2f}", percent); }

std::string html_page(const Store& store, const Summary& summary) {
  auto data = read_page_data(store, summary);
  Fields page;
  add_finding(data, page);
  if (summary.judges.contrast) {
    auto& compliance = page.add("compliance");
    add_arms(data, compliance);
    add_gap(data, compliance);
    add_contrasts_and_wordings(data, compliance);
    add_groups(data, compliance);
    add_queries(data, compliance);
  }
  add_found(data, page);
  add_missing(data, page);
  add_judges(data, page);
  add_usage(data, page);
  add_transcripts(data, page);
  add_prompts(data, page);
  add_record(data, page);
  add_provenance(data, page);
  return filled_page(kPageHtml, page);
}

}  // namespace iago
