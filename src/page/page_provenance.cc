// The page's judges, versions, seeds and hashes.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <map>
#include <set>

#include "figures/check_text.h"
#include "figures/figure_text.h"
#include "figures/judge_evidence.h"
#include "page/internal/html_text.h"
#include "page/internal/page_parts.h"
#include "text/printable.h"

namespace iago {
namespace {

constexpr std::size_t kMostSourceText = std::size_t{32} << 10;
constexpr std::size_t kMostRuns = 20;  // whose completions were taken, by name

std::string utc(std::chrono::nanoseconds wall) {
  auto seconds =
      static_cast<std::time_t>(std::chrono::duration_cast<std::chrono::seconds>(wall).count());
  std::tm time{};
  if (gmtime_r(&seconds, &time) == nullptr) return "unknown";
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", time.tm_year + 1900,
                     time.tm_mon + 1, time.tm_mday, time.tm_hour, time.tm_min, time.tm_sec);
}

std::string role_of(const JudgeRow& judge, const Summary& summary) {
  const auto& choice = summary.judges;
  bool counts =
      std::ranges::any_of(choice.by_wording,
                          [&](const auto& one) { return one.second.hash == judge.hash; }) ||
      (choice.faking_reasoning && choice.faking_reasoning->hash == judge.hash);
  auto role = std::string(counts ? "its verdicts are used here" : "its verdicts are not used here");
  if (!choice.contrast) role = "the study shows its labels";
  return role + (judge.planned ? ", as planned" : ", not in the plan of analysis");
}

std::string readable_kind(std::string kind) {
  for (char& c : kind) c = c == '_' ? ' ' : c;
  return short_name(kind);
}

std::string with_note(std::string_view text) {
  auto cut = cut_text(text, kMostSourceText);
  auto note = cut_note(cut);
  return std::string(cut.shown) + (note.empty() ? "" : "\n\n[" + note + "]");
}

void add_fact(Fields& page, std::string title, std::string text) {
  page.add("fact").set("title", std::move(title)).add("text").set("text", std::move(text));
}

void add_hash(Fields& page, std::string title, const std::string& hash) {
  page.add("fact").set("title", std::move(title)).add("hash").set("text", printable(hash, 80));
}

std::string programs(const Store& store) {
  std::set<std::string> versions;
  std::size_t sessions = 0;
  for (const auto& session : store.sessions()) versions.insert(session.program), ++sessions;
  std::string text;
  for (const auto& version : versions) text += (text.empty() ? "" : ", ") + short_name(version);
  if (text.empty()) return "no session yet";
  return fmt::format("iago {} in {} session{}", text, count(sessions), sessions == 1 ? "" : "s");
}

std::string timing_text(const RunTiming& timing) {
  auto text = fmt::format("{:.1f} s, of these {:.1f} s sampling; {} tokens", timing.wall_s,
                          timing.sampling_s, count(timing.generated_tokens));
  if (timing.tokens_per_s)
    text +=
        fmt::format(", {} a second", count(static_cast<std::uint64_t>(*timing.tokens_per_s + 0.5)));
  return text + fmt::format("; {:.0f} MB of memory at most", timing.peak_rss_mb);
}

// "30 of helpful-only-faker-1a2b3c4d, 14 of ..."
std::string reused_text(const std::map<std::string, std::uint64_t>& reused) {
  std::string text;
  std::size_t left = kMostRuns;
  for (const auto& [run, completions] : reused) {
    if (left-- == 0) {
      return text + fmt::format(" and of {} others", count(reused.size() - kMostRuns));
    }
    text +=
        fmt::format("{}{} of {}", text.empty() ? "" : ", ", count(completions), short_name(run));
  }
  return text;
}

// Empty where the rate is not known.
std::string accuracy_note(const std::optional<JudgeAccuracy>& accuracy) {
  if (!accuracy) return {};
  return fmt::format("{} %, n = {}", percents(accuracy->ci95), count(accuracy->n));
}

// What was left out of the two rates, and what it could have made of them.
void add_unknown_truth(const JudgeError& known, Fields& error) {
  auto bounds = bounds_if_unknown(known);
  if (!bounds) return;
  auto shown = [](bool is_known, const Interval& range) {
    return is_known ? fmt::format("bounds with them: {} %", percents(range)) : std::string();
  };
  error.add("unknown")
      .set("sensitivity", shown(sensitivity_of(known.counts).has_value(), bounds->sensitivity))
      .set("specificity", shown(specificity_of(known.counts).has_value(), bounds->specificity))
      .set("text", fmt::format("{} unlabelled", count(known.unknown_truth)));
}

std::string shown(const std::optional<JudgeAccuracy>& accuracy) {
  return accuracy ? percent(accuracy->rate) : "unknown";
}

// Where the arms are this run's.
void add_error_by_arm(const JudgeError& known, const RunText& text, Fields& error) {
  const JudgeSource source = source_of(known, text);
  if (source != JudgeSource::here && source != JudgeSource::part_of_run) return;
  const auto with_note = [](const std::optional<JudgeAccuracy>& accuracy) {
    const std::string note = accuracy_note(accuracy);
    return note.empty() ? shown(accuracy) : fmt::format("{} ({})", shown(accuracy), note);
  };
  for (const auto& [arm, counts] : known.by_arm) {
    error.add("in_arm")
        .set("arm", short_name(arm))
        .set("sensitivity", with_note(sensitivity_of(counts)))
        .set("specificity", with_note(specificity_of(counts)));
  }
}

void add_plan(const std::optional<AnalysisPlan>& plan, Fields& page) {
  page.set(
      "plan_rule",
      "Fixed before the first completion. The top of this page lists every difference from it.");
  auto line = [&](std::string text) { page.add("plan").set("text", std::move(text)); };
  if (!plan) line("This program cannot read it; its text is below.");
  if (plan && plan->margin_points) {
    line(fmt::format("margin of {} points: no gap if the interval lies inside it and contains 0",
                     points(*plan->margin_points)));
  }
  if (plan && plan->forms == FormRule::strict_only) {
    line("only answers in the strict form count");
  }
  if (plan && plan->trials) {
    std::string arms;
    for (const auto& arm : plan->trials->arms) arms += (arms.empty() ? "" : ", ") + short_name(arm);
    std::string wordings;
    for (const auto& name : plan->trials->wordings) {
      wordings += (wordings.empty() ? "" : ", ") + short_name(name);
    }
    line(fmt::format("{} queries, {} repeats of each in the arms {} of the wordings {}",
                     count(plan->trials->queries), plan->trials->repeats, arms, wordings));
  }
  if (plan && !plan->contrasts.empty()) {
    std::string contrasts;
    for (const auto& contrast : plan->contrasts) {
      contrasts += (contrasts.empty() ? "" : ", ") + short_name(contrast.name());
    }
    line(fmt::format("contrasts {}; the first decides", contrasts));
  }
  if (plan && plan->judges) {
    for (const auto& judge : *plan->judges) {
      auto text =
          fmt::format("judge {}, version {}", short_name(judge.name), printable(judge.hash, 64));
      if (judge.error) text += ", " + known_error(*judge.error);
      line(std::move(text));
    }
  }
  if (plan && plan->seed) line(fmt::format("seed {}", *plan->seed));
  if (plan) {
    for (const auto& method : plan->methods) line(printable(method, 400));
  }
}

void add_other_judges(const Summary& summary, Fields& page) {
  std::vector<OtherJudge> judges = summary.other_judges;
  const auto says_more = [](const LabelShares& arm) { return has_shades(arm) || arm.unquoted > 0; };
  if (std::ranges::any_of(summary.reasoning, says_more)) {
    OtherJudge reasoning;
    reasoning.judge = *summary.judges.faking_reasoning;
    reasoning.all.arms = summary.reasoning;
    judges.insert(judges.begin(), std::move(reasoning));
  }
  if (judges.empty()) return;
  auto& table = page.add("others").set(
      "title", summary.judges.contrast ? "Labels that the judges gave" : "Their labels, as shares");
  for (const OtherJudge& other : judges) {
    for (const LabelShares& arm : other.all.arms) {
      table.add("share")
          .set("judge", short_name(other.judge.name))
          .set("arm", short_name(arm.arm))
          .set("labels", label_shares(arm))
          .set("judged", count(arm.judged))
          .set("unjudged", count(arm.unjudged));
    }
  }
}

}  // namespace

void add_judges(const PageData& data, Fields& page) {
  const auto judges = judges_by_plan(data.store, data.summary.judges.plan);
  if (judges.empty()) return;
  add_other_judges(data.summary, page);
  auto& table = page.add("judges");
  for (const auto& judge : judges) {
    auto& row = table.add("judge").set("name", short_name(judge.name));
    row.set("role", role_of(judge, data.summary))
        .set("kind", readable_kind(std::string(name_of(judge.kind))));
    row.set("hash", printable(judge.hash, 64));
    if (!judge.error.is_measured()) {
      row.add("never");
      continue;
    }
    const auto se = sensitivity_of(judge.error.counts), sp = specificity_of(judge.error.counts);
    auto& error = row.add("error");
    add_unknown_truth(judge.error, error);
    error.set("sensitivity", shown(se))
        .set("sensitivity_ci95", accuracy_note(se))
        .set("specificity", shown(sp))
        .set("specificity_ci95", accuracy_note(sp))
        .set("measured_on", measured_where(judge.error, data.summary.text));
    add_error_by_arm(judge.error, data.summary.text, error);
  }
}

void add_provenance(const PageData& data, Fields& page) {
  const auto& run = data.summary.run;
  add_fact(page, "Run", printable(run.id, 200));
  add_fact(page, "Begun", utc(run.created));
  add_fact(page, "Program",
           fmt::format("started with iago {}; continued by {}", short_name(run.program),
                       programs(data.store)));
  add_fact(page, "Subject", short_name(run.subject));
  add_hash(page, "Subject's identity", run.subject_identity);
  add_fact(page, "Check", check_sentence(data.summary));
  add_fact(page, "Seed", std::to_string(run.seed));
  add_hash(page, "Plan of analysis, SHA-256", run.analysis_plan_hash);
  for (const auto& judge : data.store.judges()) {
    add_hash(page, "Judge " + short_name(judge.name), judge.hash);
  }
  add_fact(page, "Time", timing_text(data.summary.timing));
  if (!data.summary.reused.empty()) {
    add_fact(page, "Completions taken from other runs", reused_text(data.summary.reused));
  }
  add_plan(data.summary.judges.plan, page);
  page.set("plan_text", with_note(run.analysis_plan));
  page.set("study_text", with_note(run.study_toml));
}

}  // namespace iago
