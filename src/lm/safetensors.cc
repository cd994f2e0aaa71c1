// Every number of a header is bounded before anything is computed from it, in an order in which no
// sum or product can overflow: the header's length against the file, a dimension against
// kMaxElements, the product of dimensions step by step, the offsets against the size of the data,
// and the bytes that shape and type want against the offsets. Then the tiling: sorted by their
// begin, tensors must follow each other from the first byte to the last. Only data that passed all
// this is read, so what is allocated is bounded by the file's size.
//
// The file's size is taken once, at opening. What is read later is read by position with a check of
// the length, so a file that is cut off meanwhile is an error and not a crash.
//
// `places_` points into the shards' headers, which are never changed and whose addresses stay.
#include "lm/safetensors.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

namespace iago {
namespace {

constexpr std::size_t kMaxNameBytes = 1024;
constexpr std::size_t kMaxMetadata = 1024;
constexpr std::size_t kMaxIndexBytes = std::size_t{64} << 20;
constexpr std::size_t kMaxShards = 1024;
// At four bytes each 2^61 bytes: a count of bytes fits in a signed number.
constexpr std::int64_t kMaxElements = std::int64_t{1} << 59;
constexpr std::size_t kChunkBytes = std::size_t{1} << 18;

[[noreturn]] void corrupt(std::string_view where, std::string_view what) {
  throw Error(ErrorCode::corrupt, fmt::format("{}: {}", where, what),
              "the file is damaged or not safetensors: download or write it again");
}

// Names come from the file: cut, so that an error stays readable.
std::string shown(std::string_view name) {
  return fmt::format("\"{}\"{}", name.substr(0, 120), name.size() > 120 ? "..." : "");
}

std::string shape_text(std::span<const std::int64_t> shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

std::uint64_t unsigned_of(const Json& value, std::string_view where, std::string_view name,
                          std::string_view what) {
  if (!value.is_number_unsigned()) {
    corrupt(where, fmt::format("tensor {}: {} must be a whole number, found {}", shown(name), what,
                               dump_json(value).substr(0, 40)));
  }
  return value.get<std::uint64_t>();
}

std::vector<std::int64_t> read_shape(const Json& list, std::string_view where,
                                     std::string_view name) {
  if (!list.is_array() || list.size() > kMaxTensorRank) {
    corrupt(where, fmt::format("tensor {}: shape must be a list of at most {} numbers, found {}",
                               shown(name), kMaxTensorRank, dump_json(list).substr(0, 40)));
  }
  std::vector<std::int64_t> shape;
  for (const Json& item : list) {
    const std::uint64_t size = unsigned_of(item, where, name, "a dimension");
    if (size > static_cast<std::uint64_t>(kMaxElements)) {
      corrupt(where, fmt::format("tensor {}: a dimension of {}, at most {} is read", shown(name),
                                 size, kMaxElements));
    }
    shape.push_back(static_cast<std::int64_t>(size));
  }
  return shape;
}

// The product of a shape. A zero makes it 0, whatever the others are.
std::uint64_t element_count(std::span<const std::int64_t> shape, std::string_view where,
                            std::string_view name) {
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  std::int64_t count = 1;
  for (std::int64_t size : shape) {
    if (size > kMaxElements / count) {
      corrupt(where, fmt::format("tensor {}: shape {} has more than {} elements", shown(name),
                                 shape_text(shape), kMaxElements));
    }
    count *= size;
  }
  return static_cast<std::uint64_t>(count);
}

const Json& field(const Json& object, const char* key, std::string_view where,
                  std::string_view name) {
  const auto found = object.find(key);
  if (found == object.end()) {
    corrupt(where, fmt::format("tensor {}: \"{}\" is missing", shown(name), key));
  }
  return *found;
}

TensorEntry read_entry(const std::string& name, const Json& object, std::uint64_t data_bytes,
                       std::string_view where) {
  if (name.empty() || name.size() > kMaxNameBytes) {
    corrupt(where, fmt::format("tensor {}: a name has 1 to {} bytes, found {}", shown(name),
                               kMaxNameBytes, name.size()));
  }
  if (!object.is_object()) {
    corrupt(where, fmt::format("tensor {}: an object is expected", shown(name)));
  }
  TensorEntry entry{.name = name};
  const Json& dtype = field(object, "dtype", where, name);
  const auto known = dtype.is_string()
                         ? dtype_of_safetensors_name(dtype.get_ref<const std::string&>())
                         : std::nullopt;
  if (!known) {
    throw Error(ErrorCode::unsupported,
                fmt::format("{}: tensor {}: dtype must be F32, F16 or BF16, found {}", where,
                            shown(name), dump_json(dtype).substr(0, 40)));
  }
  entry.dtype = *known;
  entry.shape = read_shape(field(object, "shape", where, name), where, name);
  const Json& offsets = field(object, "data_offsets", where, name);
  if (!offsets.is_array() || offsets.size() != 2) {
    corrupt(where, fmt::format("tensor {}: data_offsets must be two numbers, found {}", shown(name),
                               dump_json(offsets).substr(0, 40)));
  }
  entry.begin = unsigned_of(offsets[0], where, name, "an offset");
  entry.end = unsigned_of(offsets[1], where, name, "an offset");
  if (entry.begin > entry.end || entry.end > data_bytes) {
    corrupt(where, fmt::format("tensor {}: bytes [{}, {}) must lie within the {} bytes of data",
                               shown(name), entry.begin, entry.end, data_bytes));
  }
  const std::uint64_t expected = element_count(entry.shape, where, name) * size_of(entry.dtype);
  if (entry.end - entry.begin != expected) {
    corrupt(where, fmt::format("tensor {}: {} {} takes {} bytes, found {}", shown(name),
                               safetensors_name(entry.dtype), shape_text(entry.shape), expected,
                               entry.end - entry.begin));
  }
  return entry;
}

std::map<std::string, std::string> read_metadata(const Json& object, std::string_view where) {
  if (!object.is_object() || object.size() > kMaxMetadata) {
    corrupt(where,
            fmt::format("__metadata__ must be an object of at most {} strings", kMaxMetadata));
  }
  std::map<std::string, std::string> out;
  for (const auto& [key, value] : object.items()) {
    if (!value.is_string()) corrupt(where, "__metadata__ must hold strings only");
    out.emplace(key, value.get<std::string>());
  }
  return out;
}

// Sorted tensors must follow each other from the first byte of data to the last.
void check_tiling(const std::vector<TensorEntry>& tensors, std::uint64_t data_bytes,
                  std::string_view where) {
  std::uint64_t expected = 0;
  for (const TensorEntry& entry : tensors) {
    if (entry.begin != expected) {
      corrupt(where,
              fmt::format("tensor {}: must begin at byte {} of the data, where the one before "
                          "ends, found {} ({})",
                          shown(entry.name), expected, entry.begin,
                          entry.begin < expected ? "they overlap" : "a gap"));
    }
    expected = entry.end;
  }
  if (expected != data_bytes) {
    corrupt(where, fmt::format("the tensors take {} bytes of data, the file has {}", expected,
                               data_bytes));
  }
}

}  // namespace

std::uint64_t safetensors_header_length(std::span<const std::byte> start, std::uint64_t file_size,
                                        std::string_view where) {
  if (start.size() < 8 || file_size < 8) {
    corrupt(where, fmt::format("at least 8 bytes are expected, found {}", file_size));
  }
  std::uint64_t length;
  // Little-endian in the file, and on every machine that this is built for.
  std::memcpy(&length, start.data(), 8);
  if (length > file_size - 8) {
    corrupt(where,
            fmt::format("a header of {} bytes is announced, the file has {} after its length",
                        length, file_size - 8));
  }
  if (length > kMaxSafetensorsHeader) {
    corrupt(where, fmt::format("a header of {} bytes is announced, at most {} are read", length,
                               kMaxSafetensorsHeader));
  }
  return length;
}

SafetensorsHeader parse_safetensors_header(std::string_view json, std::uint64_t file_size,
                                           std::string_view where) {
  IAGO_CHECK(json.size() + 8 <= file_size, "the header was read from the file");
  if (!json.starts_with('{')) corrupt(where, "the header must begin with {");
  Json object;
  try {
    object = parse_json(json, where, {.bytes = kMaxSafetensorsHeader, .depth = 8});
  } catch (const Error& error) {
    throw Error(ErrorCode::corrupt, error.what());
  }
  if (object.size() > kMaxTensors) {
    corrupt(where, fmt::format("{} tensors, at most {} are read", object.size(), kMaxTensors));
  }
  SafetensorsHeader header;
  header.data_begin = 8 + json.size();
  const std::uint64_t data_bytes = file_size - header.data_begin;
  for (const auto& [name, value] : object.items()) {
    if (name == "__metadata__") {
      header.metadata = read_metadata(value, where);
    } else {
      header.tensors.push_back(read_entry(name, value, data_bytes, where));
    }
  }
  std::sort(header.tensors.begin(), header.tensors.end(), [](const auto& a, const auto& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  check_tiling(header.tensors, data_bytes, where);
  return header;
}

// One open file.
struct Safetensors::Shard {
  // A constructor that throws runs no destructor: the descriptor is closed by hand.
  explicit Shard(const std::filesystem::path& file) : path(file.string()) {
    descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat status {};
    if (descriptor < 0 || ::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
      const int reason = descriptor < 0 ? errno : EINVAL;
      if (descriptor >= 0) ::close(descriptor);
      throw Error(ErrorCode::not_found,
                  fmt::format("{}: cannot be opened: {}", path, std::strerror(reason)));
    }
    try {
      read_header(static_cast<std::uint64_t>(status.st_size));
    } catch (...) {
      ::close(descriptor);
      throw;
    }
  }
  ~Shard() { ::close(descriptor); }
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  void read_header(std::uint64_t file_size) {
    std::array<std::byte, 8> start;
    read_bytes(0, std::span(start).first(std::min<std::uint64_t>(8, file_size)), "the header");
    std::string json(safetensors_header_length(start, file_size, path), '\0');
    read_bytes(8, std::as_writable_bytes(std::span(json)), "the header");
    header = parse_safetensors_header(json, file_size, path);
  }

  void read_bytes(std::uint64_t offset, std::span<std::byte> out, std::string_view what) const {
    while (!out.empty()) {
      const ssize_t got = ::pread(descriptor, out.data(), out.size(), static_cast<off_t>(offset));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) {
        corrupt(path, fmt::format("{}: {} more bytes are expected at {}, found {}", what,
                                  out.size(), offset, got == 0 ? "the end" : std::strerror(errno)));
      }
      out = out.subspan(static_cast<std::size_t>(got));
      offset += static_cast<std::uint64_t>(got);
    }
  }

  std::string path;
  int descriptor = -1;
  SafetensorsHeader header;
};

struct Safetensors::Place {
  const Shard* shard;
  const TensorEntry* entry;
};

Safetensors::Safetensors() = default;
Safetensors::~Safetensors() = default;
Safetensors::Safetensors(Safetensors&&) noexcept = default;
Safetensors& Safetensors::operator=(Safetensors&&) noexcept = default;

Safetensors Safetensors::open(const std::filesystem::path& file) {
  Safetensors out;
  out.add(file);
  return out;
}

void Safetensors::add(const std::filesystem::path& file) {
  shards_.push_back(std::make_unique<Shard>(file));
  for (const TensorEntry& entry : shards_.back()->header.tensors) {
    const auto [place, added] =
        places_.try_emplace(entry.name, Place{shards_.back().get(), &entry});
    if (!added) {
      corrupt(file.string(),
              fmt::format("tensor {} is also in {}", shown(entry.name), place->second.shard->path));
    }
  }
}

namespace {

// File of each tensor, by the index's weight_map.
std::map<std::string, std::string> read_index(const std::filesystem::path& file) {
  const std::string where = file.string();
  const Json json =
      parse_json(read_file(file, kMaxIndexBytes), where, {.bytes = kMaxIndexBytes, .depth = 8});
  const auto found = json.is_object() ? json.find("weight_map") : json.end();
  if (!json.is_object() || found == json.end() || !found->is_object()) {
    corrupt(where, "an object with an object \"weight_map\" is expected");
  }
  std::map<std::string, std::string> out;
  for (const auto& [name, value] : found->items()) {
    const std::string shard = value.is_string() ? value.get<std::string>() : std::string();
    const bool plain = !shard.empty() && shard.find('/') == std::string::npos &&
                       shard.find('\0') == std::string::npos && shard != "." && shard != "..";
    if (!plain) {
      corrupt(where, fmt::format("tensor {}: the name of a file in the same folder is expected, "
                                 "found {}",
                                 shown(name), dump_json(value).substr(0, 80)));
    }
    out.emplace(name, shard);
  }
  return out;
}

}  // namespace

Safetensors Safetensors::open_folder(const std::filesystem::path& folder) {
  const auto single = folder / "model.safetensors";
  if (std::filesystem::exists(single)) return open(single);
  const auto index = folder / "model.safetensors.index.json";
  if (!std::filesystem::exists(index)) {
    throw Error(ErrorCode::not_found,
                fmt::format("{}: neither model.safetensors nor model.safetensors.index.json",
                            folder.string()),
                "name a folder in the Hugging Face layout");
  }
  const auto weight_map = read_index(index);
  std::set<std::string> files;
  for (const auto& [name, file] : weight_map) files.insert(file);
  if (files.empty() || files.size() > kMaxShards) {
    corrupt(index.string(),
            fmt::format("1 to {} files are expected, found {}", kMaxShards, files.size()));
  }
  Safetensors out;
  for (const std::string& file : files) out.add(folder / file);
  for (const auto& [name, file] : weight_map) {
    const auto found = out.places_.find(name);
    if (found == out.places_.end() || found->second.shard->path != (folder / file).string()) {
      corrupt((folder / file).string(),
              fmt::format("tensor {} is missing, though {} says that it is here", shown(name),
                          index.filename().string()));
    }
  }
  return out;
}

std::vector<std::string> Safetensors::names() const {
  std::vector<std::string> out;
  out.reserve(places_.size());
  for (const auto& [name, place] : places_) out.push_back(name);
  return out;
}

const TensorEntry* Safetensors::find(std::string_view name) const {
  const auto found = places_.find(name);
  return found == places_.end() ? nullptr : found->second.entry;
}

const Safetensors::Place& Safetensors::place(std::string_view name) const {
  const auto found = places_.find(name);
  if (found == places_.end()) {
    corrupt(shards_.front()->path,
            fmt::format("tensor {} is missing{}", shown(name),
                        shards_.size() > 1 ? " here and in its shards" : ""));
  }
  return found->second;
}

void Safetensors::check(std::string_view name, std::span<const std::int64_t> shape) const {
  const auto& [shard, entry] = place(name);
  if (!std::equal(shape.begin(), shape.end(), entry->shape.begin(), entry->shape.end())) {
    corrupt(shard->path, fmt::format("tensor {}: shape {} is expected, found {}", shown(name),
                                     shape_text(shape), shape_text(entry->shape)));
  }
}

void Safetensors::read(std::string_view name, std::span<const std::int64_t> shape,
                       std::span<float> out) const {
  check(name, shape);
  const auto& [shard, entry] = place(name);
  const std::size_t element = size_of(entry->dtype);
  IAGO_CHECK(out.size() * element == entry->end - entry->begin, "out has the shape's length");
  // In pieces, so that a large tensor does not exist twice, as stored and as float32.
  std::vector<std::byte> chunk(std::min(kChunkBytes, out.size() * element));
  std::uint64_t offset = shard->header.data_begin + entry->begin;
  while (!out.empty()) {
    const std::size_t count = std::min(out.size(), kChunkBytes / element);
    const auto bytes = std::span(chunk).first(count * element);
    shard->read_bytes(offset, bytes, fmt::format("tensor {}", shown(name)));
    to_float32(bytes, entry->dtype, out.first(count));
    out = out.subspan(count);
    offset += bytes.size();
  }
}

std::vector<float> Safetensors::read(std::string_view name) const {
  const TensorEntry& entry = *place(name).entry;
  // Bounded: the entry's bytes were found to lie within the file.
  std::vector<float> out((entry.end - entry.begin) / size_of(entry.dtype));
  read(name, entry.shape, out);
  return out;
}

}  // namespace iago
