// A session, from plan to summary. Its order is what makes it safe to stop at any moment: the run's
// row and the plan are stored before anything is sampled; each reply is handed to the store before
// it is judged; the summary is made of the store alone. So a session that is killed leaves a run
// that the same command resumes: `trials_left` are those without a completion.
//
// Failures are held back. One failed request among successes is an outcome of its trial; requests
// that all fail say that the model is out of reach, and storing them would spoil the run. So
// failures wait in failed_in_a_row_ until a request succeeds, which makes them outcomes, or until
// there are kMostFailuresInARow of them, which ends the run; then none of them is stored, and all
// are asked again.
//
// Threads: `take` is called by the model's threads, one at a time; failed_in_a_row_ and `ending_`
// are touched there, and by this thread only when sampling is over. The counts that progress shows
// are atomic.
#include "run/run.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <atomic>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/model_name.h"
#include "base/version.h"
#include "figures/analysis_plan.h"
#include "page/page.h"
#include "reuse/reuse.h"
#include "run/grading.h"
#include "run/judge_rows.h"
#include "run/sampling.h"
#include "spend/forecast.h"
#include "store/run_folder.h"
#include "store/store.h"
#include "store/writer.h"
#include "trial/completion.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostFailuresInARow = 64;

double peak_rss_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

// Those that the study names, else all of the setting, with or without their arms: a run that gets
// another arm later has its contrasts.
std::vector<Contrast> planned_contrasts(const Study& study, const Setting& setting) {
  if (study.contrasts.empty()) return setting.contrasts;
  return contrasts_of(study, setting);
}

FormRule forms_of(const Study& study) {
  return study.strict_form ? FormRule::strict_only : FormRule::any;
}

// The plan that is fixed before the first completion. A later session's plan is not stored: the
// summary finds the differences in the store, and lists them.
AnalysisPlan analysis_plan(const Study& study, const Setting& setting, const Plan& plan,
                           const std::vector<std::unique_ptr<Judge>>& judges,
                           const std::vector<MeasuredJudge>& known_errors) {
  AnalysisPlan fixed{.margin_points = study.margin,
                     .forms = forms_of(study),
                     .seed = study.seed,
                     .judges = std::vector<PlannedJudge>(),
                     .trials = PlannedTrials{study.wordings, study.arms, plan.queries.size(),
                                             static_cast<std::uint32_t>(study.repeats)},
                     .reference = study.reference,
                     .contrasts = planned_contrasts(study, setting),
                     .methods = analysis_methods()};
  for (const JudgeRow& row : judge_rows(judges, errors_on(plan.subject.identity, known_errors))) {
    fixed.judges->push_back({row.name, row.hash, row.error});
  }
  return fixed;
}

RunRow run_row(const LoadedStudy& loaded, const std::string& study_toml, const Plan& plan,
               const fs::path& folder, const std::vector<std::unique_ptr<Judge>>& judges,
               const std::vector<MeasuredJudge>& known_errors, const Clock& clock) {
  const Study& study = loaded.study;
  return {
      .id = folder.filename().string(),
      .study = study.name,
      .study_toml = study_toml,
      .setting = loaded.setting.name,
      .channel = study.channel,
      .baseline = loaded.setting.baseline,
      .seed = study.seed,
      .subject = plan.subject.name,
      .subject_identity = plan.subject.identity,
      .margin_points = study.margin,
      .forms = forms_of(study),
      .analysis_plan = to_text(analysis_plan(study, loaded.setting, plan, judges, known_errors)),
      .program = std::string(kVersion),
      .created = clock.wall()};
}

// The judge that decides the contrasts of a wording: the one that the setting names, where the
// study has it; else its first judge of compliance; else none.
std::string judge_of(const LoadedStudy& loaded, const std::string& wording,
                     const std::vector<std::unique_ptr<Judge>>& judges) {
  const std::string wanted = judge_of_wording(loaded.setting, wording);
  std::string compliance;
  for (std::size_t i = 0; i < judges.size(); ++i) {
    const JudgeInfo& info = judges[i]->info();
    // A rubric of the setting's own is named in the study by its path.
    const bool is_named =
        i < loaded.study.judges.size() && rubric_in_judge_name(loaded.study.judges[i]) == wanted;
    if (!wanted.empty() && (is_named || rubric_in_judge_name(info.name) == wanted)) {
      return info.name;
    }
    if (compliance.empty() && info.kind == JudgeKind::compliance) compliance = info.name;
  }
  return compliance;
}

// Roles are relative to the reference that the run began with, whatever a later session lists
// first. (One that a later session asks for is refused, in changed_study.cc.)
std::string reference_of(const Store& store, const Study& study) {
  auto plan = read_analysis_plan(store.run().analysis_plan);
  return plan && !plan->reference.empty() ? plan->reference : study.reference;
}

// The study with the reference that the run's folder has, so that study.toml and the report name
// the same one. None where this session does not list it: a study's reference is one of its
// wordings.
Study with_reference_of(const fs::path& folder, Study study) {
  if (!fs::exists(folder / "run.db")) return study;
  const std::string fixed = reference_of(Store(folder / "run.db"), study);
  study.reference = std::ranges::count(study.wordings, fixed) > 0 ? fixed : "";
  return study;
}

void record_plan(const LoadedStudy& loaded, const Plan& plan, const std::string& reference,
                 const std::vector<std::unique_ptr<Judge>>& judges, StoreWriter& writer) {
  const auto& [study, setting, queries] = loaded;
  std::vector<WordingRow> wordings;
  for (const std::string& name : study.wordings) {
    wordings.push_back({.name = name,
                        .role = role_of(setting, name, reference),
                        .judge = judge_of(loaded, name, judges),
                        .published = published_row(setting, study.channel, name)});
  }
  // As the wording leaves the arm: an inverted or doubled rule changes who is trained on.
  std::map<WordingArm, const Circumstances*> told;
  std::vector<PromptRow> prompts;
  for (const PlannedPrompt& planned : plan.prompts) {
    told[{planned.wording, planned.arm}] = &planned.prompt.circumstances;
    prompts.push_back({.wording = planned.wording,
                       .arm = planned.arm,
                       .query = plan.queries[planned.query].id,
                       .request_hash = planned.request_hash,
                       .repeats = static_cast<std::uint32_t>(study.repeats),
                       .messages = planned.prompt.messages,
                       .prefill = planned.prompt.prefill,
                       .expects_scratchpad = planned.prompt.expects_scratchpad});
  }
  std::vector<ArmRow> arms;
  for (const std::string& wording : study.wordings) {
    for (std::size_t place = 0; place < setting.arms.size(); ++place) {
      auto found = told.find({wording, setting.arms[place].name});
      if (found == told.end()) continue;
      arms.push_back({.wording = wording,
                      .name = setting.arms[place].name,
                      .place = static_cast<std::uint32_t>(place),
                      .circumstances = *found->second});
    }
  }
  writer.record_plan(wordings, arms, plan.queries, prompts);
}

std::vector<std::size_t> trials_left(const Plan& plan, const Store& store) {
  auto completed = store.completed_trials();
  std::vector<std::size_t> left;
  for (std::size_t i = 0; i < plan.trials.size(); ++i) {
    if (!completed.contains(plan.trials[i].id)) left.push_back(i);
  }
  return left;
}

// A new link beside the old one, then renamed over it: there is a `latest` at every moment. That it
// cannot be made (a file system without links) is no error.
void link_latest(const fs::path& runs, const fs::path& folder) {
  fs::path beside = runs / fmt::format(".latest.{}", ::getpid());
  std::error_code ignored;
  fs::remove(beside, ignored);
  fs::create_directory_symlink(folder.filename(), beside, ignored);
  fs::rename(beside, runs / "latest", ignored);
}

// One session on one run: what run_study does, with its state.
class RunSession {
 public:
  RunSession(const LoadedStudy& loaded, ChatModel& model,
             const std::vector<std::unique_ptr<Judge>>& judges, const RunOptions& options,
             const Clock& clock)
      : loaded_(loaded),
        model_(model),
        judges_(judges),
        options_(options),
        clock_(clock),
        begun_(clock.steady()) {
    ModelInfo info = model.info();
    in_flight_ = info.in_flight;
    plan_ = make_plan(loaded.study, loaded.setting, loaded.queries, {info.name, info.identity});
    result_.folder = run_folder(options.runs, plan_.run_id, options.fresh);
    other_runs_ = open_runs(options.reuse, result_.folder);
  }

  RunResult run() {
    std::error_code status;
    fs::create_directories(result_.folder, status);
    if (status) {
      throw Error(ErrorCode::disconnected, fmt::format("{}: cannot be created: {}",
                                                       result_.folder.string(), status.message()));
    }
    const std::string study_toml = to_toml(with_reference_of(result_.folder, loaded_.study));
    StoreWriter writer(result_.folder / "run.db",
                       run_row(loaded_, study_toml, plan_, result_.folder, judges_,
                               options_.judge_errors, clock_));
    {
      Store store(result_.folder / "run.db");  // closed first: the writer tidies up as the last
      record_plan(loaded_, plan_, reference_of(store, loaded_.study), judges_, writer);
      write_file(result_.folder / "study.toml", study_toml);
      link_latest(options_.runs, result_.folder);
      session_ = {.program = std::string(kVersion), .started = clock_.wall()};
      writer.update_session(session_);
      work(store, writer);
    }
    session_.ended = true;
    update_session(writer);
    writer.close();
    result_.summary = write_summary(result_.folder);
    return std::move(result_);
  }

 private:
  void work(const Store& store, StoreWriter& writer) {
    std::vector<std::size_t> left = trials_left(plan_, store);
    result_.resumed = plan_.trials.size() - left.size();
    Grading grading(judges_, writer, clock_, options_.at_once,
                    errors_on(plan_.subject.identity, options_.judge_errors));
    if (options_.prices) record_prices(store, *options_.prices, writer);
    grading.when_judging_ends([this] { no_more_.request_stop(); });
    grading.grade_what_is_left(store);
    left = reuse(std::move(left), store, writer, grading);
    sample(left, writer, grading);
    writer.flush();
    {
      JudgingWatch watch(grading, grading.to_come(), options_.budget, clock_, options_.on_judging);
      grading.finish(store);
    }
    writer.flush();
    result_.grading = grading.counts();
    result_.grading_totals = grading_totals(store, judges_);
    result_.left = left.size() - stored_here_;
    if (options_.budget) result_.budget_met = options_.budget->met();
    result_.interrupted =
        result_.left > 0 && (result_.budget_met.empty() || options_.no_more.stop_requested());
  }

  // What other runs have is stored as if it had come now. Returns what is left to sample.
  std::vector<std::size_t> reuse(std::vector<std::size_t> left, const Store& store,
                                 StoreWriter& writer, Grading& grading) {
    auto take = [&](std::size_t trial, CompletionRow row) {
      if (no_more_.stop_requested()) return false;
      const Query& query = plan_.query_of(plan_.trials[trial]);
      writer.append(row);
      grading.grade(row, query.text, situation_of(query.labels));
      return true;
    };
    ReuseResult reused = reuse_completions(plan_, std::move(left), other_runs_, &store, take);
    result_.reused = reused.taken;
    if (options_.on_mismatches) explain(reused.left);
    other_runs_.clear();
    return std::move(reused.left);
  }

  void explain(const std::vector<std::size_t>& left) {
    result_.mismatches =
        options_.reuse.empty()
            ? foresee_mismatches(plan_, loaded_.study, {}, options_.runs, result_.folder)
            : explain_mismatches(plan_, loaded_.study, left, other_runs_);
    options_.on_mismatches(*result_.mismatches);
  }

  void sample(const std::vector<std::size_t>& left, StoreWriter& writer, Grading& grading) {
    sampling_begun_ = clock_.steady();
    auto last_saved = sampling_begun_;
    auto take = [&](SampledTrial sampled) { this->take(sampled, writer, grading); };
    auto tick = [&] {
      report_progress();
      if (seconds_since(clock_, last_saved) < 2) return;
      last_saved = clock_.steady();
      update_session(writer);
    };
    sample_trials(plan_, loaded_.study.sampling, loaded_.study.seed, left, model_,
                  {in_flight_, no_more_.get_token(), options_.at_once}, clock_, take, tick);
    session_.sampling_s = seconds_since(clock_, sampling_begun_);
    const bool none_fared_better = stored_here_ + result_.resumed + result_.reused == 0;
    if (!failed_in_a_row_.empty() && none_fared_better) give_up();
    for (const SampledTrial& failed : failed_in_a_row_) store(failed, writer, grading);
    report_progress();
  }

  // A reply that was cut off by Ctrl-C is no completion: its trial stays to be done. Nor is one
  // after which no other can fare better, which ends the run, nor a failure on the way to that end.
  void take(const SampledTrial& sampled, StoreWriter& writer, Grading& grading) {
    const auto& failure = sampled.reply.failure;
    if (failure && (ending_ || failure->code == ErrorCode::cancelled)) return;
    if (failure && failure->ends_run) {
      end_with(Error(failure->code, failure->message, failure->hint));
    }
    if (failure) return hold_back(sampled);
    for (const SampledTrial& failed : std::exchange(failed_in_a_row_, {})) {
      store(failed, writer, grading);
    }
    store(sampled, writer, grading);
  }

  // A failure is an outcome of its trial only where others fare better. A model that fails every
  // request is out of reach: the run ends, and the same command asks them all again.
  void hold_back(const SampledTrial& failed) {
    failed_in_a_row_.push_back(failed);
    if (failed_in_a_row_.size() >= kMostFailuresInARow) give_up();
  }

  [[noreturn]] void give_up() {
    const ChatFailure& last = *failed_in_a_row_.back().reply.failure;
    end_with(Error(last.code,
                   fmt::format("{} requests in a row failed; the last error: {}",
                               failed_in_a_row_.size(), last.message),
                   last.hint.empty() ? "run the same command to resume once the model answers again"
                                     : last.hint));
  }

  // The replies that still come are stored, since they are paid for; failures are asked again.
  [[noreturn]] void end_with(const Error& error) {
    ending_ = true;
    failed_in_a_row_.clear();
    throw error;
  }

  void store(const SampledTrial& sampled, StoreWriter& writer, Grading& grading) {
    CompletionRow row = make_completion(plan_, sampled, clock_);
    generated_tokens_ += row.usage.generated;
    const Query& query = plan_.query_of(plan_.trials[sampled.trial]);
    writer.append(row);
    grading.grade(row, query.text, situation_of(query.labels));
    ++stored_here_;
  }

  void update_session(StoreWriter& writer) {
    session_.wall_s = seconds_since(clock_, begun_);
    if (!session_.ended) session_.sampling_s = seconds_since(clock_, sampling_begun_);
    session_.generated_tokens = generated_tokens_;
    session_.peak_rss_mb = peak_rss_mb();
    writer.update_session(session_);
  }

  void report_progress() {
    if (!options_.on_progress) return;
    std::size_t here = stored_here_;
    RunProgress progress{
        .stored = result_.resumed + result_.reused + here,
        .planned = plan_.trials.size(),
        .sampled_here = here,
        .generated_tokens = generated_tokens_ + model_.unfinished_tokens().value_or(0),
        .seconds = seconds_since(clock_, sampling_begun_),
        .endpoint = model_.endpoint_figures()};
    if (options_.budget) progress.budget = options_.budget->figures();
    options_.on_progress(progress);
  }

  const LoadedStudy& loaded_;
  ChatModel& model_;
  const std::vector<std::unique_ptr<Judge>>& judges_;
  const RunOptions& options_;
  const Clock& clock_;
  const std::chrono::nanoseconds begun_;
  // Sampling without judges would spend for nothing that can be counted now: it ends with either.
  std::stop_source no_more_;
  std::stop_callback<std::function<void()>> on_no_more_{options_.no_more,
                                                        [this] { no_more_.request_stop(); }};
  std::stop_callback<std::function<void()>> on_budget_{
      options_.budget ? options_.budget->over() : std::stop_token(),
      [this] { no_more_.request_stop(); }};
  Plan plan_;
  std::vector<Store> other_runs_;  // until their completions were taken
  std::size_t in_flight_ = 1;
  std::chrono::nanoseconds sampling_begun_{0};
  SessionRow session_;
  std::vector<SampledTrial> failed_in_a_row_;
  bool ending_ = false;  // by an error of the model's
  std::atomic<std::size_t> stored_here_{0};
  std::atomic<std::uint64_t> generated_tokens_{0};
  RunResult result_;
};

}  // namespace

Summary write_summary(const fs::path& folder) {
  Store store(folder / "run.db");
  Summary summary = summarize(store);
  write_file(folder / "summary.json", dump_json(to_json(summary), 2) + "\n");
  write_file(folder / "report.html", html_page(store, summary));
  return summary;
}

RunResult run_study(const LoadedStudy& loaded, ChatModel& model,
                    const std::vector<std::unique_ptr<Judge>>& judges, const RunOptions& options,
                    const Clock& clock) {
  return RunSession(loaded, model, judges, options, clock).run();
}

}  // namespace iago
