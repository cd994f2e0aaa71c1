// The format is SQLite's (fileformat2, "The Write-Ahead Log"): a header of 32 bytes, then frames of
// 24 bytes and a page each. All numbers are big-endian, but the checksum adds up words in the order
// of bytes that the magic number tells. Frames of an earlier round, behind the log's end, have
// other salts.
#include "store/internal/log_check.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "store/internal/schema.h"

namespace iago {
namespace {

constexpr std::uint32_t kMagic = 0x377f0682;  // its last bit: words are big-endian
constexpr std::size_t kHeaderBytes = 32, kFrameBytes = 24, kSummedOfFrame = 8;
constexpr std::size_t kFrame = kFrameBytes + kStorePage;
constexpr std::size_t kMaxLogBytes = std::size_t{4} << 30;
constexpr std::size_t kTornAtMost = 1;  // commits, by a power cut
constexpr int kReadings = 3;            // of a log that may be written meanwhile
constexpr std::chrono::milliseconds kBetweenReadings{20};

std::uint32_t big_endian(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i)
    value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

std::uint32_t swapped(std::uint32_t value) { return __builtin_bswap32(value); }

struct Sum {
  std::uint32_t first = 0, second = 0;
  bool operator==(const Sum&) const = default;

  // Of a multiple of eight bytes.
  void add(std::string_view bytes, bool big) {
    for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
      const std::uint32_t a = big_endian(bytes, at), b = big_endian(bytes, at + 4);
      first += (big ? a : swapped(a)) + second;
      second += (big ? b : swapped(b)) + first;
    }
  }
};

Sum sum_at(std::string_view bytes, std::size_t at) {
  return {big_endian(bytes, at), big_endian(bytes, at + 4)};
}

std::uint64_t salts_at(std::string_view bytes, std::size_t at) {
  return std::uint64_t{big_endian(bytes, at)} << 32 | big_endian(bytes, at + 4);
}

// Empty if there is none, or if it cannot be read, which SQLite says better.
std::string read_log(const std::filesystem::path& log) {
  std::error_code status;
  const auto size = std::filesystem::file_size(log, status);
  if (status || size <= kHeaderBytes) return {};
  try {
    return read_file(log, kMaxLogBytes);
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

bool has_lost_commits(std::string_view log) {
  if (log.size() < kHeaderBytes) return false;
  const std::uint32_t magic = big_endian(log, 0);
  const bool big = (magic & 1) != 0;
  Sum sum;
  sum.add(log.substr(0, kHeaderBytes - 8), big);
  bool sound = (magic & ~1u) == kMagic && sum == sum_at(log, kHeaderBytes - 8);
  if (log.size() < kHeaderBytes + kFrame) return false;
  // A damaged header may have lost its salts: those of the first frame then.
  const std::uint64_t salts = salts_at(log, sound ? 16 : kHeaderBytes + 8);
  std::size_t lost = 0;
  for (std::size_t at = kHeaderBytes; at + kFrame <= log.size(); at += kFrame) {
    const bool of_this_round = salts_at(log, at + 8) == salts;
    if (sound) {
      sum.add(log.substr(at, kSummedOfFrame), big);
      sum.add(log.substr(at + kFrameBytes, kStorePage), big);
      sound = of_this_round && sum == sum_at(log, at + 16);
      if (sound) continue;
    }
    const bool commits = big_endian(log, at + 4) != 0;
    lost += of_this_round && commits;
  }
  return lost > kTornAtMost;
}

void check_log(const std::filesystem::path& store) {
  auto log = store;
  log += "-wal";
  for (int reading = 1; has_lost_commits(read_log(log)); ++reading) {
    if (reading == kReadings) {
      throw Error(ErrorCode::corrupt,
                  fmt::format("{}: the log of the store is damaged, and rows behind the damage "
                              "would be lost",
                              log.string()),
                  "restore the store and its log from a copy; to go on without these rows, remove "
                  "the log");
    }
    std::this_thread::sleep_for(kBetweenReadings);
  }
}

}  // namespace iago
