// A session, from plan to summary. Its order is what makes it safe to stop at any moment: the run's
// row and the plan are stored before anything is sampled; each reply is handed to the store before
// it is judged; the summary is made of the store alone. So a session that is killed leaves a run
// that the same command resumes: `trials_left` are those without a completion.
//
// A request that fails leaves its trial open, and its cause is stored at once: nothing that a
// server said is lost, whatever comes after. When the run should end for it, run/stopping.h says.
//
// Threads: `take` is called by the model's threads, one at a time; rules_, first_look_, stop_ and
// last_limit_ are touched there, and by this thread only when sampling is over. The counts that
// progress shows are atomic; what people are to be told at once waits in notice_ for this thread.
#include "run/run.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <atomic>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/version.h"
#include "figures/looks.h"
#include "page/page.h"
#include "reuse/reuse.h"
#include "run/first_look.h"
#include "run/grading.h"
#include "run/known_errors.h"
#include "run/plan_rows.h"
#include "run/sampling.h"
#include "run/stopping.h"
#include "spend/forecast.h"
#include "store/run_folder.h"
#include "store/store.h"
#include "store/writer.h"
#include "text/printable.h"
#include "trial/completion.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

double peak_rss_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

std::vector<std::size_t> trials_left(const Plan& plan, const Store& store) {
  auto completed = store.completed_trials();
  std::vector<std::size_t> left;
  for (std::size_t i = 0; i < plan.trials.size(); ++i) {
    if (!completed.contains(plan.trials[i].id)) left.push_back(i);
  }
  return left;
}

// How many different prompts the trials ask, by arm.
std::map<WordingArm, std::size_t> prompts_by_arm(const Plan& plan,
                                                 const std::vector<std::size_t>& trials) {
  std::set<std::size_t> prompts;
  for (std::size_t trial : trials) prompts.insert(plan.trials[trial].prompt);
  std::map<WordingArm, std::size_t> counts;
  for (std::size_t prompt : prompts) {
    ++counts[{plan.prompts[prompt].wording, plan.prompts[prompt].arm}];
  }
  return counts;
}

std::set<WordingArm> arms_asked(const std::map<WordingArm, std::size_t>& prompts) {
  std::set<WordingArm> arms;
  for (const auto& [told, n] : prompts) arms.insert(told);
  return arms;
}

// The study as resolved, and as comments where its requests go and with what, which is no part of
// it: the names of headers without their values, and the sampling as the server took it.
std::string study_file(std::string text, const std::optional<SentRecord>& sent) {
  if (!sent || sent->base_url.empty()) return text;
  text += fmt::format("\n# sent to {}\n", printable(sent->base_url, 1000));
  if (!sent->extra_body.empty()) {
    text += fmt::format("# --extra-body '{}'\n", printable(sent->extra_body, 10'000));
  }
  for (const std::string& name : sent->header_names) {
    text += fmt::format("# --header {}=...\n", printable(name, 1000));
  }
  if (!sent->sampling.empty()) {
    text += fmt::format("# sampling as sent: {}\n", printable(sent->sampling, 10'000));
  }
  for (const std::string& field : sent->left_out) {
    text += fmt::format("# left out, because the server refused it: {}\n", printable(field, 1000));
  }
  return text;
}

// Of the newest session that sent something, or of the newest.
std::optional<SentRecord> newest_sent(const std::vector<SessionRow>& sessions) {
  std::optional<SentRecord> newest;
  for (const SessionRow& session : sessions) {
    const bool has_sent = session.sent && !session.sent->sampling.empty();
    if (has_sent || !newest || newest->sampling.empty()) newest = session.sent;
  }
  return newest;
}

Error error_of(const Stop& stop) { return {stop.code, stop.message, stop.hint}; }

// A request that the model cannot serve (a prompt beyond its context) is no fault of the command's.
[[noreturn]] void rethrow(const Error& error) {
  if (error.code() != ErrorCode::invalid) throw;
  throw Error(ErrorCode::unsupported, error.what(), error.hint());
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
    result_.folder = !options.folder.empty()
                         ? options.folder
                         : run_folder(options.runs, plan_.run_id, options.fresh);
    other_runs_ = open_runs(options.reuse, result_.folder);
    know_errors(foreign_sentences(plan_));
  }

  RunResult run() {
    std::error_code status;
    fs::create_directories(result_.folder, status);
    if (status) {
      throw Error(ErrorCode::disconnected, fmt::format("{}: cannot be created: {}",
                                                       result_.folder.string(), status.message()));
    }
    // Opened once: a store is checked whole at each opening.
    const fs::path file = result_.folder / "run.db";
    std::optional<Store> earlier;
    if (fs::exists(file)) earlier.emplace(file);
    if (earlier && foreign_.empty()) know_errors(foreign_sentences(*earlier));
    const std::string study_toml =
        to_toml(earlier ? with_reference_of(*earlier, loaded_.study) : loaded_.study);
    StoreWriter writer(
        file, run_row(loaded_, study_toml, plan_, result_.folder, judges_, known_errors_, clock_));
    {
      // Closed first: the writer tidies up as the last.
      const Store store = earlier ? std::move(*earlier) : Store(file);
      record_plan(loaded_, plan_, store, judges_, writer);
      session_ = {
          .program = std::string(kVersion), .started = clock_.wall(), .sent = model_.sent_record()};
      write_file(result_.folder / "study.toml", study_file(study_toml, session_.sent));
      if (options_.folder.empty()) link_latest(options_.runs, result_.folder);
      writer.update_session(session_);
      work(store, writer);
    }
    session_.ended = true;
    update_session(writer);
    writer.close();
    result_.summary = write_summary(result_.folder);
    // Only now it is known what the server took.
    const auto sent = newest_sent(result_.summary.record.sessions);
    if (sent) write_file(result_.folder / "study.toml", study_file(study_toml, sent));
    if (stop_ && !stop_->is_limit) result_.stopped = error_of(*stop_);
    return std::move(result_);
  }

 private:
  ReasoningOf reasoning() const {
    return loaded_.study.all_reasoning ? ReasoningOf::all : ReasoningOf::complying;
  }

  void work(const Store& store, StoreWriter& writer) {
    std::vector<std::size_t> left = trials_left(plan_, store);
    result_.planned = plan_.trials.size();
    result_.resumed = result_.planned - left.size();
    warn_of_foreign_prompts();
    warn_of_looks(store, left);
    Grading grading(judges_, writer, clock_, options_.at_once, known_errors_, reasoning());
    if (options_.prices) record_prices(store, *options_.prices, writer);
    if (options_.check) writer.record_subject_check(dump_json(to_json(*options_.check)));
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
    result_.grading_totals = grading_totals(store, judges_, reasoning());
    if (loaded_.study.sampling.logprobs) {
      result_.without_logprobs = store.completions_without_logprobs();
      result_.replies_without_logprobs = replies_without_logprobs_;
    }
    result_.left = left.size() - stored_here_;
    if (options_.budget) result_.budget_met = options_.budget->met();
    result_.interrupted = result_.left > 0 && options_.no_more.stop_requested();
    // Figures of all that answered are figures, though trials stay open or a limit ended the run.
    const bool has_failed = stop_ && !stop_->is_limit;
    if (!result_.interrupted && !has_failed) session_.shown = store.completions_by_arm();
    if (last_limit_) result_.limit_met = limit_text(*last_limit_);
  }

  // `foreign`: sentences of the run's prompts that its organism does not know.
  void know_errors(std::vector<std::string> foreign) {
    foreign_ = std::move(foreign);
    known_errors_ =
        errors_of_run({plan_.subject.name, plan_.subject.identity, loaded_.setting.name}, foreign_,
                      options_.judge_errors);
  }

  void warn_of_foreign_prompts() {
    if (options_.on_notice && !foreign_.empty()) options_.on_notice(foreign_warning(foreign_));
  }

  void warn_of_looks(const Store& store, const std::vector<std::size_t>& left) {
    if (!options_.on_notice || left.empty()) return;
    const auto notice = extension_notice(store, arms_asked(prompts_by_arm(plan_, left)));
    if (!notice.empty()) options_.on_notice(notice);
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
    rules_.emplace(prompts_by_arm(plan_, left), result_.resumed + result_.reused > 0);
    auto last_saved = sampling_begun_;
    auto take = [&](SampledTrial sampled) { this->take(sampled, writer, grading); };
    auto tick = [&] {
      report_progress();
      if (seconds_since(clock_, last_saved) < 2) return;
      last_saved = clock_.steady();
      update_session(writer);
    };
    try {
      sample_trials(plan_, loaded_.study.sampling, loaded_.study.seed, left, model_,
                    {in_flight_, no_more_.get_token(), options_.at_once}, clock_, take, tick);
    } catch (const Error& error) {
      if (!stop_) rethrow(error);  // else it is told when all is written
    }
    session_.sampling_s = seconds_since(clock_, sampling_begun_);
    if (!stop_ && !no_more_.stop_requested()) stop_ = rules_->at_end();
    report_progress();
  }

  // A request that was cut off by Ctrl-C or by the end of the budget says nothing of its trial. The
  // replies that come after a stop are stored, since they are paid for.
  void take(const SampledTrial& sampled, StoreWriter& writer, Grading& grading) {
    const auto& failure = sampled.reply.failure;
    if (!failure) {
      rules_->answered();
      return store(sampled, writer, grading);
    }
    if (failure->code == ErrorCode::cancelled) return;
    writer.append(make_open_trial(plan_, sampled, clock_));
    ++open_here_;
    if (failure->cause == OpenCause::rate_limit) last_limit_ = failure;
    if (stop_) return;
    const std::size_t prompt = plan_.trials[sampled.trial].prompt;
    const PlannedPrompt& planned = plan_.prompts[prompt];
    stop_ = rules_->failed({planned.wording, planned.arm}, prompt, *failure);
    if (stop_) throw error_of(*stop_);  // requests under way have some time to finish
  }

  void store(const SampledTrial& sampled, StoreWriter& writer, Grading& grading) {
    CompletionRow row = make_completion(plan_, sampled, clock_);
    tell(first_look_.take(row.outcome));
    look_for_logprobs(row);
    generated_tokens_ += row.usage.generated;
    const Query& query = plan_.query_of(plan_.trials[sampled.trial]);
    writer.append(row);
    grading.grade(row, query.text, situation_of(query.labels));
    ++stored_here_;
  }

  // A server that does not know the field answers without it.
  void look_for_logprobs(const CompletionRow& row) {
    if (!loaded_.study.sampling.logprobs || !row.token_logprobs.empty()) return;
    ++replies_without_logprobs_;
    const bool said_something = !row.raw.empty() && row.finish != Finish::refused;
    if (!said_something || std::exchange(told_of_logprobs_, true)) return;
    tell(
        "a reply came without log-probabilities, though the study asks for them: the server gives "
        "none, or not for this reply. Completions are stored without them");
  }

  void tell(std::string notice) {
    if (notice.empty()) return;
    std::lock_guard lock(notice_mutex_);
    notice_ = std::move(notice);
  }

  void update_session(StoreWriter& writer) {
    session_.sent = model_.sent_record();
    session_.wall_s = seconds_since(clock_, begun_);
    if (!session_.ended) session_.sampling_s = seconds_since(clock_, sampling_begun_);
    session_.generated_tokens = generated_tokens_;
    session_.peak_rss_mb = peak_rss_mb();
    writer.update_session(session_);
  }

  void report_progress() {
    std::string notice;
    {
      std::lock_guard lock(notice_mutex_);
      notice = std::exchange(notice_, {});
    }
    if (options_.on_notice && !notice.empty()) options_.on_notice(notice);
    if (!options_.on_progress) return;
    std::size_t here = stored_here_;
    RunProgress progress{
        .stored = result_.resumed + result_.reused + here,
        .planned = plan_.trials.size(),
        .sampled_here = here,
        .open_here = open_here_,
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
  std::vector<std::string> foreign_;
  std::vector<MeasuredJudge> known_errors_;
  std::vector<Store> other_runs_;  // until their completions were taken
  std::size_t in_flight_ = 1;
  std::chrono::nanoseconds sampling_begun_{0};
  SessionRow session_;
  std::optional<StoppingRules> rules_;  // from the beginning of the sampling on
  std::optional<Stop> stop_;
  std::optional<ChatFailure> last_limit_;  // the newest that left a trial open
  FirstLook first_look_{loaded_.study.sampling.max_tokens};
  std::mutex notice_mutex_;
  std::string notice_;
  std::atomic<std::size_t> stored_here_{0}, open_here_{0};
  std::atomic<std::uint64_t> generated_tokens_{0};
  std::uint64_t replies_without_logprobs_ = 0;
  bool told_of_logprobs_ = false;
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
