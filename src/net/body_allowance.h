// BodyAllowance: the memory that all bodies under way may take together, and BodyRoom: what one of
// them takes. A transport asks before a body grows; several transports may share one allowance.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

namespace iago {

// Thread-safe.
class BodyAllowance {
 public:
  explicit BodyAllowance(std::size_t bytes) : bytes_(bytes) {}
  std::size_t bytes() const { return bytes_; }
  std::size_t taken() const { return taken_; }
  // False, and nothing is taken, if there is no room.
  bool take(std::size_t bytes);
  // The same beyond the allowance.
  void take_anyway(std::size_t bytes) { taken_ += bytes; }
  void give_back(std::size_t bytes) { taken_ -= bytes; }

 private:
  const std::size_t bytes_;
  std::atomic<std::size_t> taken_ = 0;
};

inline constexpr std::size_t kDefaultBodyAllowance = std::size_t{128} << 20;

// Gives back what it took when it is destroyed. Not thread-safe.
class BodyRoom {
 public:
  // A body of so many bytes never lacks room, so that no large ones keep out the small.
  static constexpr std::size_t kAlways = 64 << 10;

  explicit BodyRoom(std::shared_ptr<BodyAllowance> allowance) : allowance_(std::move(allowance)) {}
  ~BodyRoom() { clear(); }
  BodyRoom(const BodyRoom&) = delete;
  BodyRoom& operator=(const BodyRoom&) = delete;

  // Takes room for a body of `bytes` in all. False if there is none for its growth; it keeps what
  // it has. A body that shrinks keeps its room.
  bool grow_to(std::size_t bytes);
  std::size_t bytes() const { return bytes_; }
  void clear();

 private:
  std::shared_ptr<BodyAllowance> allowance_;
  std::size_t bytes_ = 0;
};

}  // namespace iago
