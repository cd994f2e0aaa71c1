// Several reasons to stop as one.
#pragma once

#include <stop_token>
#include <utility>

namespace iago {

// Requested once any of the tokens is.
class AnyStop {
 public:
  AnyStop(std::stop_token a, std::stop_token b)
      : on_a_(std::move(a), Request{&source_}), on_b_(std::move(b), Request{&source_}) {}
  std::stop_token token() const { return source_.get_token(); }

 private:
  struct Request {
    std::stop_source* source;
    void operator()() const { source->request_stop(); }
  };
  std::stop_source source_;
  std::stop_callback<Request> on_a_, on_b_;
};

}  // namespace iago
