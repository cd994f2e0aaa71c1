// Safetensors: named tensors in one file, or in several behind an index. Eight bytes of header
// length (little-endian), a JSON header {name: {dtype, shape, data_offsets: [begin, end)}}, the
// data. Format: https://github.com/huggingface/safetensors (README, "Format").
//
// Weights come from strangers: nothing in a header is believed before it is checked against the
// file's size, nothing is allocated by a header's word alone, and tensors must tile the data part
// without gaps or overlaps, as the format demands. Files are read, not mapped: a file that shrinks
// under us is an Error, not a SIGBUS. All errors name file, tensor, expected and found.
//
// Reading is thread-safe once constructed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lm/dtype.h"

namespace iago {

inline constexpr std::uint64_t kMaxSafetensorsHeader = std::uint64_t{8} << 20;  // bytes of JSON
inline constexpr std::size_t kMaxTensors = 65536;                               // of one file
inline constexpr std::size_t kMaxTensorRank = 8;

struct TensorEntry {
  std::string name;
  DType dtype = DType::float32;
  std::vector<std::int64_t> shape;   // every number >= 0; their product fits in 2^62 bytes
  std::uint64_t begin = 0, end = 0;  // bytes, from the start of the data part
};

struct SafetensorsHeader {
  std::vector<TensorEntry> tensors;  // by increasing begin
  std::map<std::string, std::string> metadata;
  std::uint64_t data_begin = 0;  // bytes, from the start of the file
};

// The length of the JSON that the first eight bytes announce. Error corrupt if `start` is shorter
// than eight bytes, or the length exceeds the limit or what the file of `file_size` bytes can hold.
std::uint64_t safetensors_header_length(std::span<const std::byte> start, std::uint64_t file_size,
                                        std::string_view where);

// Checks and parses the JSON of a file of `file_size` bytes. Error corrupt for a header that is not
// what the format says, unsupported for a dtype that is not read here.
SafetensorsHeader parse_safetensors_header(std::string_view json, std::uint64_t file_size,
                                           std::string_view where);

class Safetensors {
 public:
  // One file.
  static Safetensors open(const std::filesystem::path& file);
  // folder/model.safetensors, or the files that folder/model.safetensors.index.json names (plain
  // names in the same folder). Error not_found if there is neither; corrupt if index and files
  // disagree.
  static Safetensors open_folder(const std::filesystem::path& folder);

  ~Safetensors();
  Safetensors(Safetensors&&) noexcept;
  Safetensors& operator=(Safetensors&&) noexcept;

  // In name order.
  std::vector<std::string> names() const;
  // Null if there is no such tensor. Valid as long as this object.
  const TensorEntry* find(std::string_view name) const;

  // Error corrupt if the tensor is missing or has another shape.
  void check(std::string_view name, std::span<const std::int64_t> shape) const;
  // Reads a tensor as float32, row-major, into `out`, whose length is the shape's product. Errors
  // as of check, and corrupt if the file ends early.
  void read(std::string_view name, std::span<const std::int64_t> shape, std::span<float> out) const;
  // The same with whatever shape the file states.
  std::vector<float> read(std::string_view name) const;

 private:
  struct Shard;
  struct Place;
  Safetensors();
  void add(const std::filesystem::path& file);
  const Place& place(std::string_view name) const;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::map<std::string, Place, std::less<>> places_;
};

struct TensorView {
  std::string name;
  std::vector<std::int64_t> shape;
  std::span<const float> values;  // row-major, as many as the shape says
};

// Writes one file, its tensors in the given order, contiguous, the data part aligned to 8 bytes,
// with {"format": "pt"} as metadata, as `transformers` wants it. float32 or float16 (nearest even);
// Error unsupported for bfloat16, invalid for values that float16 cannot hold (the tensor is
// named), disconnected if it cannot be written; the old file stays intact until the new one is
// whole.
void write_safetensors(const std::filesystem::path& file, std::span<const TensorView> tensors,
                       DType dtype);

}  // namespace iago
