// Work is handed over by a number: `run` sets `work_`, raises `round_` and wakes all. A member
// works once for each round that it has not seen. None can miss a round, since `run` does not
// return, and so no next round begins, before `running_` is 0; for the same reason `work_` may
// point to the caller's own object.
//
// `errors_` needs no lock: a member writes its own slot before it lowers `running_` under the lock,
// and the caller reads the slots after it has seen 0 under the same lock. The threads are the last
// member, so they are joined while all that they use still exists.
#include "train/internal/worker_team.h"

#include "base/error.h"

namespace iago {

WorkerTeam::WorkerTeam(int size, std::function<void()> prepare)
    : errors_(static_cast<std::size_t>(size)), prepare_(std::move(prepare)) {
  IAGO_CHECK(size >= 1, "a team has at least its caller");
  prepare_();
  for (int member = 1; member < size; ++member) {
    threads_.emplace_back([this, member] { serve(member); });
  }
}

WorkerTeam::~WorkerTeam() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_all();
}

void WorkerTeam::attempt(int member, const std::function<void(int)>& work) {
  try {
    work(member);
  } catch (...) {
    errors_[static_cast<std::size_t>(member)] = std::current_exception();
  }
}

void WorkerTeam::serve(int member) {
  prepare_();
  std::uint64_t seen = 0;
  while (true) {
    const std::function<void(int)>* work = nullptr;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return closing_ || round_ != seen; });
      if (closing_) return;
      seen = round_;
      work = work_;
    }
    attempt(member, *work);
    const std::lock_guard lock(mutex_);
    if (--running_ == 0) done_.notify_one();
  }
}

void WorkerTeam::run(const std::function<void(int member)>& work) {
  std::fill(errors_.begin(), errors_.end(), nullptr);
  {
    const std::lock_guard lock(mutex_);
    work_ = &work;
    running_ = size() - 1;
    ++round_;
  }
  wake_.notify_all();
  attempt(0, work);
  {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [&] { return running_ == 0; });
  }
  for (const std::exception_ptr& error : errors_) {
    if (error) std::rethrow_exception(error);
  }
}

}  // namespace iago
