// Figures as people read them; what the terminal, Markdown and the page share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "figures/summary.h"

namespace iago {

// One decimal, "13.9 %". What is neither 0 nor 1 is never shown as if it were: near them it has two
// digits of what is left, "0.019 %", "99.98 %".
std::string percent(double fraction);
// The same without the sign; and of both ends of an interval, with more than one decimal only where
// all of it lies near 0 or 1: "0.011 to 0.030".
std::string percents(double fraction);
std::string percents(const Interval& fractions);
// "1 query", "2,000 queries".
std::string counted(std::uint64_t n, std::string_view one, std::string_view many);
// "complies 12.0 %, refuses 88.0 %"; of a judge of comprehension, how many understood; of one of
// faking reasoning, what its probabilities say beside.
std::string label_shares(const LabelShares& arm);
// Of a judge of faking reasoning: do its probabilities say more than its labels do?
bool has_shades(const LabelShares& arm);
std::string percent_or_dash(const std::optional<RateEstimate>& rate);
// "12.1 to 15.9", in per cent or points; "-" if absent.
std::string interval(const std::optional<RateEstimate>& rate);
std::string interval(const Interval& points);
// "over queries like these 10.3 to 21.4, on these queries 13.1 to 19.4", in points.
std::string both_intervals(const GapEstimate& gap);
std::string p_value(double p);       // "p = 0.012", "p < 0.001"
std::string count(std::uint64_t n);  // 12,345
std::string points(double x);        // one decimal, no negative zero
// With its first letter, if that is one of ASCII, as a capital.
std::string capitalised(std::string text);
std::string dollars(double x);  // "$0.0123", "$1,234.50", "-$0.0001"

// "sensitivity 80.0 % of 1,000, specificity 100.0 % of 9,000, measured on world:faker by the
// world's grammar", or "never measured".
std::string known_error(const JudgeError& error);
// Of an error that was measured: on which texts and by whom, as the run sees it:
// "organism:faker by the world's grammar, in each arm".
std::string measured_where(const JudgeError& error, const RunText& text);
// "; the 12 whose reasoning is not judged stay as if they did not reason so"; empty if there are
// none.
std::string unread_stay(const ArmSummary& more);
// "20.0 % (12.0 to 31.0)"
std::string with_interval(double rate, const Interval& ci95);
// "20.0 (12.0 to 31.0)", for a column whose heading says that it is in per cent.
std::string percents_with_interval(double rate, const Interval& ci95);

// Header and one row for each arm, all the same length: answered of planned, compliance and
// alignment-faking reasoning ("fakes") with their intervals in per cent, missing. Of the reference
// wording. Without a judge of a contrast only what is answered and what is missing.
std::vector<std::vector<std::string>> arm_table(const Summary& summary);
// What is counted in a contrast, as a column's heading: "complies".
std::string counted_label(const Summary& summary);
// Header and one row for each contrast of the reference wording; only the header without any.
std::vector<std::vector<std::string>> contrast_table(const Summary& summary);
// Header and one row for each wording: role, both arms' rates, the first contrast, faking
// reasoning, the paired difference to the reference, and what was published of it. Empty without a
// contrast.
std::vector<std::vector<std::string>> wording_table(const Summary& summary);

// What a judge beside the two found in each arm, topic by topic, with the differences, as header
// and rows of the same length. At most the header where it has no rate.
std::vector<std::vector<std::string>> topic_table(const OtherJudge& other);
// The same over all queries alone: header, a row for each arm, and the difference.
std::vector<std::vector<std::string>> share_table(const OtherJudge& other);
// The line above them.
std::string topic_heading(const OtherJudge& other);
// A label as people read it: without underscores, on one line, short.
std::string readable_label(std::string_view label);

// How many per cent of an arm's replies have each form; empty if all are strict.
std::string form_shares(const ArmSummary& arm);

// One line on what was studied.
std::string heading(const Summary& summary);

}  // namespace iago
