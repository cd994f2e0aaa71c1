// One request under way in libcurl: its handle, its limits, what has come so far. Used by the
// loop's thread alone.
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>

#include "net/curl_transport.h"

namespace iago {

using SteadyTime = std::chrono::steady_clock::time_point;

class CurlTransfer {
 public:
  // Makes room for a body that is to grow to so many bytes; false if there is none.
  using MakeRoom = std::function<bool(CurlTransfer& asker, std::size_t bytes)>;

  CurlTransfer(std::uint64_t id, HttpRequest request, std::stop_token stop,
               HttpTransport::OnData on_data, HttpTransport::Done done);
  ~CurlTransfer();
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  // Makes the handle. False if the request itself is invalid; `failure` says why.
  bool prepare(const CurlTransportOptions& options, MakeRoom make_room);
  // Whether a deadline has passed; then the failure is set.
  bool is_overdue(SteadyTime now);
  // Takes curl's result into the response.
  void conclude(CURLcode result);
  void fail(HttpFault fault, std::string_view what);
  // Fails it as crowded and frees its body. The caller finishes it.
  void give_up_room(std::size_t allowance);
  BodyRoom& room() { return *response_.room; }
  // Gives the response to `done`. The transfer is spent.
  void deliver();

  std::uint64_t id() const { return id_; }
  CURL* easy() const { return easy_; }
  bool stop_requested() const { return stop_.stop_requested(); }

  // Wakes the loop when the stop token asks. Destroyed with the transfer, outside of any lock: that
  // waits for a running callback.
  std::unique_ptr<std::stop_callback<std::function<void()>>> on_stop;

 private:
  static std::size_t on_body(char* data, std::size_t, std::size_t size, void* self);
  static std::size_t on_header(char* data, std::size_t, std::size_t size, void* self);
  std::size_t take_body(std::string_view data);
  std::size_t take_header(std::string_view line);
  void set_options(const CurlTransportOptions& options);
  void set_network_options(const CurlTransportOptions& options);

  std::uint64_t id_;
  HttpRequest request_;
  std::stop_token stop_;
  HttpTransport::OnData on_data_;
  HttpTransport::Done done_;
  HttpResponse response_;
  CURL* easy_ = nullptr;
  curl_slist* header_list_ = nullptr;
  char error_[CURL_ERROR_SIZE] = {};
  SteadyTime started_, last_byte_;
  MakeRoom make_room_;
  std::size_t body_bytes_ = 0, header_bytes_ = 0, max_header_bytes_ = 0;
};

}  // namespace iago
