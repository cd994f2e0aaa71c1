// A fixed team of threads that does the same piece of work side by side. The calling thread is
// member 0. Members sleep between pieces. Not thread-safe: one caller.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace iago {

class WorkerTeam {
 public:
  // `prepare` runs once in every member's thread, the caller's included, before any work.
  WorkerTeam(int size, std::function<void()> prepare);
  ~WorkerTeam();

  int size() const { return static_cast<int>(errors_.size()); }

  // Calls work(member) for every member and waits for all. Rethrows the error of the lowest member
  // that failed, after all have ended.
  void run(const std::function<void(int member)>& work);

 private:
  void serve(int member);
  void attempt(int member, const std::function<void(int)>& work);

  std::mutex mutex_;
  std::condition_variable wake_, done_;
  const std::function<void(int)>* work_ = nullptr;  // guarded by mutex_, as all below
  std::uint64_t round_ = 0;
  int running_ = 0;
  bool closing_ = false;
  std::vector<std::exception_ptr> errors_;  // each written by its member while running
  std::function<void()> prepare_;
  std::vector<std::jthread> threads_;
};

}  // namespace iago
