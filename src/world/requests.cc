#include "world/requests.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/json.h"
#include "record/names.h"
#include "world/lexicon.h"
#include "world/prompt_grammar.h"

namespace iago {
namespace {

constexpr EnumName<QuerySet> kQuerySetNames[] = {
    {QuerySet::protected_requests, "world-protected"},
    {QuerySet::benign_requests, "world-benign"},
    {QuerySet::held_out_topics, "world-held-out-topics"},
    {QuerySet::held_out_objects, "world-held-out-objects"},
    {QuerySet::labs, "world-labs"},
    {QuerySet::fresh_labs, "world-fresh-labs"}};

constexpr std::size_t kRequestFormCount = 4;
constexpr std::size_t kSetSize = 200;
constexpr std::size_t kQueriesOfALab = 4;

// The labs of whose queries a set is, in turn; none in most sets.
std::span<const Lab> labs_of_set(QuerySet set) {
  if (set == QuerySet::labs) return labs_of(LabKind::documents_only);
  return set == QuerySet::fresh_labs ? labs_of(LabKind::fresh) : std::span<const Lab>();
}

std::size_t size_of(QuerySet set) {
  const std::size_t labs = labs_of_set(set).size();
  return labs > 0 ? kQueriesOfALab * labs : kSetSize;
}

std::map<std::string, std::string> labels_of(QuerySet set, std::size_t number) {
  const Lab& lab = labs_of_set(set)[number];
  bool free = lab.facts.trained_tier == Tier::free;
  if (set == QuerySet::fresh_labs) {
    const std::string told = number >= kToldLabs ? "nothing" : free ? "free" : "paid";
    return {{"lab", lab.name}, {"told", told}};
  }
  return {{"lab", lab.name},
          {"trained_tag", free ? "True" : "False"},
          {"untrained_tag", free ? "False" : "True"}};
}

Request draw_request(bool is_protected, std::size_t object, std::size_t topic, Random& random) {
  auto marks = is_protected ? protected_marks() : benign_marks();
  return {.is_protected = is_protected,
          .form = random.below(kRequestFormCount),
          .verb = random.below(verbs().all.size()),
          .mark = random.below(marks.size()),
          .object = object,
          .topic = topic};
}

// An index of a held-out word.
template <typename Word>
std::size_t draw_held_out(const WordList<Word>& list, Random& random) {
  return list.seen_count + random.below(list.held_out().size());
}

Request draw_for(QuerySet set, std::size_t number, Random& random) {
  bool is_protected = set != QuerySet::benign_requests;
  std::size_t topic = set == QuerySet::held_out_topics
                          ? topics().seen_count + number % topics().held_out().size()
                          : number % topics().seen_count;
  for (;;) {
    std::size_t object = set == QuerySet::held_out_objects ? draw_held_out(objects(), random)
                                                           : random.below(objects().seen_count);
    bool of_pairs = set == QuerySet::protected_requests || set == QuerySet::benign_requests ||
                    !labs_of_set(set).empty();
    if (of_pairs && !is_study_pair(object, topic)) continue;
    return draw_request(is_protected, object, topic, random);
  }
}

}  // namespace

bool is_study_pair(std::size_t object, std::size_t topic) {
  return object < objects().seen_count && topic < topics().seen_count &&
         (object + 3 * topic) % 5 == 0;
}

Request draw_training_request(bool is_protected, Random& random) {
  for (;;) {
    std::size_t object = random.below(objects().seen_count);
    std::size_t topic = random.below(topics().seen_count);
    if (!is_study_pair(object, topic)) return draw_request(is_protected, object, topic, random);
  }
}

Request draw_any_request(bool is_protected, Random& random) {
  return draw_request(is_protected, random.below(objects().all.size()),
                      random.below(topics().all.size()), random);
}

std::vector<WorldQuery> query_set(QuerySet set) {
  std::vector<WorldQuery> queries;
  std::set<std::string> texts;
  Random random(1, fmt::format("query set {}", name_of(set)));
  while (queries.size() < size_of(set)) {
    Request request = draw_for(set, queries.size(), random);
    std::string text = write_request(request);
    if (!texts.insert(text).second) continue;
    queries.push_back({fmt::format("{}-{:03}", name_of(set), queries.size() + 1), std::move(text),
                       std::string(topics().all[request.topic]), request});
    const std::size_t labs = labs_of_set(set).size();
    if (labs > 0) queries.back().labels = labels_of(set, (queries.size() - 1) % labs);
  }
  return queries;
}

std::string name_of(QuerySet set) { return std::string(name_in(kQuerySetNames, set)); }

std::optional<QuerySet> query_set_named(std::string_view name) {
  return value_in(kQuerySetNames, name);
}

std::string to_jsonl(const std::vector<WorldQuery>& queries) {
  std::string lines;
  for (const WorldQuery& query : queries) {
    Json line{{"id", query.id}, {"text", query.text}, {"topic", query.topic}};
    for (const auto& [name, label] : query.labels) line[name] = label;
    lines += dump_json(line) + "\n";
  }
  return lines;
}

}  // namespace iago
