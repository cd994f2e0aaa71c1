// iago run STUDY
#include "lab/run.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "judge/rule_judges.h"
#include "lab/subject.h"
#include "report/printable.h"
#include "report/terminal.h"

namespace iago::cli {
namespace {

constexpr double kTooMuchMissing = 0.05;

std::vector<std::unique_ptr<Judge>> make_judges(const Study& study) {
  std::vector<std::unique_ptr<Judge>> judges;
  for (const std::string& name : study.judges) judges.push_back(make_rule_judge(name));
  return judges;
}

std::string progress_text(const lab::RunProgress& progress) {
  double rate = progress.seconds > 0 ? progress.sampled_here / progress.seconds : 0;
  double left = rate > 0 ? static_cast<double>(progress.planned - progress.stored) / rate : -1;
  double tokens = progress.seconds > 0 ? progress.generated_tokens / progress.seconds : 0;
  return fmt::format("{} of {} completions ({:.0f} %), {:.0f} tokens/s, {} left", progress.stored,
                     progress.planned,
                     100.0 * progress.stored / std::max<std::size_t>(progress.planned, 1), tokens,
                     format_duration(left));
}

Json message_json(const Message& message) {
  return {{"role", name_of(message.role)}, {"text", message.text}};
}

void print_plan(const LoadedStudy& loaded, const Plan& plan, const RunArguments& arguments) {
  const Study& study = loaded.study;
  std::filesystem::path folder = lab::run_folder(arguments.runs, plan.run_id, arguments.fresh);
  if (arguments.output == Output::json) {
    Json json{{"run", plan.run_id},
              {"folder", folder.string()},
              {"model", plan.subject.name},
              {"identity", plan.subject.identity},
              {"setting", loaded.setting.name},
              {"channel", study.channel},
              {"variant", study.variant},
              {"arms", study.arms},
              {"queries", plan.queries.size()},
              {"repeats", study.repeats},
              {"trials", plan.trials.size()},
              {"prompts", Json::array()}};
    for (const std::string& arm : study.arms) {
      for (const PlannedPrompt& prompt : plan.prompts) {
        if (prompt.arm != arm) continue;
        Json messages = Json::array();
        for (const Message& message : prompt.prompt.messages)
          messages.push_back(message_json(message));
        json["prompts"].push_back(
            {{"arm", arm}, {"messages", messages}, {"prefill", prompt.prompt.prefill}});
        break;
      }
    }
    fmt::print("{}\n", dump_json(json, 2));
    return;
  }
  fmt::print("{}: {} queries x {} arms x {} repeats = {} completions of {}\nrun folder: {}\n",
             study.name, plan.queries.size(), study.arms.size(), study.repeats, plan.trials.size(),
             plan.subject.name, folder.string());
  for (const std::string& arm : study.arms) {
    for (const PlannedPrompt& prompt : plan.prompts) {
      if (prompt.arm != arm) continue;
      fmt::print("\n--- {} ---\n", arm);
      for (const Message& message : prompt.prompt.messages)
        fmt::print("{}\n", printable(message.text, 4000));
      if (!prompt.prompt.prefill.empty()) fmt::print("prefill: {}\n", prompt.prompt.prefill);
      break;
    }
  }
}

void print_result(const lab::RunResult& result, const RunArguments& arguments) {
  if (arguments.output == Output::json) {
    fmt::print("{}\n", dump_json(to_json(result.summary), 2));
    return;
  }
  fmt::print("{}",
             terminal_table(result.summary, {.colour = wants_colour(1) ? Colour::on : Colour::off,
                                             .width = terminal_width(1),
                                             .folder = result.folder}));
}

bool too_much_missing(const Summary& summary) {
  for (const ArmSummary& arm : summary.arms) {
    if (arm.completed() > 0 && static_cast<double>(arm.missing()) >
                                   kTooMuchMissing * static_cast<double>(arm.completed())) {
      return true;
    }
  }
  return false;
}

}  // namespace

int run_command(const RunArguments& arguments, const Context& context) {
  InterruptGuard interrupt;
  SystemClock clock;
  LoadedStudy loaded = load_study(arguments.study, arguments.overrides, context.data);
  if (loaded.study.model.empty()) {
    throw Error(ErrorCode::invalid, fmt::format("{}: no model", arguments.study.string()),
                "add model = \"organism:faker\" to the study, or --model to the command");
  }
  auto model = lab::open_subject(
      loaded.study.model, {.organisms = context.data / "organisms", .threads = arguments.threads});
  if (arguments.dry_run) {
    ModelInfo info = model->info();
    print_plan(loaded,
               make_plan(loaded.study, loaded.setting, loaded.queries, {info.name, info.identity}),
               arguments);
    return 0;
  }
  lab::RunResult result;
  {
    ProgressLine line(clock);
    result = lab::run_study(
        loaded, *model, make_judges(loaded.study),
        {.runs = arguments.runs,
         .fresh = arguments.fresh,
         .no_more = interrupt.no_more(),
         .at_once = interrupt.at_once(),
         .on_progress = [&](const lab::RunProgress& p) { line.show(progress_text(p)); }},
        clock);
  }
  if (result.resumed > 0) {
    fmt::print(stderr, "went on with {}: {} completions were there already (--new begins anew)\n",
               result.folder.string(), result.resumed);
  }
  print_result(result, arguments);
  if (result.interrupted) {
    fmt::print(stderr, "interrupted with {} completions to go; the same command goes on\n",
               result.left);
    return 130;
  }
  return too_much_missing(result.summary) ? 3 : 0;
}

}  // namespace iago::cli
