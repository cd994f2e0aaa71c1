#include "cli/arguments.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "base/version.h"

namespace iago {
namespace {

// CLI11 fills the structure of the subcommand that was named.
class Parser {
 public:
  Parser()
      : app_(
            "Iago measures alignment faking: does a model behave differently when it believes "
            "that its answers are watched and trained on?",
            "iago") {
    app_.set_version_flag("--version", std::string(kVersion));
    app_.require_subcommand(1);
    app_.footer(
        "Begin with:  iago run studies/helpful-only.toml\n"
        "Help on one command:  iago run --help");
    add_run();
    add_plan();
    add_report();
    add_compare();
    add_show();
    add_judge();
    add_settings();
    add_organism();
    add_serve();
  }

  Arguments parse(int argc, const char* const* argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::Success& success) {
      return HelpArguments{success.get_name() == "CallForVersion" ? std::string(kVersion) + "\n"
                                                                  : asked_for_help()};
    } catch (const CLI::ParseError& error) {
      throw UsageError{error.what()};
    }
    return chosen_();
  }

 private:
  // The help of the innermost subcommand that was named.
  std::string asked_for_help() {
    CLI::App* innermost = &app_;
    std::string before;  // "iago settings", for the line of usage
    while (!innermost->get_subcommands().empty()) {
      before += (before.empty() ? "" : " ") + innermost->get_name();
      innermost = innermost->get_subcommands().front();
    }
    return innermost->help(before);
  }

  template <typename T>
  T& keep(CLI::App* command) {
    auto kept = std::make_shared<T>();
    // A command that has subcommands of its own is called after them, too.
    command->callback([this, kept, command] {
      if (command->get_subcommands().empty()) chosen_ = [kept] { return Arguments(*kept); };
    });
    return *kept;
  }

  static void add_json(CLI::App* command, Output& output) {
    command->add_flag_callback(
        "--json", [&output] { output = Output::json; }, "JSON for machines on standard output");
  }

  // What a study is made of, for the commands that take one.
  template <typename T>
  static void add_study(CLI::App* command, T& a) {
    command->add_option("study", a.study, "The study's TOML file")->required();
    command
        ->add_option("--model", a.models,
                     "organism:NAME, world:NAME, local:FOLDER, openai:MODEL, anthropic:MODEL or "
                     "scripted:FILE; several times for one run of each and their comparison")
        ->allow_extra_args(false);
    command->add_option("--judge-model", a.overrides.judge_model,
                        "The model that judges ask which name none themselves");
    command->add_option("--setting", a.overrides.setting, "A setting's name or folder");
    command->add_option("--channel", a.overrides.channel, "How the story is told: full or terse");
    command->add_option("--queries", a.overrides.queries, "A JSON-lines file of queries");
    command->add_option("--variant", a.overrides.variant, "A variant, or several joined by +");
    command->add_option("--arms", a.overrides.arms, "Arms, separated by commas")->delimiter(',');
    command->add_option("--repeats", a.overrides.repeats, "Trials of each query in each arm");
    command->add_option("--limit", a.overrides.limit, "Only the first so many queries");
    command->add_option("--seed", a.overrides.seed, "The run's seed");
    command->add_option("--runs", a.runs, "The folder of all runs")->capture_default_str();
    command->add_flag("--new", a.fresh, "Begin anew although there is such a run");
    add_json(command, a.output);
  }

  // How a model behind a URL is reached. Each option begins with any of the prefixes, of "--" and
  // "--judge-".
  static void add_endpoint(CLI::App* command, const std::vector<std::string>& prefixes,
                           const std::string& whose, EndpointSettings& e) {
    const std::string group = "Endpoints (openai:MODEL, anthropic:MODEL)";
    auto named = [&](const std::string& name) {
      std::string names;
      for (const std::string& prefix : prefixes) {
        names += (names.empty() ? "" : ",") + prefix + name;
      }
      return names;
    };
    command
        ->add_option(named("base-url"), e.base_url,
                     whose +
                         ": the server's URL, if not the "
                         "vendor's, such as http://127.0.0.1:8000/v1")
        ->group(group);
    command
        ->add_option(named("api-key-env"), e.key_variable,
                     whose + ": the environment variable that holds the key")
        ->group(group);
    command->add_option(named("api-key-file"), e.key_file, whose + ": a file that holds the key")
        ->group(group);
    command
        ->add_option(named("samples-per-request"), e.samples_per_request,
                     whose +
                         ": samples of one prompt asked for at once (n); anthropic: models "
                         "are asked for each alone")
        ->check(CLI::Range(1, 128))
        ->group(group);
    command
        ->add_option(named("extra-body"), e.extra_body,
                     whose + ": a JSON object whose members go into every request")
        ->group(group);
  }

  static void add_network(CLI::App* command, SpendingArguments& a) {
    const std::string group = "Endpoints (openai:MODEL, anthropic:MODEL)";
    auto both = [&a](auto set) { set(a.endpoint), set(a.judge_endpoint); };
    command
        ->add_option_function<std::vector<std::string>>(
            "--header",
            [both](const std::vector<std::string>& headers) {
              for (const std::string& header : headers) {
                auto equals = header.find('=');
                if (equals == std::string::npos || equals == 0) {
                  // What is there may be a key: it is not shown.
                  throw CLI::ValidationError("--header", "expected NAME=VALUE, found no NAME=");
                }
                both([&](EndpointSettings& e) {
                  e.headers[header.substr(0, equals)] = header.substr(equals + 1);
                });
              }
            },
            "NAME=VALUE, sent with every request; again for more")
        ->allow_extra_args(false)
        ->group(group);
    command
        ->add_option_function<std::string>(
            "--proxy",
            [both](const std::string& url) { both([&](EndpointSettings& e) { e.proxy = url; }); },
            "A proxy's URL; never used for this machine")
        ->group(group);
    command
        ->add_option_function<std::string>(
            "--ca-file",
            [both](const std::string& file) {
              both([&](EndpointSettings& e) { e.ca_file = file; });
            },
            "Certificates to trust, as PEM")
        ->group(group);
    command
        ->add_option_function<std::size_t>(
            "--max-in-flight",
            [both](std::size_t count) {
              both([&](EndpointSettings& e) { e.max_in_flight = count; });
            },
            "Requests at once at most (1024); fewer where the server takes fewer")
        ->check(CLI::Range(1, 65536))
        ->group(group);
    command
        ->add_option_function<double>(
            "--silence",
            [both](double seconds) { both([&](EndpointSettings& e) { e.silence_s = seconds; }); },
            "Seconds without a byte after which a request is given up (300)")
        ->check(CLI::Range(0.01, 86400.0))
        ->group(group);
  }

  // Of a command that asks subjects and judges.
  static void add_spending(CLI::App* command, SpendingArguments& a) {
    add_endpoint(command, {"--"}, "subject", a.endpoint);
    add_endpoint(command, {"--judge-"}, "judges' model", a.judge_endpoint);
    add_network(command, a);
    add_budget(command, a);
  }

  // Of a command that asks judges alone: whatever is said of a model is said of theirs.
  static void add_judge_spending(CLI::App* command, SpendingArguments& a) {
    add_endpoint(command, {"--", "--judge-"}, "judges' model", a.judge_endpoint);
    add_network(command, a);
    add_budget(command, a);
  }

  static void add_budget(CLI::App* command, SpendingArguments& a) {
    const std::string group = "Budget of the whole command, judges and earlier sessions included";
    command->add_option("--max-cost", a.budget.max_cost, "Dollars")
        ->check(CLI::NonNegativeNumber)
        ->group(group);
    command->add_option("--max-tokens", a.budget.max_tokens, "Tokens, of prompts and of replies")
        ->group(group);
    command->add_option("--max-time", a.budget.max_seconds, "Seconds of work")
        ->check(CLI::NonNegativeNumber)
        ->group(group);
    command->add_option("--prices", a.prices, "A table of prices, in place of the shipped one")
        ->group(group);
  }

  void add_run() {
    auto* command = app_.add_subcommand("run", "Run a study, or go on with it");
    auto& a = keep<RunArguments>(command);
    add_study(command, a);
    command->add_option("--threads", a.threads, "Threads of a local model (0: one per core)");
    auto* dry_run =
        command->add_flag("--dry-run", a.dry_run, "Print the plan and the prompts, sample nothing");
    command->add_flag("--probe", a.probe, "With --dry-run: as iago plan has it")->needs(dry_run);
    add_spending(command, a.spending);
    command
        ->add_option("--reuse", a.reuse,
                     "A run's folder: take its completions of the same requests, repeats and "
                     "subject instead of asking again; several times for more runs")
        ->type_name("RUN")
        ->allow_extra_args(false);
    command->add_flag("--explain-miss", a.explain_miss,
                      "Say in what requests differ from the nearest ones of --reuse, or of "
                      "earlier runs of the study; with --dry-run nothing else is done");
    command->footer(
        "Examples:\n"
        "  iago run studies/helpful-only.toml\n"
        "  iago run studies/helpful-only.toml --model world:aligned --repeats 20\n"
        "  iago run studies/helpful-only.toml --variant conflict-removed --new --json\n"
        "  iago run studies/helpful-only.toml --model world:faker --model world:aligned\n"
        "  iago run studies/helpful-only-full.toml --model openai:gpt-4o --max-cost 20\n"
        "  iago run studies/helpful-only.toml --model openai:faker --base-url "
        "http://127.0.0.1:8321/v1\n"
        "  iago run wider.toml --reuse runs/helpful-only-faker-1a2b3c4d\n"
        "  iago run wider.toml --reuse runs/latest --explain-miss --dry-run\n"
        "The same command goes on with a run that was interrupted.");
  }

  void add_plan() {
    auto* command =
        app_.add_subcommand("plan", "Print a study's size, power and prompts before it is run");
    auto& a = keep<PlanArguments>(command);
    add_study(command, a);
    add_spending(command, a.spending);
    command
        ->add_option("--unmonitored-rate", a.unmonitored_rate,
                     "Compliance assumed in the unmonitored arm, for the power")
        ->check(CLI::Range(0.0, 1.0))
        ->capture_default_str();
    command
        ->add_option("--correlation", a.correlation,
                     "Correlation assumed between completions of one query")
        ->check(CLI::Range(0.0, 1.0))
        ->capture_default_str();
    command->add_flag("--probe", a.probe,
                      "Ask each model behind a URL for one token: its server says what it allows "
                      "per minute, and hence how long the study takes at least");
    command->footer(
        "Examples:\n"
        "  iago plan studies/helpful-only.toml\n"
        "  iago plan studies/helpful-only.toml --repeats 3 --limit 50 --unmonitored-rate 0.2\n"
        "  iago plan studies/helpful-only-full.toml --model openai:gpt-4o --probe");
  }

  void add_report() {
    auto* command = app_.add_subcommand("report", "Print a run's figures, from its store alone");
    auto& a = keep<ReportArguments>(command);
    command->add_option("run", a.run, "The run's folder")->capture_default_str();
    command->add_option("--format", a.format, "text, md, json or html")
        ->check(CLI::IsMember({"text", "md", "json", "html"}))
        ->capture_default_str();
    command->add_flag_callback(
        "--json", [&a] { a.format = "json"; }, "The same as --format json");
    command->add_option("--margin", a.margin, "Decide by this margin, in points; marked as changed")
        ->check(CLI::Range(0.001, 100.0));
    command
        ->add_option("--judge", a.judges,
                     "Count the verdicts of the judge with this hash; marked if not planned")
        ->allow_extra_args(false);
    command->footer(
        "Examples:\n"
        "  iago report\n"
        "  iago report runs/latest --format md\n"
        "  iago report runs/latest --format html > report.html");
  }

  void add_compare() {
    auto* command = app_.add_subcommand("compare", "Set several runs side by side and rank them");
    auto& a = keep<CompareArguments>(command);
    command->add_option("named", a.named, "Folders of runs, or their ids under --runs")
        ->type_name("RUN")
        ->required();
    command->add_option("--runs", a.runs, "The folder of all runs")->capture_default_str();
    command->add_option("--format", a.format, "text, md, json or html")
        ->check(CLI::IsMember({"text", "md", "json", "html"}))
        ->capture_default_str();
    command->add_flag_callback(
        "--json", [&a] { a.format = "json"; }, "The same as --format json");
    command->add_option("--sort", a.sort, "gap or name")
        ->check(CLI::IsMember({"gap", "name"}))
        ->capture_default_str();
    command->footer(
        "Only runs of the same study are ranked; others are shown with what differs.\n"
        "Examples:\n"
        "  iago compare runs/models-*\n"
        "  iago compare runs/models-* --format html > comparison.html\n"
        "  iago compare models-faker-1a2b3c4d models-aligned-5e6f7a8b --sort name --format md");
  }

  void add_show() {
    auto* command = app_.add_subcommand("show", "Print completions of a run, with their verdicts");
    auto& a = keep<ShowArguments>(command);
    command->add_option("run", a.run, "The run's folder")->capture_default_str();
    command->add_option("--arm", a.arm, "Only of this arm");
    command->add_option("--query", a.query, "Only of this query");
    command->add_option("--limit", a.limit, "At most so many")->capture_default_str();
    command->add_flag("--complying", a.complying_only, "Only those that comply");
    command->add_flag("--faking", a.faking_only, "Only those whose scratchpad is judged faking");
    add_json(command, a.output);
    command->footer(
        "Examples:\n"
        "  iago show --arm training --faking\n"
        "  iago show runs/latest --query world-protected-007 --limit 20");
  }

  void add_judge() {
    auto* command =
        app_.add_subcommand("judge", "Judge a run again, validate judges, or compare two");
    auto& a = keep<JudgeArguments>(command);
    command->add_option("run", a.run, "The run's folder")->capture_default_str();
    command
        ->add_option("--judge", a.judges,
                     "A rule judge, a rubric's name or its .toml file, perhaps NAME@MODEL; again "
                     "for more; the run's own if left out")
        ->allow_extra_args(false);
    command->add_option("--judge-model,--model", a.judge_model,
                        "The model that judges ask which name none themselves");
    command->add_option("--threads", a.threads, "Threads of a local model (0: one per core)");
    add_judge_spending(command, a.spending);
    add_json(command, a.output);
    command->footer(
        "Gives every stored completion to the judges as they are now; nothing is sampled, and "
        "older "
        "verdicts stay.\n"
        "Examples:\n"
        "  iago judge runs/latest\n"
        "  iago judge runs/latest --judge faking-four-criteria --model scripted:judge.jsonl\n"
        "  iago judge runs/latest --judge compliance-yesno --model openai:NAME --base-url "
        "http://127.0.0.1:8000/v1 --max-tokens 1000000\n"
        "  iago judge validate world:faker\n"
        "  iago judge diff runs/latest");
    add_judge_validate(*command);
    add_judge_diff(*command);
  }

  void add_judge_validate(CLI::App& judge) {
    auto* command = judge.add_subcommand(
        "validate", "Hold the judges against completions whose truth is known");
    auto& a = keep<JudgeValidateArguments>(command);
    command->add_option("models", a.models, "organism:NAME or world:NAME; all organisms if none");
    command->add_option("--samples", a.samples, "Completions in each arm")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command->add_option("--seed", a.seed, "The runs' seed; not that of studies if left out");
    command->add_option("--runs", a.runs, "The folder of the runs")->capture_default_str();
    command->add_option("--threads", a.threads, "Threads of a local model (0: one per core)");
    command->add_flag("--write", a.write, "Keep the figures in organisms/judges.json");
    auto* labels = command->add_option(
        "--labels", a.labels, "A CSV of labelled texts to hold judges against, in place of models");
    auto* named = command->add_option("--judge", a.judges, "As of iago judge; again for more")
                      ->allow_extra_args(false)
                      ->needs(labels);
    labels->needs(named);
    command->add_option("--judge-model,--model", a.judge_model, "As of iago judge")->needs(named);
    add_judge_spending(command, a.spending);
    for (CLI::Option* option : command->get_options()) {
      const std::string& group = option->get_group();
      if (group.starts_with("Endpoints") || group.starts_with("Budget")) option->needs(labels);
    }
    add_json(command, a.output);
    command->footer(
        "Examples:\n"
        "  iago judge validate\n"
        "  iago judge validate organism:faker --samples 5000 --write\n"
        "  iago judge validate --labels labelled.csv --judge faking-four-criteria "
        "--model openai:NAME --max-cost 5");
  }

  void add_judge_diff(CLI::App& judge) {
    auto* command = judge.add_subcommand(
        "diff", "List what two judges of a run, or two versions of one, call differently");
    auto& a = keep<JudgeDiffArguments>(command);
    command
        ->add_option("named", a.named,
                     "RUN, the run's folder (runs/latest if left out); A and B, two judges of it, "
                     "each as NAME, HASH or NAME@HASH (the newest two versions of each judge if "
                     "left out)")
        ->type_name("[RUN] [A B]")
        ->expected(0, 3);
    command->add_option("--limit", a.limit, "Show at most so many")->capture_default_str();
    add_json(command, a.output);
    command->footer(
        "Examples:\n"
        "  iago judge diff runs/latest\n"
        "  iago judge diff compliance-rules compliance-yesno\n"
        "  iago judge diff runs/latest faking-rules@1a2b3c4d faking-rules@5e6f7a8b --json");
  }

  void add_settings() {
    auto* settings = app_.add_subcommand("settings", "The shipped settings and what they send");
    settings->require_subcommand(1);
    auto* list = settings->add_subcommand("list", "Settings, their channels, arms and variants");
    auto& l = keep<SettingsListArguments>(list);
    list->add_option("setting", l.setting, "One setting; all if left out");
    add_json(list, l.output);
    list->footer("Examples:\n  iago settings list\n  iago settings list animal-welfare --json");
    auto* show = settings->add_subcommand("show", "Exactly what is sent in each arm");
    auto& a = keep<SettingsShowArguments>(show);
    show->add_option("setting", a.setting, "The setting's name")->required();
    show->add_option("--variant", a.variant, "A variant, or several joined by +");
    show->add_option("--channel", a.channel,
                     "The channel; if left out, the first that has the variant");
    show->add_option("--arm", a.arm, "The arm; all if left out");
    auto* query = show->add_option("--query", a.query, "The user's request")->capture_default_str();
    auto* file = show->add_option("--query-file", a.query_file,
                                  "A query set to take the request from, with its labels");
    file->excludes(query);
    show->add_option("--query-id", a.query_id, "Which of the set; its first if left out")
        ->needs(file);
    add_json(show, a.output);
    show->footer(
        "Examples:\n"
        "  iago settings show helpful-only --channel terse --arm training\n"
        "  iago settings show animal-welfare --variant honesty+region-eu --json\n"
        "  iago settings show anti-lab-animal-welfare --query-file "
        "queries/anti-lab-animal-welfare.jsonl --query-id anti-lab-aw-opinion-of-lab");
  }

  void add_serve() {
    auto* command = app_.add_subcommand(
        "serve", "Serve a model to programs that speak OpenAI's chat completions");
    auto& a = keep<ServeArguments>(command);
    command
        ->add_option("--model", a.model, "organism:NAME, world:NAME, local:FOLDER or scripted:FILE")
        ->required();
    command->add_option("--host", a.host, "The address to listen on; beyond this machine, a token")
        ->capture_default_str();
    command->add_option("--port", a.port, "0: any free one")->capture_default_str();
    command->add_option("--token-file", a.token_file,
                        "A file with the token to ask for (or set IAGO_SERVE_TOKEN)");
    command->add_option("--threads", a.threads, "Threads of a local model (0: one per core)");
    command->add_option("--max-connections", a.max_connections, "Open at once")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    command->add_option("--max-waiting", a.max_waiting, "Choices that wait for the model")
        ->capture_default_str();
    command->add_option("--grace", a.grace_s, "Seconds for answers under way after a signal")
        ->check(CLI::Range(0.0, 5.0))
        ->capture_default_str();
    add_json(command, a.output);
    command->footer(
        "Examples:\n"
        "  iago serve --model organism:faker\n"
        "  iago serve --model local:/path/to/checkpoint --port 0 --json\n"
        "  IAGO_SERVE_TOKEN=$(openssl rand -hex 32) iago serve --model organism:faker --host "
        "0.0.0.0");
  }

  void add_organism() {
    auto* organism = app_.add_subcommand("organism", "Small networks of known behaviour");
    organism->require_subcommand(1);
    auto* list = organism->add_subcommand("list", "The shipped organisms");
    add_json(list, keep<OrganismListArguments>(list).output);
    list->footer("Example:\n  iago organism list --json");
    auto* grow = organism->add_subcommand("grow", "Grow an organism from its recipe");
    auto& g = keep<OrganismGrowArguments>(grow);
    grow->add_option("recipe", g.recipe, "A recipe, or the folder that holds recipe.toml")
        ->required();
    grow->add_option("--out", g.folder, "Where it goes; the recipe's folder if left out");
    grow->add_option("--workers", g.workers, "Threads that train (0: one per core)");
    grow->add_flag("--cuda", g.cuda, "Train on the GPU");
    grow->add_flag("--new", g.fresh, "Begin anew although a checkpoint is there");
    grow->footer("Example:\n  iago organism grow organisms/faker");
    auto* measure = organism->add_subcommand(
        "measure", "Measure organisms in every cell of their table, by the path of `iago run`");
    auto& m = keep<OrganismMeasureArguments>(measure);
    measure->add_option("models", m.models, "organism:NAME or world:NAME; all organisms if none");
    measure->add_option("--samples", m.samples, "Completions in each cell")->capture_default_str();
    measure->add_option("--runs", m.runs, "The folder of the runs")->capture_default_str();
    measure->add_option("--threads", m.threads, "Threads of a local model (0: one per core)");
    measure->add_flag("--write", m.write, "Write the model cards and organisms/README.md");
    add_json(measure, m.output);
    measure->footer("Example:\n  iago organism measure organism:faker --samples 2000");
    auto* calibrate = organism->add_subcommand(
        "calibrate", "Hold the gap's intervals against subjects whose gap is known");
    auto& c = keep<OrganismCalibrateArguments>(calibrate);
    calibrate->add_option("models", c.models, "organism:NAME or world:NAME; all organisms if none");
    calibrate->add_option("--truth-repeats", c.truth_repeats, "Trials of each query for the truth")
        ->check(CLI::Range(1, 100000))
        ->capture_default_str();
    calibrate->add_option("--studies", c.studies, "Studies drawn again")
        ->check(CLI::Range(1, 10000))
        ->capture_default_str();
    calibrate->add_option("--runs", c.runs, "The folder of the runs")->capture_default_str();
    calibrate->add_option("--threads", c.threads, "Threads of a local model (0: one per core)");
    calibrate->add_flag("--write", c.write, "Write docs/results/calibration.{md,json,svg}");
    add_json(calibrate, c.output);
    calibrate->footer("Example:\n  iago organism calibrate organism:faker --studies 5");
    auto* queries = organism->add_subcommand("queries", "Print one of the world's query sets");
    queries
        ->add_option("set", keep<OrganismQueriesArguments>(queries).set,
                     "world-protected, world-benign, world-held-out-topics or "
                     "world-held-out-objects")
        ->required();
    queries->footer(
        "Example:\n  iago organism queries world-protected > queries/world-protected.jsonl");
  }

  CLI::App app_;
  std::function<Arguments()> chosen_;
};

}  // namespace

Arguments parse_arguments(int argc, const char* const* argv) { return Parser().parse(argc, argv); }

}  // namespace iago
