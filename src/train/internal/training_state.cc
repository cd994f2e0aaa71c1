#include "train/internal/training_state.h"

#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <span>
#include <string_view>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "fmt/format.h"

namespace iago {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

constexpr std::string_view kMagic = "iago-training-state 2\n";
constexpr std::size_t kHeaderLimit = 4096;

[[noreturn]] void fail(const std::filesystem::path& file, const std::string& what) {
  throw Error(ErrorCode::corrupt, fmt::format("{}: {}", file.string(), what),
              "remove the file to train from the beginning");
}

void append(std::string& out, const std::vector<float>& values) {
  out.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
}

std::vector<float> take(std::string_view& bytes, std::size_t count) {
  std::vector<float> out(count);
  std::memcpy(out.data(), bytes.data(), count * sizeof(float));
  bytes.remove_prefix(count * sizeof(float));
  return out;
}

// The JSON line, checked to be an object with its six fields.
Json read_header(const std::filesystem::path& file, std::string_view line) {
  Json header;
  try {
    header = parse_json(line, file.string(), {.bytes = kHeaderLimit, .depth = 2});
  } catch (const Error& error) {
    fail(file, error.what());
  }
  const bool complete =
      header.is_object() && header.contains("step") && header["step"].is_number_unsigned() &&
      header.contains("identity") && header["identity"].is_string() &&
      header.contains("reference") && header["reference"].is_string() && header.contains("count") &&
      header["count"].is_number_unsigned() && header.contains("average") &&
      header["average"].is_boolean() && header.contains("sha256") && header["sha256"].is_string();
  if (!complete)
    fail(file, "expected step, identity, reference, count, average and sha256 in its header");
  return header;
}

}  // namespace

void write_training_state(const std::filesystem::path& file, const TrainingState& training_state) {
  const std::size_t count = training_state.weights.size();
  IAGO_CHECK(training_state.first_moment.size() == count &&
                 training_state.second_moment.size() == count &&
                 (training_state.average.empty() || training_state.average.size() == count),
             fmt::format("{} weights", count));
  std::string numbers;
  numbers.reserve(4 * count * sizeof(float));
  for (const auto* buffer : {&training_state.weights, &training_state.first_moment,
                             &training_state.second_moment, &training_state.average}) {
    append(numbers, *buffer);
  }
  const Json header = {{"step", static_cast<std::uint64_t>(training_state.step)},
                       {"identity", training_state.identity},
                       {"reference", training_state.reference},
                       {"count", count},
                       {"average", !training_state.average.empty()},
                       {"sha256", sha256_hex(numbers)}};
  write_file(file, std::string(kMagic) + dump_json(header) + "\n" + numbers);
}

TrainingState read_training_state(const std::filesystem::path& file, std::int64_t parameter_count) {
  const auto count = static_cast<std::size_t>(parameter_count);
  std::error_code failure;
  const std::uintmax_t size = std::filesystem::file_size(file, failure);
  const std::size_t limit = kMagic.size() + kHeaderLimit + 4 * count * sizeof(float);
  if (!failure && size > limit) {
    fail(file, fmt::format("{} bytes are too many for {} weights", size, count));
  }
  const std::string content = read_file(file, limit);
  std::string_view rest = content;
  if (!rest.starts_with(kMagic)) fail(file, "is not a training state");
  rest.remove_prefix(kMagic.size());
  const std::size_t line = rest.substr(0, kHeaderLimit).find('\n');
  if (line == std::string_view::npos) fail(file, "its header has no end");
  const Json header = read_header(file, rest.substr(0, line));
  rest.remove_prefix(line + 1);
  if (header["count"].get<std::uint64_t>() != count) {
    fail(file, fmt::format("expected {} weights, found {}", count, header["count"].dump()));
  }
  const bool average = header["average"].get<bool>();
  const std::size_t expected = (average ? 4 : 3) * count * sizeof(float);
  if (rest.size() != expected) {
    fail(file, fmt::format("expected {} bytes of numbers, found {}", expected, rest.size()));
  }
  if (sha256_hex(rest) != header["sha256"].get<std::string>()) {
    fail(file, "the numbers differ from those that were written");
  }
  TrainingState out;
  out.step = static_cast<std::int64_t>(header["step"].get<std::uint64_t>());
  out.identity = header["identity"].get<std::string>();
  out.reference = header["reference"].get<std::string>();
  out.weights = take(rest, count);
  out.first_moment = take(rest, count);
  out.second_moment = take(rest, count);
  if (average) out.average = take(rest, count);
  return out;
}

}  // namespace iago
