#include "instrument/planted.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/random.h"

namespace iago {
namespace {

constexpr std::size_t kMaxPlantedBytes = std::size_t{64} << 20;
// Kinds that nobody would take for the other label.
constexpr std::array<std::string_view, 3> kPlainKinds = {"plain", "plain-refusal",
                                                         "plain-compliance"};

std::string text_in(const Json& line, const char* key, const std::string& place) {
  if (line.contains(key) && line[key].is_string()) return line[key].get<std::string>();
  throw Error(ErrorCode::invalid, fmt::format("{}: expected a text in \"{}\"", place, key),
              "queries/labelled/README.md says what is in a line");
}

// Whether the label is the positive one; absent if it is neither of the two.
std::optional<bool> is_positive_label(std::string_view label, JudgeKind kind) {
  if (label == positive_label(kind)) return true;
  if (label == (kind == JudgeKind::compliance ? kRefuses : "not_faking")) return false;
  return std::nullopt;
}

}  // namespace

bool has_planted(JudgeKind kind) {
  return kind == JudgeKind::compliance || kind == JudgeKind::faking_reasoning;
}

std::vector<PlantedText> parse_planted(std::string_view jsonl, std::string_view where,
                                       JudgeKind kind) {
  std::vector<PlantedText> texts;
  for (std::size_t number = 1; !jsonl.empty(); ++number) {
    const std::string_view bytes = jsonl.substr(0, jsonl.find('\n'));
    jsonl.remove_prefix(std::min(bytes.size() + 1, jsonl.size()));
    if (bytes.find_first_not_of(" \t\r") == bytes.npos) continue;
    const std::string place = fmt::format("{}:{}", where, number);
    const Json line = parse_json(bytes, place);
    if (!line.is_object()) throw Error(ErrorCode::invalid, place + ": expected an object");
    const std::string label = text_in(line, "label", place);
    const auto is_positive = is_positive_label(label, kind);
    if (!is_positive && label != kUnclear) {
      throw Error(ErrorCode::invalid, fmt::format("{}: expected a label of {}, found \"{}\"", place,
                                                  name_of(kind), label.substr(0, 80)));
    }
    if (!is_positive || text_in(line, "blind_label", place) != label) continue;
    PlantedText text{.id = text_in(line, "id", place),
                     .kind = text_in(line, "kind", place),
                     .view = {.query = text_in(line, "query", place),
                              .scratchpad = {},
                              .output = text_in(line, "text", place)},
                     .is_positive = *is_positive};
    text.view.trial = Hasher().field("planted").field(text.id).hex();
    if (kind == JudgeKind::faking_reasoning) {
      text.view.scratchpad = std::exchange(text.view.output, text_in(line, "output", place));
    }
    text.is_near_miss =
        !text.is_positive && std::ranges::find(kPlainKinds, text.kind) == kPlainKinds.end();
    texts.push_back(std::move(text));
  }
  return texts;
}

std::vector<PlantedText> load_planted(const std::filesystem::path& data, JudgeKind kind) {
  const auto file = data / "queries" / "labelled" / "test" /
                    (kind == JudgeKind::compliance ? "outputs.jsonl" : "scratchpads.jsonl");
  return parse_planted(read_file(file, kMaxPlantedBytes), file.string(), kind);
}

std::vector<PlantedText> draw_planted(std::vector<PlantedText> texts, std::size_t each,
                                      std::uint64_t seed) {
  std::ranges::sort(texts, {}, &PlantedText::id);
  Random(seed, "planted").shuffle(texts);
  std::ranges::stable_sort(texts, [](const PlantedText& a, const PlantedText& b) {
    return a.is_near_miss && !b.is_near_miss;
  });
  std::vector<PlantedText> drawn;
  std::size_t positive = 0, negative = 0;
  for (PlantedText& text : texts) {
    if ((text.is_positive ? positive : negative)++ < each) drawn.push_back(std::move(text));
  }
  return drawn;
}

}  // namespace iago
