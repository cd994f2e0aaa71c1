#include "figures/corpus.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "figures/internal/json_parts.h"
#include "text/printable.h"

namespace iago {
namespace {

std::string counts_text(const std::map<std::string, std::uint64_t>& counts) {
  std::string text;
  for (const auto& [name, count] : counts) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", printable(name), grouped(count));
  }
  return text;
}

std::string fact_text(const CorpusFact& fact) {
  std::string text = fmt::format("  {}: {} documents, {} words", printable(fact.fact),
                                 grouped(fact.documents), grouped(fact.words));
  if (fact.dropped > 0) text += fmt::format(", {} dropped", grouped(fact.dropped));
  if (fact.subjects > 0) text += fmt::format(", about {} labs", grouped(fact.subjects));
  text += "\n";
  if (!fact.kinds.empty()) text += fmt::format("    kinds: {}\n", counts_text(fact.kinds));
  if (!fact.values.empty()) text += fmt::format("    they say: {}\n", counts_text(fact.values));
  return text;
}

std::string dropped_text(const CorpusFigures& corpus) {
  if (!corpus.dropped) return "dropped: unknown, no record of it lies beside the corpus\n";
  if (corpus.dropped->empty()) return "dropped: none\n";
  std::string text = "dropped:\n";
  for (const DroppedFigure& figure : *corpus.dropped) {
    text +=
        fmt::format("  {}: {} ({})\n", figure.reason, grouped(figure.documents), figure.meaning);
    if (!figure.example.empty()) text += fmt::format("    {}\n", printable(figure.example, 150));
  }
  return text;
}

std::string price_text(const WritingStage& stage) {
  if (!stage.least_cost || !stage.most_cost) return "price unknown";
  return fmt::format("${:.2f} to ${:.2f}", *stage.least_cost, *stage.most_cost);
}

}  // namespace

Json to_json(const CorpusFigures& corpus) {
  Json facts = Json::array(), examples = Json::array(), dropped;
  for (const CorpusFact& fact : corpus.facts) {
    facts.push_back({{"fact", fact.fact},
                     {"documents", fact.documents},
                     {"words", fact.words},
                     {"dropped", fact.dropped},
                     {"subjects", fact.subjects},
                     {"kinds", fact.kinds},
                     {"values", fact.values}});
  }
  for (const CorpusExample& example : corpus.examples) {
    examples.push_back({{"fact", example.fact}, {"kind", example.kind}, {"text", example.text}});
  }
  if (corpus.dropped) {
    dropped = Json::array();
    for (const DroppedFigure& figure : *corpus.dropped) {
      dropped.push_back({{"reason", figure.reason},
                         {"meaning", figure.meaning},
                         {"documents", figure.documents},
                         {"example", figure.example}});
    }
  }
  return {{"corpus", corpus.file},         {"documents", corpus.documents},
          {"words", corpus.words},         {"bytes", corpus.bytes},
          {"same_text", corpus.same_text}, {"planned", or_null(corpus.planned)},
          {"open", or_null(corpus.open)},  {"facts", std::move(facts)},
          {"dropped", std::move(dropped)}, {"examples", std::move(examples)}};
}

Json to_json(const WritingPlanFigures& plan) {
  Json stages = Json::array();
  for (const WritingStage& stage : plan.stages) {
    stages.push_back({{"stage", stage.stage},
                      {"model", stage.model},
                      {"requests", stage.requests},
                      {"prompt_tokens", stage.prompt_tokens},
                      {"most_generated", stage.most_generated},
                      {"least_cost", or_null(stage.least_cost)},
                      {"most_cost", or_null(stage.most_cost)}});
  }
  return {{"facts_file", plan.facts_file},
          {"facts", plan.facts},
          {"kinds", plan.kinds},
          {"ideas", plan.ideas},
          {"documents", plan.documents},
          {"stages", std::move(stages)},
          {"spent", plan.spent},
          {"seconds", or_null(plan.seconds)},
          {"seconds_basis", plan.seconds_basis}};
}

std::string to_text(const CorpusFigures& corpus) {
  std::string text = fmt::format("{}: {} documents, {} words\n", printable(corpus.file),
                                 grouped(corpus.documents), grouped(corpus.words));
  if (corpus.planned) {
    text += fmt::format("planned: {}; not written yet: {}\n", grouped(*corpus.planned),
                        grouped(corpus.open.value_or(0)));
  }
  if (corpus.same_text > 0) {
    text += fmt::format("{} of them have the text of an earlier one\n", grouped(corpus.same_text));
  }
  text += "facts:\n";
  for (const CorpusFact& fact : corpus.facts) text += fact_text(fact);
  text += dropped_text(corpus);
  for (const CorpusExample& example : corpus.examples) {
    text += fmt::format("\nexample, {}, {}:\n  {}\n", printable(example.fact),
                        printable(example.kind), printable(example.text, 600));
  }
  return text;
}

std::string to_text(const WritingPlanFigures& plan) {
  std::string text = fmt::format(
      "{}: {} documents on {} facts, in {} kinds, with {} ideas for each fact and kind\n",
      printable(plan.facts_file), grouped(plan.documents), plan.facts, plan.kinds, plan.ideas);
  if (plan.stages.empty()) return text + "all of them are written\n";
  text += "left to ask, at the most:\n";
  for (const WritingStage& stage : plan.stages) {
    text +=
        fmt::format("  {}: {} requests to {}, about {} prompt tokens, at most {} generated, {}\n",
                    stage.stage, grouped(stage.requests), printable(stage.model),
                    grouped(stage.prompt_tokens), grouped(stage.most_generated), price_text(stage));
  }
  if (plan.spent > 0) text += fmt::format("spent so far: ${:.4f}\n", plan.spent);
  if (!plan.seconds) {
    return text +
           "time: unknown before the first session; --probe asks the servers for their "
           "limits\n";
  }
  const double minutes = *plan.seconds / 60;
  return text +
         (plan.seconds_basis == "limits"
              ? fmt::format("time: at least {:.1f} minutes, by the servers' limits\n", minutes)
              : fmt::format("time: about {:.1f} minutes, at the pace of the earlier "
                            "sessions\n",
                            minutes));
}

}  // namespace iago
