// The bytes of one fuzzed input, spent piece by piece on typed values: every input makes some
// sequence of values, and a small change of the input changes few of them. Consumes as LLVM's
// FuzzedDataProvider does (numbers from the end, text from the beginning), so that seeds made for
// the one serve the other; that header comes with clang alone. What is spent is spent: once no
// bytes are left, numbers are the least of their range and text is empty.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>

namespace iago::fuzz {

class InputBytes {
 public:
  // Borrows the bytes.
  InputBytes(const std::uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}

  std::size_t remaining_bytes() const { return rest_.size(); }

  // At least `least`, at most `most`; takes as many bytes as the range needs.
  template <std::integral T>
  T integral_in_range(T least, T most) {
    const std::uint64_t range =
        static_cast<std::uint64_t>(most) - static_cast<std::uint64_t>(least);
    std::uint64_t found = 0;
    for (std::size_t bits = 0; bits < 8 * sizeof(T) && range >> bits > 0 && !rest_.empty();
         bits += 8) {
      found = found << 8 | static_cast<std::uint8_t>(rest_.back());
      rest_.remove_suffix(1);
    }
    if (range != std::numeric_limits<std::uint64_t>::max()) found %= range + 1;
    return static_cast<T>(static_cast<std::uint64_t>(least) + found);
  }
  template <std::integral T>
  T integral() {
    return integral_in_range(std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
  }
  bool boolean() { return integral<bool>(); }

  // Finite, at least `least`, at most `most`.
  double real_in_range(double least, double most) {
    double from = least, range = most - least;
    if (range > std::numeric_limits<double>::max()) {
      range = most / 2 - least / 2;
      if (boolean()) from += range;
    }
    return from + range * (static_cast<double>(integral<std::uint64_t>()) /
                           static_cast<double>(std::numeric_limits<std::uint64_t>::max()));
  }
  double real() {
    return real_in_range(std::numeric_limits<double>::lowest(), std::numeric_limits<double>::max());
  }

  // Ends after `most_bytes`, or before at a backslash that no second one follows (and the character
  // after it); two backslashes are one.
  std::string text(std::size_t most_bytes) {
    std::string found;
    while (found.size() < most_bytes && !rest_.empty()) {
      char next = take();
      if (next == '\\' && !rest_.empty()) {
        next = take();
        if (next != '\\') break;
      }
      found += next;
    }
    return found;
  }
  std::string remaining_text() {
    const std::string found(rest_);
    rest_ = {};
    return found;
  }

  // `values` is not empty.
  template <typename T>
  T one_of(std::initializer_list<T> values) {
    return values.begin()[integral_in_range<std::size_t>(0, values.size() - 1)];
  }
  // Of an array.
  template <typename Array>
  auto one_of(const Array& values) {
    return std::data(values)[integral_in_range<std::size_t>(0, std::size(values) - 1)];
  }

 private:
  char take() {
    const char first = rest_.front();
    rest_.remove_prefix(1);
    return first;
  }

  std::string_view rest_;
};

}  // namespace iago::fuzz
