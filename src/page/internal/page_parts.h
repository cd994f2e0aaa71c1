// The sections of the report's page, each filled into the fields of html/page.html. Private to this
// room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "figures/summary.h"
#include "page/internal/template.h"
#include "stats/counts.h"
#include "store/store.h"

namespace iago {

inline constexpr std::size_t kMostLine = 1000;  // bytes of a sentence or of a plan's value

// One query's answers in the two arms that the finding is about.
struct QueryGap {
  std::size_t query = 0;  // index into Store::queries()
  QueryCounts more, less;
  std::optional<double> points;  // absent unless both arms have data
};

// What several sections need, read once.
struct PageData {
  const Store& store;
  const Summary& summary;
  std::vector<Query> queries;
  std::vector<ArmRow> arms;    // as Store::arms()
  std::vector<QueryGap> gaps;  // one for each query; no points without a contrast and its judge
  // Whose label heads a completion: the contrast's judge, or the first other one in a study that
  // has none.
  std::optional<JudgeRow> lead;
  std::string positive;  // its positive label
};

// The template of a whole page, its style sheet put in (which is ours and the one thing that is not
// escaped) with its hash for the content security policy.
std::string filled_page(std::string_view source, Fields& page);

PageData read_page_data(const Store& store, const Summary& summary);

// The class of the style sheet that gives an arm its colour: by what it is to the first contrast.
std::string arm_class(const Summary& summary, std::string_view arm);
// A name from outside, on one line and short.
std::string short_name(std::string_view name);
// A sentence of ours in which no line ends before a per-cent sign or within "p < 0.001".
std::string unbroken(std::string sentence);
// The digits that summary.json has.
std::string exact_digits(double x);
// Sets path, exact, shown and the interval's ends with _lo and _hi: summary.json's rate at `path`.
void set_rate(Fields& fields, std::string_view path, double rate, const Interval& ci95);
// Sets path, exact and shown: the figure at `path` of summary.json, and how people read it.
Fields& set_figure(Fields& fields, std::string_view path, double exact, std::string shown);
Fields& set_figure(Fields& fields, std::string_view path, std::uint64_t count);
// For html/rows.html: the header, then at least one row.
void add_table(const std::vector<std::vector<std::string>>& rows, Fields& section);
// For html/notice.html: sentences below the finding. Adds nothing if there are no sentences.
void add_notice(const std::string& title, const std::vector<std::string>& sentences, Fields& page);
// For html/options.html. Both are made printable.
void add_option(const std::string& name, const std::string& value, Fields& page);
// A coordinate of a drawing, in per cent.
std::string coordinate(double percent);

void add_finding(const PageData& data, Fields& page);                 // page_figures.cc
void add_found(const PageData& data, Fields& page);                   // page_topics.cc
void add_arms(const PageData& data, Fields& page);                    // page_figures.cc
void add_gap(const PageData& data, Fields& page);                     // page_figures.cc
void add_contrasts_and_wordings(const PageData& data, Fields& page);  // page_wordings.cc
void add_groups(const PageData& data, Fields& page);                  // page_groups.cc
void add_missing(const PageData& data, Fields& page);                 // page_figures.cc
void add_queries(const PageData& data, Fields& page);                 // page_queries.cc
void add_transcripts(const PageData& data, Fields& page);             // page_transcripts.cc
void add_prompts(const PageData& data, Fields& page);                 // page_prompts.cc
void add_judges(const PageData& data, Fields& page);                  // page_provenance.cc
void add_usage(const PageData& data, Fields& page);                   // page_usage.cc
void add_record(const PageData& data, Fields& page);                  // page_record.cc
void add_provenance(const PageData& data, Fields& page);              // page_provenance.cc

}  // namespace iago
