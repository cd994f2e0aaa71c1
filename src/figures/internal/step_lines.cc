#include "figures/internal/step_lines.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>

#include "base/error.h"
#include "base/file.h"

namespace iago {
namespace {

constexpr std::size_t kMaxStepsFile = std::size_t{64} << 20;

}  // namespace

void read_step_lines(const std::filesystem::path& file, std::int64_t first,
                     const std::function<std::int64_t(const Json&, const std::string&)>& read) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return;
  const std::string text = read_file(file, kMaxStepsFile);
  std::int64_t expected = first;
  for (std::size_t begin = 0, line = 1;; ++line, ++expected) {
    const std::size_t end = text.find('\n', begin);
    if (end == std::string::npos) return;
    const std::string where = fmt::format("{}:{}", file.string(), line);
    std::int64_t step = 0;
    try {
      step = read(parse_json(std::string_view(text).substr(begin, end - begin), where), where);
    } catch (const Error& error) {
      throw Error(ErrorCode::corrupt, error.what(),
                  "restore the file, or delete the seed's folder");
    }
    if (step != expected) {
      throw Error(ErrorCode::corrupt,
                  fmt::format("{}: expected step {}, found {}", where, expected, step));
    }
    begin = end + 1;
  }
}

}  // namespace iago
