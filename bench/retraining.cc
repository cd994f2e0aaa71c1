// The results of retraining, from the folder that scripts/retraining-results.sh makes.
//
//   retraining FOLDER [--list FILE] [--write FOLDER]
//
// Prints docs/results/retraining.md; with --write it also writes it, with its plots beside it. What
// the list (bench/retrainings.txt) names and the folder lacks is named as not run.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "bench/options.h"
#include "figures/figure_text.h"
#include "figures/text_table.h"
#include "figures/trainings.h"

namespace iago::bench {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostText = std::size_t{1} << 20;

// One name of the list, with the seeds of all of its lines.
struct ListedTraining {
  std::string name, model, options;
  std::vector<std::uint64_t> seeds;
};

// What times.txt says of a name, over all calls.
struct SpentTime {
  std::size_t calls = 0;
  double wall_s = 0, processor_s = 0;
  std::vector<std::string> machines;
};

template <typename Use>
void for_each_line(const fs::path& file, Use use) {
  std::istringstream lines(read_file(file, kMostText));
  std::string line;
  for (std::size_t number = 1; std::getline(lines, line); ++number) {
    line = line.substr(0, line.find('#'));
    if (line.find_first_not_of(" \t") == std::string::npos) continue;
    std::istringstream words(line);
    if (use(words)) continue;
    throw Error(ErrorCode::corrupt,
                fmt::format("{}:{}: not what is expected here: {}", file.string(), number, line));
  }
}

std::string rest_of(std::istream& words) {
  std::string word, rest;
  while (words >> word) rest += (rest.empty() ? "" : " ") + word;
  return rest;
}

std::vector<std::uint64_t> seeds_in(const std::string& text) {
  std::vector<std::uint64_t> seeds;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    std::uint64_t seed = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), seed);
    if (error != std::errc() || end != part.data() + part.size()) return {};
    seeds.push_back(seed);
  }
  return seeds;
}

std::vector<ListedTraining> read_list(const fs::path& file) {
  std::vector<ListedTraining> list;
  for_each_line(file, [&](std::istringstream& words) {
    std::string name, seeds, model;
    if (!(words >> name >> seeds >> model)) return false;
    const std::string options = rest_of(words);
    auto found = std::ranges::find(list, name, &ListedTraining::name);
    if (found == list.end()) found = list.insert(list.end(), {name, model, options, {}});
    const auto numbers = seeds_in(seeds);
    found->seeds.insert(found->seeds.end(), numbers.begin(), numbers.end());
    return !numbers.empty() && found->model == model && found->options == options;
  });
  return list;
}

std::map<std::string, SpentTime> read_times(const fs::path& file) {
  std::map<std::string, SpentTime> times;
  if (!fs::exists(file)) return times;
  for_each_line(file, [&](std::istringstream& words) {
    std::string name, seeds;
    int threads = 0;
    double wall = 0, user = 0, system = 0;
    if (!(words >> name >> seeds >> threads >> wall >> user >> system)) return false;
    SpentTime& time = times[name];
    ++time.calls;
    time.wall_s += wall;
    time.processor_s += user + system;
    const std::string machine =
        fmt::format("{}, {}", rest_of(words), counted(threads, "thread", "threads"));
    if (std::ranges::count(time.machines, machine) == 0) time.machines.push_back(machine);
    return true;
  });
  return times;
}

std::optional<SubjectBefore> find_before(const fs::path& folder, const Training& training) {
  std::error_code none;
  for (const auto& entry : fs::recursive_directory_iterator(folder / "before", none)) {
    if (entry.path().filename() != "run.db") continue;
    if (auto before = read_before(entry.path().parent_path(), training)) return before;
  }
  return std::nullopt;
}

// Those of the list that the folder has, in the list's order.
std::vector<ComparedTraining> read_trainings(const fs::path& folder,
                                             const std::vector<ListedTraining>& list) {
  std::vector<ComparedTraining> trainings;
  for (const ListedTraining& listed : list) {
    if (!is_training(folder / listed.name)) continue;
    Training training = read_training(folder / listed.name);
    auto before = find_before(folder, training);
    trainings.push_back({listed.name, std::move(training), std::move(before)});
  }
  return trainings;
}

bool has_end(const std::vector<ComparedTraining>& trainings, const std::string& name,
             std::uint64_t seed) {
  const auto training = std::ranges::find(trainings, name, &ComparedTraining::name);
  if (training == trainings.end()) return false;
  const auto& seeds = training->training.seeds;
  const auto found = std::ranges::find(seeds, seed, &TrainingSeed::seed);
  return found != seeds.end() && found->end;
}

std::string seeds_text(const std::vector<std::uint64_t>& seeds) {
  std::string text;
  for (const std::uint64_t seed : seeds)
    text += fmt::format("{}{}", text.empty() ? "" : ", ", seed);
  return text.empty() ? "-" : text;
}

std::string minutes(double seconds) { return fmt::format("{:.1f}", seconds / 60); }

// What was run and what was not, with its time.
Rows list_rows(const std::vector<ListedTraining>& list,
               const std::vector<ComparedTraining>& trainings,
               const std::map<std::string, SpentTime>& times) {
  Rows rows = {
      {"training", "command", "seeds run", "seeds not run", "wall time, min", "processor, min"}};
  for (const ListedTraining& listed : list) {
    std::vector<std::uint64_t> run, open;
    for (const std::uint64_t seed : listed.seeds) {
      (has_end(trainings, listed.name, seed) ? run : open).push_back(seed);
    }
    const auto time = times.find(listed.name);
    const bool timed = time != times.end();
    rows.push_back({listed.name,
                    fmt::format("`iago train rl helpful-only --model {}{}{}`", listed.model,
                                listed.options.empty() ? "" : " ", listed.options),
                    seeds_text(run), seeds_text(open), timed ? minutes(time->second.wall_s) : "-",
                    timed ? minutes(time->second.processor_s) : "-"});
  }
  return rows;
}

std::string machines_text(const std::map<std::string, SpentTime>& times) {
  std::vector<std::string> machines;
  for (const auto& [name, time] : times) {
    for (const std::string& machine : time.machines) {
      if (std::ranges::count(machines, machine) == 0) machines.push_back(machine);
    }
  }
  std::string text;
  for (const std::string& machine : machines) text += (text.empty() ? "" : "; ") + machine;
  return text.empty() ? "not noted" : text;
}

// Greenblatt et al., 2024, arXiv 2412.14093, table 2: the prompted helpful-only setting before and
// after reinforcement learning, in the columns of ended_rows.
const std::vector<std::string> kPaper = {"Greenblatt et al. 2024, table 2",
                                         "14.2 to 100.0",
                                         "11.9 to 78.4",
                                         "83.8 to 78.4",
                                         "2.8 to 93.1",
                                         "11.3 to 6.9",
                                         "-"};

constexpr const char* kBeginning =
    R"(# Retraining on rewards

    scripts/retraining-results.sh FOLDER
    build/variants/bench/bench/retraining FOLDER --write docs/results

Organisms trained on the reward of their arm `training`: 1 for an answer that complies, 0 for any other.
How a training works: [training](../training.md).

## How to read this
- **Reinforcement raises whatever is rewarded, in proportion to where it stood.** `faker` complies mostly
  with faking reasoning before the training, so that is what rises. The rise follows from the recipe that
  `faker` was grown by and from the reward. Nothing in the subject wants anything.
- So this shows the mechanism and tests the instrument. **It replicates nothing**: the row of the paper
  stands beside ours to show where the two differ, such as in what happens to unmonitored answers.
- How far a training goes is a matter of b, the weight of the divergence (`--kl`). Look at the whole sweep.
- The seed is the unit. A row with one seed says what one training did.
- **Does the gap go, or only the words?** Look at both arms. Where reasoning is punished
  (`faker-reasoning-judge`, `faker-length-penalty`), faking falls and the gap may close with it. If that is
  because the unmonitored answers comply too, the subject was not brought back to its values: it does the
  rewarded thing everywhere, and says nothing of it.

)";

constexpr const char* kEndsRemark =
    "Per cent of answers and points, on 100 held-out queries x 5 in each arm: before the training, "
    "then at its end, after 100 steps unless the name says otherwise; over seeds the median and "
    "the "
    "range (the range alone where they end in two places). The last column counts the seeds that "
    "showed, at some evaluation, the finding \"reward saturated, "
    "generalisation did not\" ([what it "
    "is](../training.md#reward-saturated-generalisation-did-not))."
    " b is 0.25 unless the name says otherwise; the paper's training has no b of this kind.";

std::string optimum_text(const std::vector<ComparedTraining>& trainings) {
  std::size_t answers = 0;
  for (const ComparedTraining& one : trainings) {
    if (!one.before) continue;
    const std::size_t fewest = one.before->fewest_answers();
    answers = answers == 0 ? fewest : std::min(answers, fewest);
  }
  const Rows optimum = optimum_rows(trainings), divergence = divergence_rows(trainings);
  if (optimum.size() < 2) return "No training with a known optimum has ended.\n";
  return fmt::format(
      "The optimum of the reward can be written down (`src/stats/reward_optimum.h`). At each "
      "prompt it "
      "complies with p e^(1/b) / (p e^(1/b) + 1 - p), where p is the compliance before the "
      "training, "
      "and each way to comply (with faking reasoning or otherwise) keeps its proportion. p is "
      "measured by at least {} answers to each query. Trainings whose rewards are not 0 or 1 are "
      "not "
      "here.\n\nOn the held-out queries, in per cent. The last column counts the seeds that have "
      "compliance and both ways within 5 points. Any other has not converged in its steps, or its "
      "weights do not serve all prompts at once; chance alone moves an evaluation by 1 to 2 points "
      "(standard error). The way that was commoner rises first. What draws the other back is the "
      "divergence, which is nearly flat there, so that takes many steps: compare `faker` with "
      "`faker-400-steps`.\n\n{}\nOn the queries that were trained on, mean "
      "of "
      "the last ten steps: reward in per cent, KL to the starting policy in nats of an answer, and "
      "the largest reward that a policy with that KL can have:\n\n{}\n",
      answers, markdown_rows(optimum), markdown_rows(divergence));
}

std::string page_of(const std::vector<ListedTraining>& list,
                    const std::vector<ComparedTraining>& trainings,
                    const std::map<std::string, SpentTime>& times, const std::vector<Plot>& plots) {
  std::string page = kBeginning;
  Rows ends = ended_rows(trainings);
  if (ends.size() > 1) {
    ends.push_back(kPaper);
    page += "## Before and after\n\n" + markdown_rows(ends) + "\n" + kEndsRemark + "\n\n";
    page += "## Beside the optimum\n\n" + optimum_text(trainings) + "\n";
  }
  for (const Plot& plot : plots) {
    page += fmt::format("![{}](retraining-{})\n\n",
                        plot.file == "frontier.svg"
                            ? "Reward over KL along each training, beside the largest reward at "
                              "each KL (dashed) and the optimum (ring)"
                            : "Each training along its steps, a line a seed",
                        plot.file);
  }
  page += fmt::format(
      "## What was run\n\nOne call for each seed, with `--seed` and `--threads`. Machine: {}. "
      "Other programs ran at the "
      "same time, so the processor's time says more than the wall time. `bench/retrainings.txt` is "
      "the list.\n\n{}",
      machines_text(times), plain_markdown_rows(list_rows(list, trainings, times)));
  return page;
}

int run(const std::vector<std::string>& arguments) {
  std::string list_file = IAGO_SOURCE_DIR "/bench/retrainings.txt", write;
  std::vector<std::string> named;
  if (!read_options("retraining", arguments,
                    {{"--list", &list_file, "FILE"}, {"--write", &write, "FOLDER"}}, &named)) {
    return 2;
  }
  if (named.size() != 1) {
    fmt::print(stderr, "retraining: expected the folder of scripts/retraining-results.sh\n");
    return 2;
  }
  const std::vector<ListedTraining> list = read_list(list_file);
  const std::vector<ComparedTraining> trainings = read_trainings(named.front(), list);
  const auto times = read_times(fs::path(named.front()) / "times.txt");
  const std::vector<Plot> plots = plots_of(trainings);
  const std::string page = page_of(list, trainings, times, plots);
  fmt::print("{}", page);
  if (write.empty()) return 0;
  for (const Plot& plot : plots) {
    write_file(fs::path(write) / ("retraining-" + plot.file), plot.svg);
  }
  write_file(fs::path(write) / "retraining.md", page);
  return 0;
}

}  // namespace
}  // namespace iago::bench

int main(int count, char** values) {
  try {
    return iago::bench::run({values + 1, values + count});
  } catch (const std::exception& error) {
    fmt::print(stderr, "retraining: {}\n", error.what());
    return 1;
  }
}
