// iago label RUN
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/internal/exit_status.h"
#include "cli/internal/key_reader.h"
#include "cli/internal/output_option.h"
#include "cli/internal/program.h"
#include "cli/internal/streams.h"
#include "figures/disagreement.h"
#include "instrument/label_desk.h"
#include "instrument/label_sample.h"
#include "instrument/people_labels.h"
#include "store/writer.h"

namespace iago {
namespace {

struct LabelArguments {
  std::filesystem::path run = "runs/latest";
  std::optional<std::uint64_t> labels, seed;
  std::optional<std::string> estimator;
  std::string labeller, judge;
  std::filesystem::path from, sheet;
  bool new_sample = false;
  OutputOption output;
};

constexpr std::uint64_t kLabels = 200;  // of a first sample

std::string labeller_of(const LabelArguments& arguments) {
  if (!arguments.labeller.empty()) return arguments.labeller;
  const char* user = std::getenv("USER");
  if (user != nullptr && *user != '\0') return user;
  throw Error(ErrorCode::invalid, "nobody is named as the labeller", "name yourself: --as NAME");
}

// The run's sample, drawn first where there is none or a larger one is asked for.
LabelSample sample_of(const LabelArguments& arguments, const std::filesystem::path& store,
                      const Clock& clock) {
  const Store before(store);
  const std::optional<LabelSample> known = before.label_sample();
  SampleOptions options{.seed = arguments.seed, .is_new = arguments.new_sample};
  options.labels =
      arguments.labels.value_or(known && !options.is_new ? known->drawn.size() : kLabels);
  if (arguments.estimator) options.estimator = label_estimator_named(*arguments.estimator);
  if (!arguments.judge.empty()) options.judge = find_judge(before, arguments.judge).hash;
  if (known && !options.is_new && (options.seed || options.estimator)) {
    throw Error(ErrorCode::invalid, "seed and estimator were fixed when the sample was drawn",
                "draw another with --new-sample, or leave --seed and --estimator away");
  }
  LabelSample sample = draw_sample(before, options, clock);
  if (known && sample == *known) return sample;
  StoreWriter writer(store);
  writer.record_sample(sample);
  writer.close();
  print_stderr(fmt::format("{} answers are drawn for people ({}, seed {})\n", sample.drawn.size(),
                           name_of(sample.estimator), sample.seed));
  return sample;
}

void store_labels(const std::filesystem::path& store, const std::vector<PeopleLabel>& labels) {
  StoreWriter writer(store);
  writer.record_people_labels(labels);
  writer.close();
}

// One key after the other, each label stored before the next is asked. Returns the exit status.
int label_at_terminal(const std::filesystem::path& path, const LabelSample& sample,
                      const std::string& labeller, const Clock& clock) {
  const Store store(path);
  LabelDesk desk(answers_to_label(store, sample), asked_kinds(store, sample), store.people_labels(),
                 labeller, clock);
  StoreWriter writer(path);
  KeyReader keys;
  const auto show = [&] { fmt::print("\x1b[2J\x1b[H{}", desk.screen()), std::fflush(stdout); };
  if (!desk.is_done()) show();
  while (!desk.is_done()) {
    const auto key = keys.key();
    if (key == KeyReader::kInterrupt) return kInterrupted;
    if (!key) break;
    const LabelDesk::Pressed pressed = desk.press(*key);
    if (pressed.did == LabelDesk::Did::quit) break;
    if (pressed.did == LabelDesk::Did::nothing) continue;
    if (pressed.label) writer.record_people_labels(std::vector{*pressed.label});
    if (pressed.did == LabelDesk::Did::wants_note) {
      fmt::print("note: "), std::fflush(stdout);
      if (const auto note = keys.line()) desk.set_note(*note);
    }
    if (!desk.is_done()) show();
  }
  fmt::print("\n");
  if (desk.skipped() > 0) {
    print_stderr(fmt::format("{} answers were skipped: the same command shows them again\n",
                             desk.skipped()));
  }
  return kDone;
}

// Counts the labels into the run and says what they say.
int finish(const std::filesystem::path& folder, const LabelArguments& arguments) {
  const LabelledRun held = hold_labels(Store(folder / "run.db"));
  const WrittenLabels written = write_label_errors(folder, held);
  if (arguments.output.json) {
    fmt::print("{}\n", dump_json(to_json(held), 2));
  } else {
    fmt::print("{}", to_markdown(held));
    if (written.summary) fmt::print("\n{}", corrected_lines(*written.summary));
  }
  for (const std::string& why : written.not_written) {
    print_stderr(fmt::format("not counted, {}\n", why));
  }
  if (!written.withdrawn.empty()) {
    print_stderr(fmt::format("written to {}: labels no longer correct its figures for {}\n",
                             folder.string(), fmt::join(written.withdrawn, ", ")));
  }
  if (written.judges.empty()) return kIncomplete;
  const bool is_corrected = written.summary && is_corrected_by_labels(*written.summary);
  print_stderr(fmt::format(
      "written to {}: the labels for {} {}\n", folder.string(), fmt::join(written.judges, ", "),
      is_corrected ? "correct its figures" : "are counted, but correct no figure yet"));
  return kDone;
}

int label_command(const LabelArguments& arguments, const Context&) {
  SystemClock clock;
  const auto folder = std::filesystem::weakly_canonical(arguments.run);
  const std::filesystem::path path = folder / "run.db";
  const LabelSample sample = sample_of(arguments, path, clock);
  if (!arguments.sheet.empty()) {
    write_file(arguments.sheet, label_sheet(Store(path), sample, labeller_of(arguments)));
    print_stderr(
        fmt::format("written to {}: fill in its last columns, then iago label {} --from "
                    "{}\n",
                    arguments.sheet.string(), arguments.run.string(), arguments.sheet.string()));
    return kDone;
  }
  if (!arguments.from.empty()) {
    store_labels(
        path, read_label_file(arguments.from, Store(path), sample, labeller_of(arguments), clock));
  } else if (KeyReader::is_possible() && !arguments.output.json) {
    const int status = label_at_terminal(path, sample, labeller_of(arguments), clock);
    if (status != kDone) return status;
  } else {
    print_stderr("no terminal to label at: take labels from a file with --from\n");
  }
  return finish(folder, arguments);
}

std::vector<std::string> estimator_names() {
  std::vector<std::string> names;
  for (LabelEstimator estimator : kLabelEstimators) names.emplace_back(name_of(estimator));
  return names;
}

void add_options(CLI::App& command, LabelArguments& a) {
  command.add_option("run", a.run, "The run's folder")->capture_default_str();
  command
      .add_option("--labels", a.labels,
                  fmt::format("How many answers to draw, in all strata together (default: {}). A "
                              "larger number later adds to the sample",
                              kLabels))
      ->check(CLI::PositiveNumber);
  command.add_option("--as", a.labeller, "Your name (default: $USER). Two people give a kappa");
  auto* from = command.add_option("--from", a.from,
                                  "Take labels from a CSV or JSONL file instead of the terminal");
  command.add_option("--sheet", a.sheet, "Write the sample to a CSV file for people to fill in")
      ->excludes(from);
  command
      .add_option("--estimator", a.estimator,
                  "How labels become a rate (default: prediction-powered if the judge gives "
                  "probabilities, else stratified). Fixed when the sample is drawn")
      ->check(CLI::IsMember(estimator_names()));
  command.add_option("--seed", a.seed, "Seed of the draw (default: the run's)")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1} << 62));
  command.add_flag("--new-sample", a.new_sample,
                   "Draw another sample. Labels stay, and count where their answers are drawn");
  command.add_option("--judge", a.judge,
                     "Draw by this judge of the run, which has a kind of its own, and ask for its "
                     "labels. Default: the judges that count");
  a.output.add_to(command);
}

}  // namespace

void add_label(Program& iago) {
  auto [command, a] = iago.add<LabelArguments>(
      "label", "Label a sample of a run's answers, and correct its figures by the labels",
      label_command);
  add_options(command, a);
  command.footer(
      "You see the request, the scratchpad and the output, and neither arm nor wording nor what a\n"
      "judge said. One key gives a label, and each is stored at once. Run the same command again\n"
      "to resume. The sample is drawn within arm x judge's label, 12 or more in each.\n"
      "Examples:\n"
      "  iago label runs/latest --labels 200 --as Ada\n"
      "  iago label runs/latest --sheet answers.csv\n"
      "  iago label runs/latest --from answers.csv --as Grace\n"
      "  iago label runs/latest --judge names-client --new-sample --as Ada");
}

}  // namespace iago
